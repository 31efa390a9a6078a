"""Trials of a search: where the next ones lie (Optuna), and where they are kept so that nothing is tried twice.

A search asks for trials in batches. What is sampled in a batch follows from the seed and from the trials before it, and
is kept when the batch is done; so a search that was killed goes on from its last batch as if nothing had happened.
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
from threadpoolctl import threadpool_limits

from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS, DIVERSITY_METHODS, FusionSettings, RankingSettings
from recsys.store.addresses import is_sqlite, read_address
from recsys.store.database import DRIVER_ERRORS, store_error
from recsys.tuning.goal_evaluation import GoalEvaluator, GoalMeasurement

if TYPE_CHECKING:
    import optuna

BATCH = 10
"""Trials that are sampled and kept together."""

GAUSSIAN_TRIALS = 100
"""So many trials are placed by a Gaussian process, later ones by TPE, whose cost does not grow with the cube of them.

Tried on the demo shop with three seeds and two goals, both with the same first trials: best nDCG with variety and
coverage no lower than with equal weights reached 0.0446 to 0.0455 in 60 trials (TPE 0.0421 to 0.0430 in 200, NSGA-II
0.0421), and most novelty with nDCG no lower reached 6.190 (TPE 6.140 to 6.174 in 200).
"""

_BUSY_S = 20


def to_params(settings: RankingSettings) -> dict[str, Any]:
    """Where settings lie in the space that is sampled.

    The context strength is the share of the context component. The mix of the other three is sampled by two numbers
    that are uniform on their triangle: (1 - collaborative)^2, and content's part of what collaborative leaves.
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
    """The weights that parameters stand for, in whole percent."""
    rest = 1 - params["context_strength"]
    collaborative = 1 - params["apart_from_others"] ** 0.5
    content = (1 - collaborative) * params["content_part"]
    shares = (rest * share for share in (collaborative, content, 1 - collaborative - content))
    # Sums may miss 0 by a rounding error.
    mix = (*(max(share, 0.0) for share in shares), params["context_strength"])
    return FusionSettings(**dict(zip(COMPONENTS, mix, strict=True))).in_percent()


class Trials:
    """The trials of one search, in memory and, where a database is named, there as well.

    Parameters
    ----------
    judge : what measures a trial
    seed : of the sampling
    name : of the study; one name, one search
    database_url : as `RECSYS_DATABASE_URL` holds it; None keeps nothing

    Raises
    ------
    SettingsError : the address names no database that can be used
    StoreUnavailable : the database cannot be reached
    StoreError : it cannot be used as it is
    """

    def __init__(self, judge: GoalEvaluator, seed: int, name: str, database_url: str | None = None) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        self._judge, self._seed = judge, seed
        self._done: list[optuna.trial.FrozenTrial] = []
        self._url = None if database_url is None else read_address(database_url)
        self._kept: optuna.Study | None = None
        self.judged: list[GoalMeasurement] = []
        if self._url is not None:
            with self._told():
                self._kept = _open(self._url, name)
                self._done = [_plain(trial) for trial in self._kept.get_trials(deepcopy=False)]
            self.judged = [self._read(trial) for trial in self._done]

    def __len__(self) -> int:
        return len(self.judged)

    def batch(self, starts: Sequence[RankingSettings], n: int, wanted: int, progress: Progress = silent) -> None:
        """Try a few settings more and keep them: first those that are to be tried anyway, then sampled ones.

        Parameters
        ----------
        starts : of the whole search, in order
        n : how many now
        wanted : how many there will be in all, for the reporter
        """
        import optuna

        # Made anew from what is kept, so that going on is the same as never having stopped.
        study = optuna.create_study(
            direction="maximize", sampler=_sampler((self._seed * 1_000_003 + len(self)) % 2**32, len(self))
        )
        study.add_trials(self._done)
        for settings in starts[len(self) : len(self) + n]:
            study.enqueue_trial(to_params(settings))
        new: list[GoalMeasurement] = []
        with _one_thread():
            for _ in range(n):
                trial = study.ask()
                judged = self._judge.judge(self._suggested(trial))
                for constraint, room in zip(self._judge.goal.constraints, judged.rooms, strict=True):
                    trial.set_constraint(f"{constraint.metric} {constraint.at_least}", -room)
                trial.set_user_attr("metrics", json.dumps(dict(judged.metrics)))
                trial.set_user_attr("rooms", list(judged.rooms))
                value = self._judge.goal.sign * judged.metrics[self._judge.goal.metric]
                study.tell(trial, value if value == value else -1e6)
                new.append(judged)
                progress("trying settings", len(self) + len(new), wanted)
        done = [_plain(trial) for trial in study.get_trials(deepcopy=False)[len(self) :]]
        if self._kept is not None:
            with self._told():
                self._kept.add_trials(done)
        self._done += done
        self.judged += new

    def _suggested(self, trial: "optuna.Trial") -> RankingSettings:
        params = {
            "context_strength": trial.suggest_float("context_strength", 0, 1),
            "apart_from_others": trial.suggest_float("apart_from_others", 0, 1),
            "content_part": trial.suggest_float("content_part", 0, 1),
        }
        diversity = round(trial.suggest_float("diversity", 0, 1), 2)
        method = str(trial.suggest_categorical("method", DIVERSITY_METHODS))
        return self._judge.ranking(to_fusion(params), diversity, method)

    def _read(self, trial: "optuna.trial.FrozenTrial") -> GoalMeasurement:
        params = trial.params
        settings = self._judge.ranking(to_fusion(params), round(params["diversity"], 2), params["method"])
        return GoalMeasurement(settings, json.loads(trial.user_attrs["metrics"]), tuple(trial.user_attrs["rooms"]))

    @contextmanager
    def _told(self) -> Iterator[None]:
        from optuna.exceptions import StorageInternalError

        try:
            yield
        except (StorageInternalError, *DRIVER_ERRORS) as error:
            assert self._url is not None
            raise store_error(_cause(error), self._url) from error


def _cause(error: Exception) -> Exception:
    """What the database itself said: Optuna wraps some of it."""
    cause = error.__cause__
    return cause if isinstance(cause, DRIVER_ERRORS) else error


def _sampler(seed: int, n_before: int) -> "optuna.samplers.BaseSampler":
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is experimental
        if n_before < GAUSSIAN_TRIALS:
            return optuna.samplers.GPSampler(seed=seed, n_startup_trials=0)
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=0)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Small matrices are many times slower on threads that wait for each other, most of all on a busy machine."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(n_threads)


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
