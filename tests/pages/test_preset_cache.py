"""What pages know of presets while the database is away, and where sliders start."""

from dataclasses import replace
from pathlib import Path

import pytest

from pages._shared.resources import FRESH_S, PAUSE_S, PresetCache, SavedPresets
from pages._shared.view import KNOWN, StartValues, control_values
from recsys.errors import StoreUnavailable
from recsys.settings import FusionSettings, RankingSettings
from recsys.store.addresses import file_address
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from recsys.store.records import Draft, Measurement, PresetSettings
from tests.pages.test_view import CHOICES

MEASURED = Measurement({"ndcg": {"mean": 0.1, "low": None, "high": None}})


class Flaky(PresetStore):
    """A store that can go away, and counts how often it was asked."""

    away, n_asked = False, 0

    def presets(self):  # type: ignore[no-untyped-def]
        return self._counted(super().presets)

    def state(self):  # type: ignore[no-untyped-def]
        return self._counted(super().state)

    def default(self):  # type: ignore[no-untyped-def]
        return self._counted(super().default)

    def _counted(self, ask):  # type: ignore[no-untyped-def]
        self.n_asked += 1
        if self.away:
            raise StoreUnavailable("it does not answer")
        return ask()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Flaky:
    return Flaky(Database(file_address(tmp_path / "presets.sqlite3")), "shop")


def test_what_was_last_seen_stays_while_the_database_is_away(store: Flaky) -> None:
    clock = Clock()
    saved = PresetCache(store, clock)
    made = store.create(Draft("Autumn", PresetSettings()), MEASURED)
    assert saved.presets() == SavedPresets((made,))
    store.away = True
    assert saved.presets() == saved.last == SavedPresets((made,), "it does not answer")
    n_asked = store.n_asked
    saved.presets()
    assert store.n_asked == n_asked, "a database that is away is not asked at every move of a slider"
    store.away = False
    clock.now += PAUSE_S
    assert saved.presets().away == ""


def test_what_somebody_does_here_is_looked_for_at_once(store: Flaky) -> None:
    saved = PresetCache(store, Clock())
    store.away = True
    assert saved.presets().away
    store.away = False
    saved.expire()
    assert saved.presets() == SavedPresets()


def test_the_default_costs_one_question_in_some_seconds(store: Flaky) -> None:
    clock = Clock()
    saved = PresetCache(store, clock)
    made = store.create(Draft("Autumn", PresetSettings()), MEASURED)
    assert saved.default() is None
    store.make_default(made.preset_id)
    assert saved.default() is None
    assert store.n_asked == 1
    clock.now += FRESH_S
    assert saved.default() == store.get(made.preset_id)
    store.away = True
    clock.now += FRESH_S
    assert saved.default() == store.get(made.preset_id), "pages still start where they did"


def test_the_list_knows_the_default_as_well(store: Flaky) -> None:
    made = store.create(Draft("Autumn", PresetSettings()), MEASURED)
    store.make_default(made.preset_id)
    saved = PresetCache(store, Clock())
    saved.presets()
    n_asked = store.n_asked
    assert saved.default() == store.get(made.preset_id)
    assert store.n_asked == n_asked


def test_the_list_is_read_again_only_where_something_changed(store: Flaky) -> None:
    made = store.create(Draft("Autumn", PresetSettings()), MEASURED)
    saved = PresetCache(store, Clock())
    first = saved.presets().presets
    assert saved.presets().presets is first
    store.update(made.preset_id, version=1, description="changed elsewhere")
    assert saved.presets().presets == store.presets() != first


def test_a_start_names_what_an_address_without_it_would_not_mean() -> None:
    usual = FusionSettings(**{name: share / 100 for name, share in CHOICES.weights.items()})
    assert StartValues("same", control_values(RankingSettings(usual))).moved(CHOICES) == {}
    moved = StartValues(
        "other", control_values(RankingSettings(FusionSettings(2, 1, 1, 0), n=20, diversity=0.25, method="dpp"))
    )
    weights = {"collaborative": 50, "content": 25, "semantic": 25, "context": 0}
    assert replace(CHOICES, start=moved).start_weights(KNOWN) == weights
    assert moved.moved(CHOICES) == {
        **{name: str(value) for name, value in weights.items()},
        "diversity": "0.25",
        "method": "DPP",
        "n": "20",
    }
    assert "n" not in StartValues("odd", control_values(RankingSettings(n=17))).values, (
        "a length that no control can hold"
    )
