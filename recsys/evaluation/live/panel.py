"""A panel: test shoppers with everything about them that no slider changes, held in memory-mapped arrays.

Standardised component scores are float32, as the evaluation by command has them: half precision would turn close pairs
round, and 16-bit codes whose close pairs are decided by exact scores were measured to be no faster. Where all scores
of all shoppers would be too large, a panel holds for each shopper the union of every component's best products, and for
each component the best score that was left out: so whether a list could differ is known for every shopper at every
setting (`engine.Measured.n_unproven`), not guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.eligibility import Shelf
from recsys.errors import ArtifactError
from recsys.evaluation.exposure import long_tail_mask
from recsys.evaluation.paired import ShopFacts
from recsys.scorers.base import FloatArray, IntArray, ScorerState
from recsys.scorers.context import ContextScorer
from recsys.settings import Context
from recsys.training.artifacts import Artifact, Kind, open_artifact

PANEL = Kind("shelfwise-panel", 1, "panel of test shoppers", "prepare", "prepared", "recsys panel")

ROLES = ("validation", "test")
"""Settings are chosen on the shoppers of the first, and reported on those of the second."""

N_BASELINE = 100
"""Length of the baselines' lists; the longest list that they can be compared on."""


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """Standardised component scores of every shopper; a *place* is a column of these arrays.

    Parameters
    ----------
    static : float32 of shape (n_users, n_components - 1, width), all components but context, in their order
    context : float32 of shape (n_users, width), in the circumstances that each shopper was in
    widths : int64 of shape (n_users,), how many places each shopper has
    rows : int32 of shape (n_users, width), catalogue row of each place, ascending, -1 beyond a shopper's last; or of
        shape (0, 0) where the panel holds the whole catalogue and places are rows
    cuts : float32 of shape (n_users, n_components), the best score of each component among the products left out,
        minus infinity where none is; or of shape (0, 0)
    """

    static: FloatArray
    context: FloatArray
    widths: NDArray[np.int64]
    rows: IntArray
    cuts: FloatArray

    @property
    def is_whole(self) -> bool:
        """Whether every product is held for every shopper."""
        return not self.rows.size


@dataclass(frozen=True, eq=False, slots=True)
class Ragged:
    """A few numbers a shopper: those of shopper u are values[starts[u] : starts[u + 1]].

    Parameters
    ----------
    starts : int64 of shape (n_users + 1,)
    values : int32
    """

    starts: NDArray[np.int64]
    values: IntArray


class Panel:
    """The shoppers of one role, opened; never changed, so all sessions may share it.

    Parameters
    ----------
    artifact : an opened panel folder
    role : "validation" or "test"
    """

    def __init__(self, artifact: Artifact, role: str) -> None:
        arrays, facts = artifact.arrays(role), artifact.manifest
        self.role = role
        self.panel_id = f"{artifact.model_id[:16]}-{role}"
        self.settings: Mapping[str, Any] = facts["settings"]
        self.data: Mapping[str, Any] = facts["data"]
        self.protocol = str(facts["protocol"])
        self.leak_check = str(facts["roles"][role]["leak_check"])
        self.n_skipped = int(facts["roles"][role]["n_skipped"])
        self.n_train_users = int(facts["roles"][role]["n_train_users"])
        self.scores = Scores(*(arrays[name] for name in ("static", "context", "widths", "rows", "cuts")))
        self.owned = Ragged(arrays["owned.starts"], arrays["owned.values"])
        self.relevant = Ragged(arrays["relevant.starts"], arrays["relevant.values"])
        self.baselines: dict[str, IntArray] = {name: arrays[f"baseline.{name}"] for name in facts["baselines"]}
        self.popularity = np.asarray(arrays["popularity"], np.float64)
        self.vectors: FloatArray = artifact.arrays("shop")["vectors"]
        self.items: pd.DataFrame = artifact.table("items").to_pandas()
        self.shoppers: pd.DataFrame = artifact.table(f"shoppers_{role}").to_pandas()
        self.shelf = Shelf.of(self.items)
        self.context_scorer = ContextScorer.from_state(
            ScorerState(artifact.arrays(f"context_{role}"), facts["roles"][role]["context"])
        )
        self.facts = ShopFacts(len(self.items), self.popularity, np.asarray(arrays["profile_popularity"], np.float64))
        self.tail = long_tail_mask(self.popularity)
        self.bits = np.log2((self.n_train_users + 1) / (self.popularity + 1))
        self.described: NDArray[np.bool_] = np.asarray((self.vectors != 0).any(1))

    def __len__(self) -> int:
        return len(self.shoppers)

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.items)

    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """The circumstances in which each shopper was asked for."""
        columns = ["daypart", "weekday", "season", "device", "region"]
        stated = self.shoppers[columns].astype(object).to_dict("records")
        moments = pd.to_datetime(self.shoppers["moment_s"], unit="s", utc=True)
        return tuple(
            Context(**{str(name): value or None for name, value in each.items()}, moment=moment.to_pydatetime())
            for each, moment in zip(stated, moments, strict=True)
        )

    def user_place(self, user_id: str) -> int | None:
        """Place of a shopper in the panel, or None."""
        places = np.flatnonzero(self.shoppers["user_id"].to_numpy(object) == user_id)
        return int(places[0]) if len(places) else None

    @classmethod
    def open(cls, folder: Path) -> tuple[Self, Self]:
        """The validation and the test shoppers of a folder; raises ArtifactError if it cannot be used."""
        artifact = open_artifact(Path(folder), PANEL)
        try:
            return cls(artifact, "validation"), cls(artifact, "test")
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            raise ArtifactError(
                f"{folder}: the parts of the panel do not fit together ({type(error).__name__}: {error}); "
                "prepare it again"
            ) from error
