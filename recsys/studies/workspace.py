"""What the experiments on one shop share: their settings, and the test shoppers, prepared once."""

import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from recsys.data.dataset import Dataset
from recsys.data.splitting import Split
from recsys.errors import SettingsError
from recsys.evaluation.protocols.hold_out import EvaluationSettings, SplitName, split_of
from recsys.evaluation.protocols.rewinds import Rewind
from recsys.offpolicy.logged_set import LoggedEvaluationSet, open_or_build_logged_set
from recsys.panel.build import BUDGET_BYTES, PanelSettings, open_or_build
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import ROLES, holds_all
from recsys.progress import Progress, silent
from recsys.settings import FusionSettings


@dataclass(frozen=True, slots=True)
class ExperimentSettings(EvaluationSettings):
    """How test shoppers are held out and measured; `weights` is another mix to measure, where a study takes one."""

    split: SplitName = "last"
    weights: FusionSettings | None = None

    def as_json(self) -> dict[str, str | int]:
        """The settings by name; weights in the form of `parse_weights`, and only where there are any."""
        saved = {name: getattr(self, name) for name in ("split", "min_interactions", "k", "seed")}
        if self.weights is not None:
            shares = self.weights.normalised().items()
            saved["weights"] = ",".join(f"{name}={share:.6g}" for name, share in shares if share)
        return saved


@dataclass
class Workspace:
    """A data folder, and a folder beside it for what is prepared; used as a context manager.

    What is prepared in `work_folder` is found again by a later run; None keeps it until the end.
    """

    data_folder: Path
    work_folder: Path | None = None
    _engines: dict[PanelSettings, tuple[LiveEngine, LiveEngine]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        if self.work_folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="shelfwise-experiment-")
            self.work_folder = Path(self._temporary.name)
        return self

    def __exit__(self, *error: object) -> None:
        self._engines.clear()
        if hasattr(self, "_temporary"):
            self._temporary.cleanup()

    @cached_property
    def data(self) -> Dataset:
        return Dataset.read(self.data_folder)

    def facts(self) -> dict[str, Any]:
        """What identifies the data in a report."""
        names = ("name", "fingerprint", "n_items", "n_users", "n_reviews")
        return {name: getattr(self.data, name) for name in names} | {"n_positives": len(self.data.positives())}

    def split(self, settings: EvaluationSettings) -> tuple[Dataset, Split]:
        """The data of a study, and how they are held out; raises as `split_of` does."""
        data = self.data.core(settings.min_interactions)
        return data, split_of(data, settings)

    def engines(
        self, split: str, min_interactions: int, seed: int, progress: Progress = silent
    ) -> tuple[LiveEngine, LiveEngine]:
        """Validation and test shoppers of one way of holding out; raises as `build_panel` does."""
        settings = PanelSettings.of(split, min_interactions, seed)
        if settings not in self._engines:
            folder = self._folder("panel", split, min_interactions, seed)
            validation, test = open_or_build(self.data_folder, folder, settings, self.data.fingerprint, progress)
            self._engines[settings] = LiveEngine(validation), LiveEngine(test)
        return self._engines[settings]

    def judged_log(self, min_interactions: int, k: int, seed: int, progress: Progress = silent) -> LoggedEvaluationSet:
        """The later half of the shop's log as a logged evaluation set; raises as `open_or_build_logged_set` does."""
        settings = EvaluationSettings("last", min_interactions, k, seed)
        folder = self._folder("log", min_interactions, k, seed)
        return open_or_build_logged_set(self.data_folder, folder, settings, self.data.fingerprint, progress)

    def _folder(self, *names: str | int) -> Path:
        assert self.work_folder is not None, "use the workspace as a context manager"
        return self.work_folder / "-".join(map(str, names))


def require_all_scores(held_out: Split | Rewind, n_items: int, why: str) -> None:
    """Raise SettingsError, before any work, where the scores of all products for all shoppers do not fit in memory.

    `why`: what needs them, as the end of a sentence
    """
    for role in ROLES:
        n_users = held_out.n_asked(role)
        if not holds_all(n_users, n_items, BUDGET_BYTES):
            raise SettingsError(
                f"the scores of all {n_items:,} products for all {n_users:,} {role} shoppers do not fit in "
                f"memory, and {why}; raise --min-interactions"
            )
