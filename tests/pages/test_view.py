"""What the controls of a list can hold, where they start, the context they add up to, and addresses they refuse."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from pages._shared import resources
from pages._shared.view import ANY, KNOWN, NEW, Choices, complaints, context_of
from recsys.serving.results import ContextOption
from recsys.settings import DAYPARTS, SEASONS, WEEKDAYS, Context

KNOWN_UNTIL = datetime(2026, 5, 31, 18, tzinfo=UTC)
CHOICES = Choices(
    weights={"collaborative": 40, "content": 10, "semantic": 10, "context": 40},
    new_weights={"collaborative": 10, "content": 25, "semantic": 50, "context": 15},
    categories=("Lamps", "Tents & tarps"),
    price_low=5,
    price_high=300,
    options={
        "daypart": ContextOption(DAYPARTS, ""),
        "weekday": ContextOption(WEEKDAYS, ""),
        "season": ContextOption(SEASONS, ""),
        "device": ContextOption(("desktop", "mobile"), ""),
        "region": ContextOption((), "no event names a region"),
        "moment": ContextOption((), ""),
    },
    known_until=KNOWN_UNTIL,
)


def ask(day: date | None = None, **stated: str) -> Context:
    """The context of some choices, everything else left open."""
    names = ("daypart", "weekday", "season", "device", "region")
    return context_of(CHOICES, day, **{name: stated.get(name, ANY) for name in names})


def test_nothing_chosen_is_nothing_stated() -> None:
    assert ask() == Context()


def test_circumstances_are_stated_as_chosen() -> None:
    assert ask(daypart="evening", season="winter", device="mobile").stated() == {
        "daypart": "evening",
        "season": "winter",
        "device": "mobile",
    }


def test_a_day_fixes_weekday_season_and_moment() -> None:
    context = ask(date(2026, 12, 4), daypart="evening", weekday="Monday", season="summer")
    assert (context.weekday, context.season) == ("Friday", "winter")
    assert context.moment == datetime(2026, 12, 4, 21, tzinfo=UTC)


def test_the_moment_never_lies_before_the_end_of_what_is_known() -> None:
    assert ask(date(2026, 5, 31), daypart="morning").moment == KNOWN_UNTIL


def test_a_circumstance_that_the_data_cannot_tell_is_not_asked_about() -> None:
    assert ask(region="Moon").region is None


USERS = pd.DataFrame(
    {
        "user_id": ["a", "b", "c", "d"],
        "n_reviews": [1, 5, 5, 0],
        "n_interactions": [3, 12, 20, 0],
        "activity": ["warm", "hot", "hot", "cold"],
        "top_category": ["Tents", "Tents", "Lamps", None],
        "region": ["North", "North", "South", None],
    }
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((ANY, ANY, ANY), ["c", "b", "a", "d"]),
        (("Hot", ANY, ANY), ["c", "b"]),
        ((ANY, "Tents", ANY), ["b", "a"]),
        (("Cold", ANY, ANY), ["d"]),
        (("Warm", "Tents", "North"), ["a"]),
        (("Hot", "Tents", "South"), []),
    ],
)
def test_shoppers_are_found_by_what_they_are_like_most_vocal_first(
    wanted: tuple[str, str, str], found: list[str]
) -> None:
    model: Any = SimpleNamespace(model_id=str(wanted), users=USERS)
    assert list(resources.matching_shoppers(model, *wanted)) == found


def test_the_kind_of_shopper_sets_where_the_sliders_start() -> None:
    assert CHOICES.start_weights(NEW)["semantic"] == 50
    assert CHOICES.start_weights(KNOWN)["semantic"] == 10


ITEMS = pd.DataFrame(
    {
        "item_id": ["1", "2", "3", "4", "5", "6"],
        "title": ["Portal", "Portal 2", "Chess", "A" * 60, "Gone", "Tycoon"],
        "category": ["Puzzle", "Puzzle", "Strategy", "Action", "Racing", None],
        "available": [True, True, True, True, False, True],
        "n_interactions": [50, 90, 70, 99, 98, 10],
    }
)


def test_first_words_come_from_what_the_shop_sells_most() -> None:
    wishes = ("something like Portal 2", "something like Chess", "something like Tycoon")
    model: Any = SimpleNamespace(model_id="any shop", items=ITEMS)
    assert resources.first_words(model) == wishes


def test_first_words_of_the_demo_shop_are_written_for_it() -> None:
    demo = ITEMS.assign(category=["Tents", "Candles & Scents", "Vacuum Cleaners", "Action", "Racing", None])
    model: Any = SimpleNamespace(model_id="a demo shop", items=demo)
    assert resources.first_words(model)[0] == "light tent that stays dry in heavy rain"


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
