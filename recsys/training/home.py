"""Where the app keeps its shop, its model and its jobs."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Home:
    """The app's folder, and which model is in use.

    Parameters
    ----------
    path : the app's own folder, of the demo shop, its model and its jobs
    chosen_model : a model trained elsewhere that is opened instead of the demo shop's, or None
    """

    path: Path
    chosen_model: Path | None = None

    @classmethod
    def default(cls) -> Self:
        """The folders that this environment names: `RECSYS_HOME` and `RECSYS_MODEL`.

        Without the first it is the platform's place for user data.
        """
        home, model = os.environ.get("RECSYS_HOME"), os.environ.get("RECSYS_MODEL")
        return cls(Path(home) if home else _user_data_folder() / "shelfwise", Path(model) if model else None)

    @property
    def data(self) -> Path:
        """Data folder of the shop."""
        return self.path / "data"

    @property
    def model(self) -> Path:
        """Folder of the model in use."""
        return self.chosen_model or self.own_model

    @property
    def own_model(self) -> Path:
        """Folder of the demo shop's model; jobs write here, never into a model that was trained elsewhere."""
        return self.path / "model"

    @property
    def is_demo(self) -> bool:
        """Whether the model in use is the demo shop's; its hidden truth lies beside its data and is not opened here."""
        return self.chosen_model is None and (self.data / "hidden_truth.safetensors").exists()

    @property
    def job(self) -> Path:
        """State of the latest training job, as JSON."""
        return self.path / "job.json"


def _user_data_folder() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
