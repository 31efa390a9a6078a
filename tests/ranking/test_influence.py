"""Influence: shares of what decides a list, by hand and by definition."""

import numpy as np
import pytest

from recsys.ranking.influence import by_component, far_off, influence
from recsys.ranking.rank import rank
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings

EQUAL = dict.fromkeys(COMPONENTS, 0.25)


def test_shares_worked_by_hand() -> None:
    listed = np.array([[3.0, 1.0, 0.0, -2.0], [1.0, -1.0, 0.0, 2.0]])  # sizes 4, 2, 0 and 4 of 10
    np.testing.assert_allclose(influence(listed), [0.4, 0.2, 0.0, 0.4])
    many = influence(np.stack([listed, np.vstack([listed[:1], np.zeros((1, 4))]), np.zeros((2, 4))]))
    np.testing.assert_allclose(many, [[0.4, 0.2, 0, 0.4], [0.5, 1 / 6, 0, 1 / 3], [np.nan] * 4])


def test_a_list_that_nothing_decides_has_none() -> None:
    for nothing in (np.zeros((3, 4)), np.empty((0, 4))):
        assert np.isnan(influence(nothing)).all()
        assert by_component(influence(nothing)) is None
    assert by_component(np.empty((0, 4))) is None


def test_the_mean_over_lists_leaves_out_those_that_nothing_decides() -> None:
    shares = np.array([[1.0, 0, 0, 0], [0, 0.5, 0.5, 0], [np.nan] * 4])
    assert by_component(shares) == {"collaborative": 0.5, "content": 0.25, "semantic": 0.25, "context": 0.0}


def test_a_ranking_is_decided_by_its_contributions() -> None:
    values = np.random.default_rng(0).normal(size=(4, 50)).astype(np.float32)
    values[3, :7] = np.linspace(20, 32, 7)  # a heavy tail in one component
    settings = RankingSettings(FusionSettings(0.4, 0.3, 0.3, 0.1), n=7)
    found = rank(values, settings, np.ones(50, bool), np.empty((50, 0), np.float32))
    shares = by_component(influence(found.contributions))
    assert shares is not None
    weights, factors = settings.fusion.normalised(), settings.fusion.factors()
    sizes = {
        name: sum(abs(factors[name] * float(values[at, row])) for row in found.item_rows)
        for at, name in enumerate(COMPONENTS)
    }
    assert sum(shares.values()) == pytest.approx(1)
    for name, share in shares.items():
        assert share == pytest.approx(sizes[name] / sum(sizes.values()), rel=1e-5)
    assert far_off(weights, shares)[0] == "context"


def test_what_has_no_weight_decides_nothing() -> None:
    values = np.random.default_rng(1).normal(size=(4, 30)).astype(np.float32)
    found = rank(values, RankingSettings(FusionSettings.only("semantic"), n=5), np.ones(30, bool), np.empty((30, 0)))
    assert by_component(influence(found.contributions)) == EQUAL | dict.fromkeys(COMPONENTS, 0.0) | {"semantic": 1.0}


@pytest.mark.parametrize(
    ("context", "expected"), [(0.25, []), (0.35, []), (0.3501, ["context"]), (0.15, []), (0.1499, ["context"])]
)
def test_more_than_ten_points_are_far_off(context: float, expected: list[str]) -> None:
    rest = (0.75 - (context - 0.25)) / 3
    assert far_off(EQUAL, dict.fromkeys(COMPONENTS, rest) | {"context": context}) == expected
