"""What of an address is refused, and why."""

import pytest

from pages._shared.notices import complaints
from pages._shared.view import ANY, KNOWN
from tests.pages.test_view import CHOICES

SOUND = {
    "who": [KNOWN],
    "collaborative": ["35"],
    "context": ["0"],
    "diversity": ["0.35"],
    "n": ["20"],
    "method": ["DPP"],
    "category": ["Lamps", "Tents & tarps"],
    "price": ["10", "80"],
    "date": ["2026-06-05"],
    "daypart": ["evening"],
    "device": ["mobile"],
    "region": [ANY],
    "seen": ["true"],
    "view": ["Table"],
    "words": ["light tent"],
    "utm_source": ["mail"],
}


def test_a_sound_address_is_taken_without_a_word() -> None:
    assert complaints(SOUND, CHOICES) == []


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("who", ["Nobody"], "who = 'Nobody': not one of Known shopper, New shopper"),
        ("collaborative", ["banana"], "collaborative = 'banana': not a number from 0 to 100"),
        ("semantic", ["101"], "semantic = '101': not a number from 0 to 100"),
        ("content", ["nan"], "content = 'nan': not a number from 0 to 100"),
        ("diversity", ["-1"], "diversity = '-1': not a number from 0 to 1"),
        ("n", ["7"], "n = '7': not one of 5, 10, 20, 30, 50"),
        ("method", ["XYZ"], "method = 'XYZ': not one of MMR, DPP, MSD"),
        ("category", ["Lamps", "Zzz"], "category = 'Lamps', 'Zzz': no such category in this shop: Zzz"),
        ("price", ["900"], "price = '900': not two prices from 5 to 300"),
        ("price", ["1", "80"], "price = '1', '80': not two prices from 5 to 300"),
        ("date", ["tomorrow"], "date = 'tomorrow': not a date such as 2026-05-31"),
        (
            "date",
            ["2026-05-30"],
            "date = '2026-05-30': not from 2026-05-31 to 2027-06-01; an earlier day would be judged with hindsight",
        ),
        ("daypart", ["noon"], "daypart = 'noon': not one of Any, night, morning, afternoon, evening"),
        ("region", ["Moon"], "region = 'Moon': this shop's data cannot tell it apart"),
        ("seen", ["maybe"], "seen = 'maybe': not one of true, false"),
        ("view", ["Pie"], "view = 'Pie': not one of Cards, Table"),
        ("words", ["x" * 501], f"words = '{'x' * 60}': longer than 500 characters"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_reason_and_the_rest_stays(
    name: str, values: list[str], said: str
) -> None:
    assert complaints(SOUND | {name: values}, CHOICES) == [said]
