"""Trials of a search, sampled by Optuna and stored in a database.

A batch follows from the seed and the trials before it and is stored when it is done, so a search that was killed goes
on as if nothing had happened.
"""

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from recsys.parallel import one_thread
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS, DIVERSITY_METHODS, FusionSettings, RankingSettings
from recsys.store.addresses import is_sqlite, read_address
from recsys.store.database import DRIVER_ERRORS, store_error
from recsys.tuning.goal_evaluation import GoalEvaluator, GoalMeasurement

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
                for constraint, room in zip(self._evaluator.goal.constraints, measured.rooms, strict=True):
                    trial.set_constraint(f"{constraint.metric} {constraint.at_least}", -room)
                trial.set_user_attr("metrics", json.dumps(dict(measured.metrics)))
                trial.set_user_attr("rooms", list(measured.rooms))
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
        """What a stored trial measured."""
        metrics, rooms = (trial.user_attrs[name] for name in ("metrics", "rooms"))
        return GoalMeasurement(self._settings(trial.params), json.loads(metrics), tuple(rooms))

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
    """A trial without what only the sampler that drew it knows, its parts in order: a database gives them in any."""
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
