"""Weights for hot, warm and cold shoppers: each finds what they choose by, held near to what all have in common."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.artifacts.tables import ACTIVITIES
from recsys.scorers.phrase_weights import unit
from recsys.settings import COMPONENTS, FusionSettings
from recsys.training.multitask import Learned, MultitaskSettings, learn
from recsys.training.pairs import Pairs
from tests.training._learner import N_ITEMS, planted

START = FusionSettings(0.25, 0.25, 0.25, 0.25)
QUICK = MultitaskSettings(head=False, rate=0.01, epochs=12, batch=64, segments=True, segment_pull=0.0)


def two_kinds(warm_share: float, n_pairs: int = 800, seed: int = 1) -> Pairs:
    """Hot shoppers choose by what they wrote, warm ones by the context component."""
    pairs, random = planted(n_pairs, seed), np.random.default_rng(seed)
    warm = random.random(n_pairs) < warm_share
    context = 4 * pairs.scores[:, COMPONENTS.index("context")] + random.gumbel(size=(n_pairs, N_ITEMS))
    asked = np.where(warm, context.argmax(1), pairs.asked).astype(np.int32)
    return replace(pairs, asked=asked, n_known=np.where(warm, 3, 30))


def learned(pairs: Pairs, **given: object) -> Learned:
    return learn(pairs, unit(pairs.items), START, replace(QUICK, **given))


def share(found: Learned, segment: str, component: str) -> float:
    return found.by_segment[segment].normalised()[component]


def test_each_segment_finds_what_its_shoppers_choose_by() -> None:
    found = learned(two_kinds(0.5))
    assert share(found, "warm", "context") > share(found, "hot", "context") + 0.3
    assert share(found, "hot", "semantic") > share(found, "warm", "semantic") + 0.3
    together = learned(two_kinds(0.5), segments=False)
    assert together.by_segment == {}
    common = together.fusion.normalised()["context"]
    assert share(found, "hot", "context") < common < share(found, "warm", "context")


def test_who_has_no_pairs_has_the_common_weights() -> None:
    found = learned(two_kinds(0.5))
    assert tuple(found.by_segment) == ACTIVITIES
    assert found.by_segment["cold"] == found.fusion


def test_the_pull_holds_segments_together_and_small_ones_tighter() -> None:
    loose, held, tied = (_apart(learned(two_kinds(0.5), segment_pull=each)) for each in (0.0, 0.03, 1000.0))
    assert loose > 1.5 * held > 10 * tied
    assert _apart(learned(two_kinds(0.05), segment_pull=0.03)) < 0.2 * held


def _apart(found: Learned) -> float:
    """How much more context weighs against semantic for warm shoppers than in common, as a logarithm."""
    own, common = found.by_segment["warm"], found.fusion
    return float(np.log(own.context / own.semantic) - np.log(common.context / common.semantic))


def test_one_segment_is_everybody() -> None:
    pairs = replace(planted(400, 1), n_known=np.full(400, 5))
    found, everybody = (learned(pairs, head=True, rank=4, segments=each) for each in (True, False))
    np.testing.assert_allclose(found.head, everybody.head, atol=1e-3)
    assert found.fusion.normalised() == pytest.approx(everybody.fusion.normalised(), abs=1e-4)
    for each in found.by_segment.values():
        assert each.normalised() == pytest.approx(everybody.fusion.normalised(), abs=1e-4)


def test_they_are_stopped_on_the_judged_pairs_by_the_segments_weights() -> None:
    found = learn(two_kinds(0.5), unit(planted(1, 1).items), START, QUICK, two_kinds(0.5, seed=2))
    everybody = learn(
        two_kinds(0.5), unit(planted(1, 1).items), START, replace(QUICK, segments=False), two_kinds(0.5, seed=2)
    )
    assert found.losses[0] == pytest.approx(everybody.losses[0], abs=1e-4)
    assert min(found.losses) < min(everybody.losses) - 0.1
