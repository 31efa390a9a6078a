"""Folders of the app: its shop, its model and its jobs."""

import os
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from recsys.errors import InputError
from recsys.schema import ITEMS


@dataclass(frozen=True, slots=True)
class AppPaths:
    """The app's folders.

    `path`: the app's own folder, of the demo shop, its model and its jobs.
    `chosen_model`: a model trained elsewhere that is opened instead of the demo shop's, or None.
    `chosen_data`: the data folder that this model was trained on, or None where it is not known.
    """

    path: Path
    chosen_model: Path | None = None
    chosen_data: Path | None = None

    @classmethod
    def default(cls) -> Self:
        """Folders from `RECSYS_HOME` (else the platform's folder of user data), `RECSYS_MODEL` and `RECSYS_DATA`."""
        home, model, data = (os.environ.get(f"RECSYS_{name}") for name in ("HOME", "MODEL", "DATA"))
        return cls(
            Path(home) if home else _user_data_folder() / "shelfwise",
            Path(model) if model else None,
            Path(data) if data else None,
        )

    @property
    def data(self) -> Path:
        """Data folder of the demo shop."""
        return self.path / "data"

    @property
    def shop_data(self) -> Path | None:
        """Data folder of the shop whose model is in use, or None where it is not known."""
        return self.chosen_data or (self.data if self.chosen_model is None else None)

    def require_data(self) -> Path:
        """The same, absolute, or InputError where it is not known or holds no shop."""
        data = self.shop_data
        if data is None:
            raise InputError(
                "nobody said which data folder this model was trained on; start the dashboard with RECSYS_DATA=DIR"
            )
        if not (data / ITEMS.file).is_file():
            raise InputError(f"{data} holds no {ITEMS.file}; set RECSYS_DATA to the data folder of this shop")
        return data.absolute()

    def panel(self, split: str) -> Path:
        """Folder of the test shoppers of the shop in use under a split."""
        return self.path / "panels" / f"{self._shop}-{split}"

    @property
    def judged_log(self) -> Path:
        """Folder of the logged evaluation set of the shop in use."""
        return self.path / "logs" / self._shop

    @property
    def _shop(self) -> str:
        return "demo" if self.shop_data == self.data else sha256(str(self.shop_data).encode()).hexdigest()[:12]

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


def _user_data_folder() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
