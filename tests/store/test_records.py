"""Records are checked when they are made, whoever makes them."""

import dataclasses
import json
import pickle
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from recsys.documents import from_json, to_json
from recsys.errors import ConflictError, PresetError, SettingsError, UnknownPresetError
from recsys.panel.segments import Segment
from recsys.settings import Context, Filters, FusionSettings, RankingSettings
from recsys.store.records import Draft, Measurement, PresetSettings
from tests.store._presets import FRESH, draft, measured


def test_settings_survive_json() -> None:
    assert from_json(PresetSettings, json.loads(json.dumps(to_json(FRESH)))) == FRESH
    assert from_json(PresetSettings, json.loads(json.dumps(to_json(PresetSettings())))) == PresetSettings()


def test_settings_begin_with_the_defaults_of_a_list() -> None:
    assert PresetSettings().ranking() == RankingSettings()
    assert PresetSettings.of(RankingSettings()) == PresetSettings()


def test_a_list_made_with_a_preset_keeps_the_filters_that_a_preset_does_not_fix() -> None:
    ranking = FRESH.ranking(Filters(include_seen=True, price_low=5.0, categories=frozenset({"Mugs"})))
    assert ranking == RankingSettings(
        fusion=FusionSettings(0.1, 0.2, 0.3, 0.4),
        filters=Filters(
            include_seen=True, only_available=False, categories=frozenset({"Tents", "Home"}), price_low=5.0
        ),
        n=20,
        diversity=0.25,
        method="dpp",
    )
    assert PresetSettings.of(ranking, FRESH.scenario, FRESH.segment) == FRESH


def test_settings_saved_before_they_named_shoppers_are_for_everyone() -> None:
    saved = to_json(FRESH)
    del saved["segment"]
    assert from_json(PresetSettings, saved) == dataclasses.replace(FRESH, segment={})


def test_everyone_that_the_live_evaluation_tells_apart_can_be_tuned_for() -> None:
    for segment in (Segment(tuple((name, "x") for name in ("top_category", "home"))), Segment.of(activity="new")):
        assert Segment.of(**PresetSettings(segment=segment.as_dict()).segment) == segment


def test_the_order_of_categories_and_circumstances_makes_no_difference() -> None:
    one = PresetSettings(categories=("b", "a", "b"), scenario={"region": "north", "daypart": "night"})
    other = PresetSettings(categories=("a", "b"), scenario={"daypart": "night", "region": "north"})
    assert (one, to_json(one)) == (other, to_json(other))
    assert list(one.scenario) == ["daypart", "region"]


def test_every_context_is_a_scenario() -> None:
    context = Context.at(datetime(2026, 5, 1, 20, tzinfo=UTC), device="mobile", region="north")
    assert PresetSettings(scenario=context.as_json()).scenario == context.as_json()


def test_numbers_of_numpy_are_kept_as_plain_ones() -> None:
    given: dict[str, Any] = {"k": np.int64(20), "diversity": np.float32(0.5)}
    settings = PresetSettings(weights=FusionSettings(*np.float32([0.5, 0.25, 0.25, 0])), **given)
    counted = Measurement({"ndcg": {"mean": np.float64(0.5), "low": np.nan, "high": None}}, n_users=np.int64(7))
    assert json.loads(json.dumps(to_json(settings)))["weights"]["content"] == 0.25
    assert (type(settings.k), type(settings.diversity), type(counted.n_users)) == (int, float, int)
    assert counted.metrics == {"ndcg": {"mean": 0.5, "low": None, "high": None}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"k": 0}, "k=0 is not usable; give a whole number from 1 to 100"),
        ({"k": 101}, "k=101 is not usable"),
        ({"k": 2.5}, r"k=2\.5 is not usable"),
        ({"k": True}, "k=True is not usable"),
        ({"k": float("nan")}, "k=nan is not usable"),
        ({"diversity": -0.1}, r"diversity=-0\.1 is not usable; give a number from 0 to 1"),
        ({"diversity": float("nan")}, "diversity=nan is not usable"),
        ({"method": "best"}, "method 'best' is not known; give 'mmr', 'dpp' or 'msd'"),
        (
            {"scenario": {"mood": "x"}},
            "scenario: 'mood' is not a circumstance; use daypart, weekday, season, device, region",
        ),
        ({"scenario": {"weekday": "monday"}}, "scenario: weekday='monday' is not known; use one of Monday"),
        ({"scenario": {"region": "x" * 501}}, "scenario: region='x{60}…' is not usable; give 1 to 500 characters"),
        ({"scenario": {"moment": "soon"}}, "scenario: moment='soon' is not a time; write 2026-05-31T20:00:00"),
        ({"segment": {"mood": "x"}}, "segment: 'mood' is not a property of shoppers; use activity, top_category, home"),
        ({"segment": {"activity": "lukewarm"}}, "segment: activity='lukewarm' is not known; use one of hot, warm"),
        ({"segment": {"home": ""}}, "segment: home='' is not usable; give 1 to 500 characters"),
        ({"categories": tuple(map(str, range(1001)))}, "categories: 1,001 are too many; give at most 1,000"),
        ({"categories": ("x" * 501,)}, "categories: 'x{60}…' is too long; give at most 500 characters"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        PresetSettings(**given)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: draft(""), "name is empty"),
        (lambda: draft("n" * 81), "name has 81 characters"),
        (lambda: draft(description="d" * 2001), "description has 2,001 characters"),
        (lambda: draft(goal="g" * 2001), "goal has 2,001 characters"),
        (lambda: measured(note="n" * 501), "note has 501 characters"),
        (lambda: measured(n_users=-1), "n_users=-1 is not a count of shoppers; give 0 or more"),
        (lambda: Measurement({"ndcg": {"mean": 0.1}}), "metrics: 'ndcg' has 'mean'; give mean, low and high"),
        (lambda: Measurement({str(n): dict.fromkeys(("mean", "low", "high")) for n in range(101)}), "101 are too many"),
    ],
)
def test_drafts_and_measurements_that_cannot_be_kept_are_refused(make: Any, said: str) -> None:
    with pytest.raises(PresetError, match=said):
        make()


def test_what_fits_is_kept_to_the_last_character() -> None:
    kept = Draft("n" * 80, FRESH, "d" * 2000, tuple(f"{n}" * 30 for n in range(10)), "g" * 200)
    assert (len(kept.name), len(kept.description), len(kept.tags)) == (80, 2000, 10)


@pytest.mark.parametrize(
    "error", [ConflictError("Fresh", "saved", "ann", datetime(2026, 5, 1, tzinfo=UTC)), UnknownPresetError("some-id")]
)
def test_errors_survive_a_process_boundary(error: Exception) -> None:
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301
