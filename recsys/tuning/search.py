"""Find good weights: from a goal to settings, chosen on validation shoppers and reported on test shoppers.

Without variety the whole simplex of weights is measured, which takes seconds, so nothing there has to be searched for.
What variety adds is searched by Optuna from the best of that map, and the choice is made among all of it.
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
from recsys.tuning.choice import choose, on_map, promising
from recsys.tuning.goal_evaluation import GoalEvaluator, GoalMeasurement, references_of
from recsys.tuning.goals import Goal
from recsys.tuning.search_result import FrontPoint, SearchResult, constraint_outcomes
from recsys.tuning.trials import BATCH, Trials
from recsys.tuning.weight_map import WeightMap

VERSION = 2
"""Grows when trials of an earlier version would no longer mean the same; they are then left alone."""

MOST_TRIALS = 5000
MOST_FRONT_POINTS = 40


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Settings of a search for good weights.

    Parameters
    ----------
    n_trials : trials with variety, in all; those that are kept already are not repeated
    seed : of the sampling
    """

    n_trials: int = 120
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.n_trials <= MOST_TRIALS:
            raise SettingsError(f"n_trials={self.n_trials} is not usable; give 1 to {MOST_TRIALS:,}")
        require_seed(self.seed)


@dataclass(frozen=True, slots=True)
class SoFar:
    """A search under way.

    Parameters
    ----------
    n_trials : done; `wanted` in all
    best : the best settings that meet the constraints, or None
    front_metrics, front : Pareto front on validation shoppers so far
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
    """Search.

    Parameters
    ----------
    database_url : where trials are kept, so that a search goes on where it stopped; None keeps none
    starts : settings to try first, such as presets; only their weights and their variety count
    default : the shop's own weights, which the result is held against
    watch : told after every batch of trials

    Raises
    ------
    SettingsError : too few shoppers belong to the segment, or the metric has no value in this shop
    StoreUnavailable, StoreError : trials cannot be kept
    Cancelled : the reporter asked to stop; all but the last batch of trials are kept
    """
    settings, started = settings or SearchSettings(), time.monotonic()
    judge, on_test = GoalEvaluator(validation, goal), GoalEvaluator(test, goal)
    # Before the map, so that a database that is away is known at once.
    trials = Trials(judge, settings.seed, study_name(judge, settings.seed), database_url)
    found = judge.map(progress)
    judge.best = on_test.best = references_of(judge, found)
    _require_values(judge, found)
    first = _first_trials(judge, found, starts)
    while len(trials) < settings.n_trials:
        progress("trying settings", len(trials), settings.n_trials)
        trials.batch(first, min(BATCH, settings.n_trials - len(trials)), settings.n_trials, progress)
        watch(_so_far(judge, found, trials.judged, settings.n_trials))
    progress("choosing among settings near the best")
    choice = choose(judge, found, trials.judged)
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
        n_users={each.engine.panel.role: each.n_shoppers for each in (judge, on_test)},
        panel_ids={each.engine.panel.role: each.engine.panel.panel_id for each in (judge, on_test)},
        validation=means(judge.lists(chosen), judge.facts),
        test=means(lists, on_test.facts),
        against_equal=differences(lists, on_test.lists(on_test.equal), on_test.facts),
        against_default=differences(lists, on_test.lists(own), on_test.facts),
        kept_on_validation=constraint_outcomes(judge, chosen),
        kept=constraint_outcomes(on_test, chosen),
        front_metrics=front_metrics(goal),
        front=_front(judge, found, trials.judged),
        seconds=time.monotonic() - started,
    )


def study_name(judge: GoalEvaluator, seed: int) -> str:
    """One name for one panel, goal and seed."""
    asked = json.dumps([judge.goal.as_json(), seed, VERSION], sort_keys=True)
    return f"weights {judge.engine.panel.panel_id} {hashlib.sha256(asked.encode()).hexdigest()[:16]}"


def _require_values(judge: GoalEvaluator, found: WeightMap) -> None:
    for metric in judge.goal.metrics:
        if np.isnan(found.means[metric]).all():
            raise SettingsError(
                f"{METRICS[metric].short} has no value for these shoppers, so it cannot be part of a goal here"
            )


def _first_trials(judge: GoalEvaluator, found: WeightMap, starts: Sequence[RankingSettings]) -> list[RankingSettings]:
    """Where to begin: known mixes, and the best of the map with more and more variety."""
    known = [FusionSettings(), NEW_SHOPPER_WEIGHTS, *(FusionSettings.only(name) for name in COMPONENTS)]
    inside = _apart(found, promising(judge, found).tolist(), 6)
    by_value = np.argsort(-np.nan_to_num(judge.goal.sign * found.means[judge.goal.metric], nan=-np.inf), kind="stable")
    bases = dict.fromkeys([*inside[:2], *_apart(found, by_value.tolist(), 2)])
    first = [judge.equal]
    first += [judge.ranking(each.fusion, each.diversity, each.method) for each in starts]
    first += [on_map(judge, found, point) for point in inside]
    first += [
        replace(on_map(judge, found, point), diversity=diversity, method=method)
        for point in bases
        for diversity in (0.1, 0.3)
        for method in DIVERSITY_METHODS
    ]
    return list(dict.fromkeys([*first, *(judge.ranking(each) for each in known)]))


def _apart(found: WeightMap, points: Sequence[int], n: int) -> list[int]:
    """The first points of an order that are a fifth of all weight apart from each other."""
    kept: list[int] = []
    weights = found.cells.weights
    for point in points:
        if all(np.abs(weights[point] - weights[other]).sum() >= 0.4 for other in kept):
            kept.append(point)
        if len(kept) == n:
            break
    return kept


def front_metrics(goal: Goal) -> tuple[str, str]:
    """What a chart of trade-offs shows: the metric to improve, and the first other one that the goal names."""
    others = [name for name in (*goal.metrics[1:], "ild", "ndcg") if name != goal.metric]
    return goal.metric, others[0]


def _front(judge: GoalEvaluator, found: WeightMap, trials: Sequence[GoalMeasurement]) -> tuple[FrontPoint, ...]:
    names = front_metrics(judge.goal)
    of_map = [
        FrontPoint(on_map(judge, found, point), *(float(found.means[name][point]) for name in names))
        for point in found.efficient(*names).tolist()
    ]
    points = of_map + [FrontPoint(each.settings, *(each.metrics[name] for name in names)) for each in trials]
    signs = [1 if METRICS[name].higher_is_better else -1 for name in names]
    points = [each for each in points if each.first == each.first and each.second == each.second]
    points.sort(key=lambda each: (-signs[0] * each.first, -signs[1] * each.second))
    front: list[FrontPoint] = []
    for each in points:
        if not front or signs[1] * each.second > signs[1] * front[-1].second:
            front.append(each)
    spread = np.linspace(0, len(front) - 1, min(len(front), MOST_FRONT_POINTS)).round().astype(int)
    return tuple(front[each] for each in spread.tolist())


def _so_far(judge: GoalEvaluator, found: WeightMap, trials: Sequence[GoalMeasurement], wanted: int) -> SoFar:
    inside = [each for each in trials if each.is_inside]
    best = max(inside, key=lambda each: judge.goal.sign * each.metrics[judge.goal.metric], default=None)
    return SoFar(len(trials), wanted, best, front_metrics(judge.goal), _front(judge, found, trials))
