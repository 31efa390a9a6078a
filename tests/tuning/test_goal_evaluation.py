"""How far apart two settings are, and how sure that is: the rows of one shopper vary together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.settings import FusionSettings
from recsys.tuning.goals import Goal, GoalEvaluator


@pytest.fixture(scope="module")
def evaluator(temporal_folder: Path) -> GoalEvaluator:
    """Validation shoppers of several windows, some of them in more than one."""
    return GoalEvaluator(LiveEngine(Panel.open(temporal_folder)[0]), Goal("ndcg"))


def bootstrapped(evaluator: GoalEvaluator, new: MeasuredLists, old: MeasuredLists, metric: str) -> float:
    """The spread of the gap over shoppers drawn again as wholes, with all their rows."""
    shoppers, lots = evaluator.facts.shoppers, np.random.default_rng(0)
    assert shoppers is not None
    rows_of = [np.flatnonzero(shoppers == one) for one in np.unique(shoppers)]
    gaps = []
    for _ in range(400):
        rows = np.concatenate([rows_of[one] for one in lots.integers(0, len(rows_of), len(rows_of))])
        again = GoalEvaluator(evaluator.engine, evaluator.goal)
        again.facts = replace(evaluator.facts.of(rows), shoppers=None)
        gaps.append(again.gap(new.of(rows), old.of(rows), metric)[0])
    return float(np.std(gaps))


@pytest.mark.parametrize("metric", ["ndcg", "ild", "popularity_lift"])
def test_the_error_of_a_gap_is_that_of_shoppers(evaluator: GoalEvaluator, metric: str) -> None:
    new, old = (evaluator.lists(evaluator.ranking(FusionSettings.only(name))) for name in ("context", "collaborative"))
    gap, error = evaluator.gap(new, old, metric)
    rows = GoalEvaluator(evaluator.engine, evaluator.goal)
    rows.facts = replace(evaluator.facts, shoppers=None)
    of_rows = rows.gap(new, old, metric)
    assert gap == of_rows[0]
    assert error != pytest.approx(of_rows[1], rel=1e-6)
    assert error == pytest.approx(bootstrapped(evaluator, new, old, metric), rel=0.15)


def test_the_error_by_hand(evaluator: GoalEvaluator) -> None:
    lists = evaluator.lists(evaluator.equal)
    values, shoppers = lists.values["ndcg"], evaluator.facts.shoppers
    assert shoppers is not None
    mean, error = evaluator.gap(lists, evaluator.nothing, "ndcg")
    of_each = [values[shoppers == one].sum() - (shoppers == one).sum() * mean for one in np.unique(shoppers)]
    assert mean == pytest.approx(values.mean())
    assert error == pytest.approx(np.sqrt(np.square(of_each).sum()) / len(values))
