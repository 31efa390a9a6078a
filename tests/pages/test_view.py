"""What the controls of a list can hold, where they start, and the context that they add up to."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from pages._shared import resources
from pages._shared.view import ANY, KNOWN, NEW, Choices, context_of
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
