"""The multi-task learner on a planted shop: it finds what drives choices, starts at today's scores, can be stopped."""

from dataclasses import replace
from itertools import combinations, count

import numpy as np
import pytest

from recsys.errors import Cancelled, SettingsError
from recsys.scorers.phrase_weights import unit
from recsys.settings import FusionSettings
from recsys.training.multitask import MultitaskResult, MultitaskSettings, Objective, learn
from recsys.training.pairs import Pairs
from tests.training._learner import N_DIMS, N_TELLING, planted, semantic_scores

QUICK = MultitaskSettings(rank=4, rate=0.01, pull=0.0, epochs=12, batch=64)
START = FusionSettings(0.25, 0.25, 0.25, 0.25)


TRAIN, JUDGED = planted(1500, 1), planted(400, 2)
REFERENCE = unit(TRAIN.items)


def learned(settings: MultitaskSettings = QUICK, judged: Pairs | None = JUDGED) -> MultitaskResult:
    return learn(TRAIN, REFERENCE, START, settings, judged)


@pytest.fixture(scope="module")
def found() -> MultitaskResult:
    return learned()


def reciprocal_rank(pairs: Pairs, head: np.ndarray | None) -> float:
    scores = semantic_scores(pairs, head)
    return float((1 / (1 + (scores > scores[np.arange(len(pairs)), pairs.asked][:, None]).sum(1))).mean())


def test_the_map_finds_the_dimensions_that_choices_are_made_by(found: MultitaskResult) -> None:
    assert found.head is not None
    assert found.head.dtype == np.float32
    assert found.head.shape == (N_DIMS, N_DIMS)
    assert reciprocal_rank(JUDGED, found.head) > 1.3 * reciprocal_rank(JUDGED, None)
    lengths = np.square(found.head).sum(1)
    assert lengths[:N_TELLING].min() > lengths[N_TELLING:].max()


def test_weight_goes_to_the_component_that_tells(found: MultitaskResult) -> None:
    weights = found.fusion.normalised()
    assert weights["semantic"] > 0.5
    assert sum(weights.values()) == pytest.approx(1)
    assert found.losses[found.epochs] == min(found.losses) < found.losses[0] - 0.2


def test_it_starts_at_todays_scores_and_stays_where_nothing_is_better(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = count()
    monkeypatch.setattr(Objective, "judged_on", lambda self, pairs: float(next(losses)))
    found = learned()
    assert found.epochs == 0
    assert len(found.losses) == 1 + QUICK.patience
    np.testing.assert_array_equal(found.head, np.eye(N_DIMS))
    assert found.fusion.normalised() == pytest.approx(START.normalised(), abs=1e-6)


def test_weights_alone_leave_the_map_alone(found: MultitaskResult) -> None:
    alone = learned(replace(QUICK, head=False))
    assert alone.head is None
    assert alone.epochs > 0
    assert alone.losses[alone.epochs] > found.losses[found.epochs]


def test_same_seed_same_map_and_as_many_epochs_as_asked(found: MultitaskResult) -> None:
    repeated = learned(replace(QUICK, epochs=found.epochs), None)
    np.testing.assert_array_equal(repeated.head, found.head)
    assert repeated.fusion == found.fusion
    one, other = (learned(replace(QUICK, seed=seed, epochs=1), None).head for seed in (0, 1))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("strength", "judged"), [(10.0, JUDGED), (30.0, None)])
def test_diversity_in_the_objective_spreads_what_is_likely_to_be_shown(strength: float, judged: Pairs | None) -> None:
    plain, diverse = (learned(replace(QUICK, diversity=each, rating=False), judged) for each in (0.0, strength))
    assert _likeness(diverse) < 0.9 * _likeness(plain)


def _likeness(found: MultitaskResult) -> float:
    """Mean cosine of the products in the ten best of everybody."""
    best = np.argsort(-semantic_scores(JUDGED, found.head), axis=1)[:, :10]
    return float(np.mean([np.square(REFERENCE[rows].mean(0)).sum() for rows in best]))


def test_every_term_counts() -> None:
    given = ({}, {"rating": False}, {"ranking": False}, {"diversity": 2.0}, {"pull": 0.1})
    heads = [learned(replace(QUICK, epochs=1, **each), None).head for each in given]
    for one, other in combinations(heads, 2):
        assert np.abs(one - other).max() > 1e-3


def test_it_can_be_stopped() -> None:
    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        assert stage == "learning the head and the weights"
        if done == 1:
            raise Cancelled(stage)

    with pytest.raises(Cancelled):
        learn(TRAIN, REFERENCE, START, QUICK, None, stop)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"diversity": -1.0}, "diversity=-1.0, pull=0.003 and rate=0.0003 are not usable"),
        ({"rating": False, "ranking": False}, "keep the rating term or the ranking term"),
        ({"epochs": 0}, "must all be at least 1"),
        ({"pull": -0.1}, "the first two must be at least 0"),
        ({"device": "gpu"}, "device='gpu' is not known; use one of auto, cpu, cuda"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        MultitaskSettings(**given)
