"""Where the app keeps its shop, its model and its jobs."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Home:
    """The app's folder: `RECSYS_HOME`, or the platform's place for user data."""

    path: Path

    @classmethod
    def default(cls) -> Self:
        """The folder that this environment names."""
        named = os.environ.get("RECSYS_HOME")
        return cls(Path(named) if named else _user_data_folder() / "shelfwise")

    @property
    def data(self) -> Path:
        """Data folder of the shop."""
        return self.path / "data"

    @property
    def model(self) -> Path:
        """Model folder."""
        return self.path / "model"

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
