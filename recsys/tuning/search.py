"""Searches weights for a goal: chosen on validation shoppers, reported on test shoppers.

Without variety the whole simplex of weights is measured, which takes seconds; what variety adds is searched by Optuna
from the best of that map, and the choice is made among all of it.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys.errors import SettingsError
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.paired import differences, means
from recsys.panel.engine import LiveEngine
from recsys.progress import Progress, silent
from recsys.settings import (
    COMPONENTS,
    DIVERSITY_METHODS,
    NEW_SHOPPER_WEIGHTS,
    FusionSettings,
    RankingSettings,
    require_seed,
)
from recsys.tuning.goal_evaluation import GoalEvaluator, GoalMeasurement, choose, promising, references_of
from recsys.tuning.goals import Goal
from recsys.tuning.search_result import FrontPoint, SearchResult, constraint_outcomes
from recsys.tuning.trials import BATCH, Trials
from recsys.tuning.weight_map import WeightMap, pareto_front

VERSION = 2
"""Grows when trials of an earlier version would no longer mean the same; they are then left alone."""

MOST_TRIALS = 5000
MOST_FRONT_POINTS = 40


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Settings of a search for good weights.

    `n_trials`: trials with variety, in all; those that are stored already are not repeated; `seed`: of the sampling.
    """

    n_trials: int = 120
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.n_trials <= MOST_TRIALS:
            raise SettingsError(f"n_trials={self.n_trials} is not usable; give 1 to {MOST_TRIALS:,}")
        require_seed(self.seed)


@dataclass(frozen=True, slots=True)
class SoFar:
    """A search under way: trials done of those wanted, the best settings that meet the constraints, and the Pareto
    front on validation shoppers.
    """

    n_trials: int
    wanted: int
    best: GoalMeasurement | None
    front_metrics: tuple[str, str]
    front: tuple[FrontPoint, ...]


def find_weights(
    validation: LiveEngine,
    test: LiveEngine,
    goal: Goal,
    settings: SearchSettings | None = None,
    *,
    database_url: str | None = None,
    starts: Sequence[RankingSettings] = (),
    default: FusionSettings | None = None,
    progress: Progress = silent,
    watch: Callable[[SoFar], object] = lambda so_far: None,
) -> SearchResult:
    """Search on validation shoppers, and measure the result on test shoppers.

    Parameters
    ----------
    database_url : where trials are stored, so that a search goes on where it stopped; None stores none
    starts : settings to try first, such as presets; only their weights and their variety count
    default : the shop's own weights, which the result is compared with
    watch : called after every batch of trials

    Raises SettingsError: too few shoppers belong to the segment, or the metric has no value in this shop;
    StoreUnavailable, StoreError: trials cannot be stored; Cancelled: the reporter asked to stop; all but the last batch
    of trials are stored.
    """
    settings, started = settings or SearchSettings(), time.monotonic()
    evaluator, on_test = GoalEvaluator(validation, goal), GoalEvaluator(test, goal)
    # Before the map, so that a database that is away is known at once.
    trials = Trials(evaluator, settings.seed, study_name(evaluator, settings.seed), database_url)
    found = evaluator.map(progress)
    evaluator.best = on_test.best = references_of(evaluator, found)
    _require_values(evaluator, found)
    first = _first_trials(evaluator, found, starts)
    while len(trials) < settings.n_trials:
        progress("trying settings", len(trials), settings.n_trials)
        trials.batch(first, min(BATCH, settings.n_trials - len(trials)), settings.n_trials, progress)
        watch(_so_far(evaluator, found, trials.measured, settings.n_trials))
    progress("choosing among settings near the best")
    choice = choose(evaluator, found, trials.measured)
    progress("measuring on test shoppers")
    chosen, own = choice.chosen.settings, on_test.ranking(default or FusionSettings())
    lists = on_test.lists(chosen)
    return SearchResult(
        goal=goal,
        settings=chosen,
        seed=settings.seed,
        n_trials=len(trials),
        n_points=len(found.cells.weights),
        n_tied=choice.n_tied,
        n_users={each.engine.panel.role: each.n_shoppers for each in (evaluator, on_test)},
        panel_ids={each.engine.panel.role: each.engine.panel.panel_id for each in (evaluator, on_test)},
        validation=means(evaluator.lists(chosen), evaluator.facts),
        test=means(lists, on_test.facts),
        against_equal=differences(lists, on_test.lists(on_test.equal), on_test.facts),
        against_default=differences(lists, on_test.lists(own), on_test.facts),
        kept_on_validation=constraint_outcomes(evaluator, chosen),
        kept=constraint_outcomes(on_test, chosen),
        front_metrics=front_metrics(goal),
        front=_front(evaluator, found, trials.measured),
        seconds=time.monotonic() - started,
    )


def study_name(evaluator: GoalEvaluator, seed: int) -> str:
    """Name of the Optuna study of one panel, goal and seed."""
    key = json.dumps([evaluator.goal.as_json(), seed, VERSION], sort_keys=True)
    return f"weights {evaluator.engine.panel.panel_id} {hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _require_values(evaluator: GoalEvaluator, found: WeightMap) -> None:
    for metric in evaluator.goal.metrics:
        if np.isnan(found.means[metric]).all():
            raise SettingsError(
                f"{METRICS[metric].short} has no value for these shoppers, so it cannot be part of a goal here"
            )


def _first_trials(
    evaluator: GoalEvaluator, found: WeightMap, starts: Sequence[RankingSettings]
) -> list[RankingSettings]:
    """Known mixes, and the best of the map with more and more variety."""
    known = [FusionSettings(), NEW_SHOPPER_WEIGHTS, *(FusionSettings.only(name) for name in COMPONENTS)]
    inside = _apart(found, promising(evaluator, found).tolist(), 6)
    by_value = np.argsort(-evaluator.values(found), kind="stable")
    bases = dict.fromkeys([*inside[:2], *_apart(found, by_value.tolist(), 2)])
    first = [evaluator.equal]
    first += [evaluator.ranking(each.fusion, each.diversity, each.method) for each in starts]
    first += [evaluator.at_point(found, point) for point in inside]
    first += [
        replace(evaluator.at_point(found, point), diversity=diversity, method=method)
        for point in bases
        for diversity in (0.1, 0.3)
        for method in DIVERSITY_METHODS
    ]
    return list(dict.fromkeys([*first, *(evaluator.ranking(each) for each in known)]))


def _apart(found: WeightMap, points: Sequence[int], n: int) -> list[int]:
    """The first n points of an order that are a fifth of all weight apart from each other."""
    apart: list[int] = []
    weights = found.cells.weights
    for point in points:
        if len(apart) < n and all(np.abs(weights[point] - weights[other]).sum() >= 0.4 for other in apart):
            apart.append(point)
    return apart


def front_metrics(goal: Goal) -> tuple[str, str]:
    """Axes of a chart of trade-offs: the metric to improve, and the first other one that the goal names."""
    return goal.metric, next(name for name in (*goal.metrics[1:], "ild", "ndcg") if name != goal.metric)


def _front(evaluator: GoalEvaluator, found: WeightMap, trials: Sequence[GoalMeasurement]) -> tuple[FrontPoint, ...]:
    names = front_metrics(evaluator.goal)
    of_map = [
        FrontPoint(evaluator.at_point(found, point), *(float(found.means[name][point]) for name in names))
        for point in found.efficient(*names).tolist()
    ]
    points = of_map + [FrontPoint(each.settings, *(each.metrics[name] for name in names)) for each in trials]
    values = [
        [value if METRICS[name].higher_is_better else -value for name, value in zip(names, each[1:], strict=True)]
        for each in points
    ]
    front = pareto_front(np.array(values).reshape(-1, 2))
    spread = np.linspace(0, len(front) - 1, min(len(front), MOST_FRONT_POINTS)).round().astype(int)
    return tuple(points[each] for each in front[spread].tolist())


def _so_far(evaluator: GoalEvaluator, found: WeightMap, trials: Sequence[GoalMeasurement], wanted: int) -> SoFar:
    best = max((each for each in trials if each.is_inside), key=evaluator.value, default=None)
    return SoFar(len(trials), wanted, best, front_metrics(evaluator.goal), _front(evaluator, found, trials))
