"""The influence of the tuning room is that of the one ranking function, shopper by shopper."""

from collections.abc import Sequence

import numpy as np
import pytest

from recsys.panel.engine import LiveEngine
from recsys.panel.influence import live_influence
from recsys.panel.segments import Scenario
from recsys.ranking.influence import FAR_OFF, by_component, influence
from recsys.ranking.rank import rank
from recsys.settings import WHOLE_CATALOGUE, Filters, FusionSettings, RankingSettings
from tests.panel.test_engine import eligible_of, values_of

MIX = FusionSettings(0.3, 0.1, 0.4, 0.2)
SETTINGS = [
    RankingSettings(MIX, WHOLE_CATALOGUE, 10),
    RankingSettings(MIX, Filters(), 5, diversity=0.4),
    RankingSettings(FusionSettings.only("content"), WHOLE_CATALOGUE, 3),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=["usual", "varied", "one component"])
def test_it_is_that_of_the_ranking(engine: LiveEngine, settings: RankingSettings) -> None:
    panel, found = engine.panel, live_influence(engine, settings)
    assert found.shape == (len(panel), 4)
    for user in range(0, len(panel), 7):
        eligible = eligible_of(panel, settings.filters, user)
        ranked = rank(values_of(panel, user), settings, eligible, np.asarray(panel.vectors))
        np.testing.assert_allclose(found[user], influence(ranked.contributions), rtol=1e-5, equal_nan=True)


def test_a_panel_of_candidates_tells_the_same_of_lists_that_are_proven(
    engine: LiveEngine, candidate_engine: LiveEngine
) -> None:
    for settings in SETTINGS[::2]:
        proven = ~candidate_engine.measure(settings).unproven
        assert proven.any()
        np.testing.assert_allclose(
            live_influence(candidate_engine, settings)[proven], live_influence(engine, settings)[proven], rtol=1e-5
        )


def test_other_circumstances_decide_otherwise(engine: LiveEngine) -> None:
    usual, night = (live_influence(engine, SETTINGS[0], when) for when in (Scenario(), Scenario.of(daypart="night")))
    assert (usual != night).any()
    np.testing.assert_allclose(night.sum(axis=1), 1)


MIXES = [(1, 1, 1, 1), (0.3, 0.05, 0.4, 0.25), (0.6, 0.1, 0.2, 0.1), *np.full((4, 4), 0.1) + 0.6 * np.eye(4)]


@pytest.mark.parametrize("weights", MIXES, ids=str)
def test_weights_say_what_components_decide_wherever_they_stand(engine: LiveEngine, weights: Sequence[float]) -> None:
    """By the weights themselves as factors, 70% decided 83%."""
    mix = FusionSettings(*map(float, weights))
    found = live_influence(engine, RankingSettings(mix, WHOLE_CATALOGUE, 10))
    told = by_component(found)
    assert told is not None
    assert max(abs(told[name] - weight) for name, weight in mix.normalised().items()) <= FAR_OFF
