"""Quotes of other shoppers lead to nobody, and stay readable."""

import pytest

from recsys.privacy import HIDDEN, mask_personal, pseudonym


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ann.b+shop@mail.example.org", "email"),
        ("ann @ example.com", "email"),
        ("https://evil.example/x?y=1", "link"),
        ("http://a.b", "link"),
        ("www.example.org/path", "link"),
        ("example.com", "link"),
        ("+44 20 7946 0958", "phone"),
        ("(020) 7946-0958", "phone"),
        ("0170/1234567", "phone"),
    ],
)
def test_a_way_to_a_person_is_hidden_and_the_rest_stays(text: str, kind: str) -> None:
    assert mask_personal(f"Dry inside. Ask {text} for more") == f"Dry inside. Ask {HIDDEN[kind]} for more"


@pytest.mark.parametrize(
    "text",
    [
        "Bought 2026-05-31, lasted 3 years",
        "31.05.2026 was wet",
        "129.00 for 65 litres, 1,250 g",
        "10/10 would buy again",
        "IPX7 and 1234567 lumens",
        "e.g. rain. The zip broke",
        "2 x 3 x 4",
    ],
)
def test_sizes_prices_and_dates_stay(text: str) -> None:
    assert mask_personal(text) == text


def test_a_very_long_text_is_masked_quickly() -> None:
    assert mask_personal("a" * 200_000 + " " + "1 " * 100_000).startswith("aaa")


def test_a_pseudonym_is_steady_and_is_not_the_id() -> None:
    names = [pseudonym(f"shopper-{n}") for n in range(200)]
    assert names == [pseudonym(f"shopper-{n}") for n in range(200)]
    assert len(set(names)) > 190
    assert not any("shopper" in name for name in names)
