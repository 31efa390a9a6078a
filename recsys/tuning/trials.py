"""Trials of a search, sampled by Optuna and stored in a database, and the choice among what was measured.

A batch follows from the seed and the trials before it and is stored when it is done, so a search that was killed goes
on as if nothing had happened.

The best of hundreds of noisy means is partly lucky. So of the settings within one standard error of the best, shopper
by shopper (Breiman, Friedman, Olshen & Stone 1984, Classification and Regression Trees, section 3.4.3), the one nearest
to their centre is taken. Chosen on a random half of the validation shoppers and measured on the other half, 60 times,
that gained 0.0087 nDCG over equal weights on the demo shop, where the best point gained 0.0060, and 0.0142 against
0.0138 on Steam; for new shoppers and for evenings on mobile 0.0164 and 0.0128 against 0.0080 and 0.0094. The centre of
all points that a simultaneous test leaves in (`paired.tied_with_best`), the most even point and the best of a smoothed
map each did worse somewhere.
"""

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from recsys.parallel import one_thread
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS, DIVERSITY_METHODS, FusionSettings, RankingSettings
from recsys.store.addresses import is_sqlite, read_address
from recsys.store.database import DRIVER_ERRORS, store_error
from recsys.tuning.goals import GoalEvaluator, GoalMeasurement
from recsys.tuning.weight_map import WeightMap

if TYPE_CHECKING:
    import optuna

BATCH = 10
"""Trials that are sampled and stored together."""

GAUSSIAN_TRIALS = 100
"""So many trials are placed by a Gaussian process, later ones by TPE, whose cost does not grow with the cube of them.

Tried on the demo shop with three seeds and two goals, both with the same first trials: best nDCG with variety and
coverage no lower than with equal weights reached 0.0446 to 0.0455 in 60 trials (TPE 0.0421 to 0.0430 in 200, NSGA-II
0.0421), and most novelty with nDCG no lower reached 6.190 (TPE 6.140 to 6.174 in 200).
"""

MOST_COMPARED = 400
"""So many settings are compared with the best one, shopper by shopper."""

_BUSY_S = 20


def to_params(settings: RankingSettings) -> dict[str, Any]:
    """Parameters of settings, as they are sampled.

    Beside the share of the context component, the mix of the other three is given by two numbers that are uniform on
    their triangle: (1 - collaborative)^2, and content's part of what collaborative leaves.
    """
    shares = settings.fusion.normalised()
    rest = 1 - shares["context"]
    collaborative = shares["collaborative"] / rest if rest > 0 else 1 / 3
    others = shares["content"] + shares["semantic"]
    return {
        "context_strength": min(max(shares["context"], 0.0), 1.0),
        "apart_from_others": min((1 - collaborative) ** 2, 1.0),
        "content_part": min(shares["content"] / others, 1.0) if others > 0 else 0.5,
        "diversity": settings.diversity,
        "method": settings.method,
    }


def to_fusion(params: dict[str, Any]) -> FusionSettings:
    """The weights of parameters as `to_params` gives them, in whole percent."""
    rest = 1 - params["context_strength"]
    collaborative = 1 - params["apart_from_others"] ** 0.5
    content = (1 - collaborative) * params["content_part"]
    shares = (rest * share for share in (collaborative, content, 1 - collaborative - content))
    # Sums may miss 0 by a rounding error.
    mix = (*(max(share, 0.0) for share in shares), params["context_strength"])
    return FusionSettings(**dict(zip(COMPONENTS, mix, strict=True))).in_percent()


class Trials:
    """The trials of one search, stored under the study's name where a database is named, as `RECSYS_DATABASE_URL` is.

    Raises SettingsError: the address names no database that can be used; StoreUnavailable: the database cannot be
    reached; StoreError: it cannot be used as it is.
    """

    def __init__(self, evaluator: GoalEvaluator, seed: int, name: str, database_url: str | None = None) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        self._evaluator, self._seed = evaluator, seed
        self._url = None if database_url is None else read_address(database_url)
        with self._store_errors():
            self._stored = optuna.create_study(direction="maximize") if self._url is None else _open(self._url, name)
            self._done = [_plain(trial) for trial in self._stored.get_trials(deepcopy=False)]
        self.measured = [self._measurement(trial) for trial in self._done]

    def __len__(self) -> int:
        return len(self.measured)

    def batch(self, starts: Sequence[RankingSettings], n: int, wanted: int, progress: Progress = silent) -> None:
        """Measure n settings more and store them: first those of `starts` that are left, then sampled ones.

        `starts`: of the whole search, in order; `wanted`: how many there will be in all, for the reporter.
        """
        import optuna

        # Made anew from what is stored, so that going on is the same as never having stopped.
        study = optuna.create_study(
            direction="maximize", sampler=_sampler((self._seed * 1_000_003 + len(self)) % 2**32, len(self))
        )
        study.add_trials(self._done)
        for settings in starts[len(self) : len(self) + n]:
            study.enqueue_trial(to_params(settings))
        with one_thread():
            for number in range(len(self) + 1, len(self) + n + 1):
                trial = study.ask()
                for name in ("context_strength", "apart_from_others", "content_part", "diversity"):
                    trial.suggest_float(name, 0, 1)
                trial.suggest_categorical("method", DIVERSITY_METHODS)
                measured = self._evaluator.measure(self._settings(trial.params))
                for constraint, slack in zip(self._evaluator.goal.constraints, measured.slacks, strict=True):
                    trial.set_constraint(f"{constraint.metric} {constraint.at_least}", -slack)
                trial.set_user_attr("metrics", json.dumps(dict(measured.metrics)))
                trial.set_user_attr("rooms", list(measured.slacks))
                study.tell(trial, max(self._evaluator.value(measured), -1e6))
                progress("trying settings", number, wanted)
        done = [_plain(trial) for trial in study.get_trials(deepcopy=False)[len(self) :]]
        with self._store_errors():
            self._stored.add_trials(done)
        self._done += done
        self.measured += [self._measurement(trial) for trial in done]

    def _settings(self, params: dict[str, Any]) -> RankingSettings:
        return self._evaluator.ranking(to_fusion(params), round(params["diversity"], 2), params["method"])

    def _measurement(self, trial: "optuna.trial.FrozenTrial") -> GoalMeasurement:
        metrics, slacks = (trial.user_attrs[name] for name in ("metrics", "rooms"))
        return GoalMeasurement(self._settings(trial.params), json.loads(metrics), tuple(slacks))

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        from optuna.exceptions import StorageInternalError

        try:
            yield
        except (StorageInternalError, *DRIVER_ERRORS) as error:
            assert self._url is not None
            # Optuna wraps some of what the database itself said.
            cause = error.__cause__ if isinstance(error.__cause__, DRIVER_ERRORS) else error
            raise store_error(cause, self._url) from error


def _sampler(seed: int, n_before: int) -> "optuna.samplers.BaseSampler":
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is experimental
        if n_before < GAUSSIAN_TRIALS:
            return optuna.samplers.GPSampler(seed=seed, n_startup_trials=0)
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=0)


def _plain(trial: "optuna.trial.FrozenTrial") -> "optuna.trial.FrozenTrial":
    """A trial without what only its sampler knows, its parts in order: a database gives them in any."""
    import optuna

    return optuna.trial.create_trial(
        value=trial.value,
        params=dict(sorted(trial.params.items())),
        distributions=dict(sorted(trial.distributions.items())),
        user_attrs=trial.user_attrs,
        constraints=dict(sorted(trial.constraints.items())),
    )


def _open(url: URL, name: str) -> "optuna.Study":
    import optuna

    options: dict[str, Any] = {"hide_parameters": True}
    if is_sqlite(url):
        with suppress(OSError):  # opening the file says what is wrong
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        options |= {"poolclass": NullPool, "connect_args": {"timeout": _BUSY_S}}
    else:
        options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": 3, "application_name": "shelfwise"}}
    storage = optuna.storages.RDBStorage(url.render_as_string(hide_password=False), engine_kwargs=options)
    return optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)


def references_of(evaluator: GoalEvaluator, found: WeightMap) -> dict[str, RankingSettings]:
    """By metric, the best settings on the map, for each constraint against the best."""
    wanted = {each.metric for each in evaluator.goal.constraints if each.against == "best"}
    points = {name: found.best(name) for name in sorted(wanted)}
    return {name: evaluator.at_point(found, point) for name, point in points.items() if point >= 0}


def promising(evaluator: GoalEvaluator, found: WeightMap) -> NDArray[np.intp]:
    """Points of the map that meet the constraints on average, the best first; all, the nearest first, if none does."""
    broken, value = np.zeros(len(found.cells.weights)), evaluator.values(found)
    for constraint in evaluator.goal.constraints:
        against = evaluator.reference(constraint)
        values = found.means[constraint.metric]
        reference = np.nan if against is None else evaluator.measure(against).metrics[constraint.metric]
        slack = np.array([constraint.slack(value, reference) for value in values.tolist()])
        spread = max(float(np.nanstd(values)), 1e-12)
        broken += np.maximum(-np.nan_to_num(slack, nan=-1e6) / spread, 0.0)
    inside = np.flatnonzero(broken <= 1e-9)
    if len(inside):
        return inside[np.argsort(-value[inside], kind="stable")]
    return np.lexsort((-value, broken))


def choose(
    evaluator: GoalEvaluator, found: WeightMap, trials: Sequence[GoalMeasurement]
) -> tuple[GoalMeasurement, int]:
    """One of all points of the map and all trials, and how many are within one standard error of the best, with it.

    Where no settings meet the constraints with the margin, those that come nearest to it are taken.
    """
    known, values = {each.settings: each for each in trials}, evaluator.values(found)
    best = evaluator.best_inside(trials)
    for point in promising(evaluator, found)[:MOST_COMPARED].tolist():
        # The map is in order, so once a point is too far behind the best to be tied with it, the others are, too.
        if best and evaluator.value(best) - values[point] > _reach(evaluator, best):
            break
        settings = evaluator.at_point(found, point)
        if settings not in known:
            known[settings] = evaluator.measure(settings)
        if known[settings].is_inside and (best is None or evaluator.value(known[settings]) > evaluator.value(best)):
            best = known[settings]
    if best is None:
        return max(known.values(), key=lambda each: _shortfall(evaluator, each)), 1
    tied = _tied(evaluator, best, [each for each in known.values() if each.is_inside and each is not best])
    return _middle(tied), len(tied)


def _shortfall(evaluator: GoalEvaluator, measured: GoalMeasurement) -> float:
    """How much is missing, at most 0; constraints are weighed by the size of their bound."""
    missing = 0.0
    for constraint, slack in zip(evaluator.goal.constraints, measured.slacks, strict=True):
        size = abs(measured.metrics[constraint.metric] - slack)
        missing += min(slack, 0.0) / (size if size > 1e-9 else 1.0)
    return missing


def _reach(evaluator: GoalEvaluator, best: GoalMeasurement) -> float:
    """How far behind the best a tied setting can be: settings of the same shoppers differ less than strangers do."""
    return 1.5 * evaluator.gap(evaluator.lists(best.settings), evaluator.nothing, evaluator.goal.metric)[1]


def _tied(evaluator: GoalEvaluator, best: GoalMeasurement, others: Sequence[GoalMeasurement]) -> list[GoalMeasurement]:
    lists, reach, tied = evaluator.lists(best.settings), _reach(evaluator, best), [best]
    for other in others:
        if evaluator.value(best) - evaluator.value(other) > reach:
            continue
        gap, error = evaluator.gap(lists, evaluator.lists(other.settings), evaluator.goal.metric)
        if evaluator.goal.sign * gap <= error:
            tied.append(other)
    return tied


def _middle(tied: Sequence[GoalMeasurement]) -> GoalMeasurement:
    """The one nearest to the centre of those that re-rank for variety as the best one does, or do not re-rank."""
    method = tied[0].settings.method if tied[0].settings.diversity else None
    alike = [each for each in tied if not each.settings.diversity or method in (None, each.settings.method)]
    points = np.array(
        [[*each.settings.fusion.normalised().values(), each.settings.diversity] for each in alike], np.float64
    )
    return alike[int(np.square(points - points.mean(axis=0)).sum(axis=1).argmin())]
