"""A panel: test shoppers with everything about them that no slider changes, held in memory-mapped arrays.

Standardised component scores are float32, as in `recsys evaluate`. Where they would be too large, a panel holds for
each shopper the union of every component's best products, and the best score of each component that was left out, so
whether a list could differ is known at every setting (`engine.LiveMetrics.unproven`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.artifacts.folder import Artifact, FolderKind, open_artifact
from recsys.data.splitting import Role
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.lists import ListFacts, long_tail_mask, product_facts
from recsys.evaluation.protocols.hold_out import contexts_of_panel
from recsys.evaluation.statistics.paired import ShopFacts
from recsys.ranking.batch import best_of_each
from recsys.ranking.eligibility import CandidateFilter
from recsys.ranking.rank import counting_without
from recsys.scorers import BASELINE_CLASSES
from recsys.scorers.base import FloatArray, IntArray, ScorerState
from recsys.scorers.context import ContextScorer
from recsys.settings import COMPONENTS, Context, FusionSettings

PANEL = FolderKind("shelfwise-panel", 6, "panel of test shoppers", "prepare", "prepared", "recsys panel")

ROLES: tuple[Role, ...] = ("validation", "test")
"""Settings are chosen on the shoppers of the first, and reported on those of the second."""

N_BASELINE = 100
"""Length of the baselines' lists; the longest list that they can be compared on."""

BASELINES = (*BASELINE_CLASSES, "collaborative")
"""Models that any setting has to beat: the simple ones, and the collaborative component alone."""

N_STATIC = len(COMPONENTS) - 1
"""Components that do not depend on circumstances: all but context, which comes last."""

LEAST_CANDIDATES = 200
"""Fewest best products of a component that are held, whatever the budget says: diversity chooses from a hundred."""


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """Standardised component scores of every shopper.

    Parameters
    ----------
    static : float32 of shape (n_users, n_components - 1, width), all components but context, in their order
    context : float32 of shape (n_users, width), in the circumstances that each shopper was in
    widths : int64 of shape (n_users,), how many columns each shopper has
    rows : int32 of shape (n_users, width), catalogue row of each column, ascending, -1 beyond a shopper's last; or of
        shape (0, 0) where the panel holds the whole catalogue and columns are rows
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

    def stacked(self) -> FloatArray:
        """All components in their order, copied: float32 of shape (n_users, n_components, width)."""
        return np.concatenate([self.static, self.context[:, None]], axis=1)


def holds_all(n_users: int, n_items: int, budget_bytes: int) -> bool:
    """Whether the scores of all products for so many shoppers fit in the budget of a role."""
    return n_users * n_items * len(COMPONENTS) * 4 <= budget_bytes


class PanelColumns:
    """The arrays of a panel, filled batch by batch; above the budget shoppers get every component's best products."""

    def __init__(self, n_users: int, n_items: int, budget_bytes: int) -> None:
        n_floats = len(COMPONENTS)
        self.n_items, self.n_best = n_items, n_items
        width = n_items
        if not holds_all(n_users, n_items, budget_bytes):
            width = budget_bytes // max(n_users * (n_floats + 1) * 4, 1)
            self.n_best = min(max(width // n_floats, LEAST_CANDIDATES), n_items)
            width = min(self.n_best * n_floats, n_items)
        self.is_whole = self.n_best == n_items
        self.static = np.zeros((n_users, N_STATIC, width), np.float32)
        self.context = np.zeros((n_users, width), np.float32)
        self.widths = np.full(n_users, width, np.int64)
        self.rows = np.empty((0, 0), np.int32) if self.is_whole else np.full((n_users, width), -1, np.int32)
        self.cuts = np.empty((0, 0), np.float32) if self.is_whole else np.empty((n_users, n_floats), np.float32)
        self.rounds = np.full(n_users, -1, np.int32)  # whose models ask about a shopper, -1 before
        self.baselines = {name: np.full((n_users, N_BASELINE), -1, np.int32) for name in BASELINES}
        self.profile_popularity = np.full(n_users, np.nan)
        self._seen: list[IntArray] = [np.empty(0, np.int32)] * n_users

    def put(self, users: Sequence[int], values: FloatArray, eligible: NDArray[np.bool_]) -> None:
        """Add the standardised scores of some shoppers, float32 of shape (n_users, n_components, n_items)."""
        for user, may in zip(users, eligible, strict=True):
            self._seen[user] = np.flatnonzero(~may).astype(np.int32)
        if self.is_whole:
            self.static[users], self.context[users] = values[:, :N_STATIC], values[:, N_STATIC]
            return
        held = best_of_each(values, eligible, self.n_best)
        for user, own, may, is_held in zip(users, values, eligible, held, strict=True):
            rows = np.flatnonzero(is_held)
            n = len(rows)
            self.widths[user] = n
            self.rows[user, :n] = rows
            self.static[user, :, :n], self.context[user, :n] = own[:N_STATIC, rows], own[N_STATIC, rows]
            left_out = may & ~is_held
            self.cuts[user] = own[:, left_out].max(axis=1) if left_out.any() else -np.inf

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays of a panel by name."""
        width = int(self.widths.max(initial=1))
        return {
            "static": np.ascontiguousarray(self.static[:, :, :width]),
            "context": np.ascontiguousarray(self.context[:, :width]),
            "widths": self.widths,
            "rows": np.ascontiguousarray(self.rows[:, :width]),
            "cuts": self.cuts,
            "rounds": self.rounds,
            "owned.starts": np.cumsum([0, *map(len, self._seen)]).astype(np.int64),
            "owned.values": np.concatenate([np.empty(0, np.int32), *self._seen]),
            **{f"baseline.{name}": ranked for name, ranked in self.baselines.items()},
            "profile_popularity": self.profile_popularity,
        }


@dataclass(frozen=True, eq=False, slots=True)
class Ragged:
    """A few numbers a shopper: those of shopper u are values[starts[u] : starts[u + 1]].

    `starts`: int64 of shape (n_users + 1,); `values`: int32.
    """

    starts: NDArray[np.int64]
    values: IntArray

    def row(self, user: int) -> IntArray:
        """The numbers of one shopper."""
        return self.values[self.starts[user] : self.starts[user + 1]]

    def of(self, users: NDArray[np.intp]) -> "Ragged":
        """The numbers of some shoppers, in their order.

        >>> some = Ragged(np.array([0, 2, 2, 3]), np.array([7, 8, 9], np.int32)).of(np.array([2, 0]))
        >>> some.starts.tolist(), some.values.tolist()
        ([0, 1, 3], [9, 7, 8])
        """
        own = [self.row(user) for user in users.tolist()]
        starts = np.cumsum([0, *map(len, own)]).astype(np.int64)
        return Ragged(starts, np.concatenate([np.empty(0, np.int32), *own]).astype(np.int32))


@dataclass(frozen=True, eq=False)
class Panel:
    """The shoppers of one role; never changed, so all sessions may share it.

    Whoever is asked about at several moments (validation of a split by time) has a row for each.

    Parameters
    ----------
    panel_id : names the content, of both roles together, and the role
    settings : what was held out, and how much memory the scores may take
    data : name, fingerprint, encoder_id
    n_skipped, n_train_users : shoppers who could not be tested, and shoppers with a training interaction
    seen : item rows that each shopper has, or may not be shown because only new products are ranked
    relevant : item rows that each shopper is to find
    baselines : int32 of shape (n_users, N_BASELINE) by name, item rows, best first, padded with -1
    popularity : float64 of shape (n_items,), in how many shoppers' training histories each product is
    profile_popularity : float64 of shape (n_users,), mean popularity of each shopper's history, NaN without one
    vectors : float32 of shape (n_items, n_dims), unit length, in the encoder's own space; zeros without words
    items : the catalogue
    shoppers : one row a shopper: user_id, n_train, activity, top_category, home, the circumstances, moment_s
    rounds : int32 of shape (n_users,), index in `context_scorers` of the models that ask about each shopper
    context_scorers : the fitted context components, for other circumstances; one a round
    clicks : how likely each shopper clicks each product
    weights : of every set of components, by `training.weights.name_of`, as validation shoppers chose them by nDCG@10
        for the whole catalogue; empty where they were too few, or the scores are others
    """

    role: str
    panel_id: str
    settings: Mapping[str, Any]
    data: Mapping[str, Any]
    protocol: str
    leak_check: str
    n_skipped: int
    n_train_users: int
    scores: Scores
    seen: Ragged
    relevant: Ragged
    baselines: Mapping[str, IntArray]
    popularity: NDArray[np.float64]
    profile_popularity: NDArray[np.float64]
    vectors: FloatArray
    items: pd.DataFrame
    shoppers: pd.DataFrame
    rounds: IntArray
    context_scorers: tuple[ContextScorer, ...]
    clicks: ClickProbabilities = field(default_factory=ClickProbabilities)
    weights: Mapping[str, FusionSettings] = field(default_factory=dict)

    @classmethod
    def of(cls, artifact: Artifact, role: str) -> Self:
        """One role of an opened panel folder."""
        arrays, facts = artifact.arrays(role), artifact.manifest
        own = facts["roles"][role]
        contexts = tuple(
            ContextScorer.from_state(ScorerState(artifact.arrays(f"context_{role}_{number}"), meta))
            for number, meta in enumerate(own["contexts"])
        )
        return cls(
            role=role,
            panel_id=f"{artifact.model_id[:16]}-{role}",
            settings=facts["settings"],
            data=facts["data"],
            protocol=str(facts["protocol"]),
            leak_check=str(own["leak_check"]),
            n_skipped=int(own["n_skipped"]),
            n_train_users=int(own["n_train_users"]),
            scores=Scores(*(arrays[name] for name in ("static", "context", "widths", "rows", "cuts"))),
            seen=Ragged(arrays["owned.starts"], arrays["owned.values"]),
            relevant=Ragged(arrays["relevant.starts"], arrays["relevant.values"]),
            baselines={name: arrays[f"baseline.{name}"] for name in facts["baselines"]},
            popularity=np.asarray(arrays["popularity"], np.float64),
            profile_popularity=np.asarray(arrays["profile_popularity"], np.float64),
            vectors=artifact.arrays("shop")["vectors"],
            items=artifact.table("items").to_pandas(),
            shoppers=artifact.table(f"shoppers_{role}").to_pandas(),
            rounds=arrays["rounds"],
            context_scorers=contexts,
            clicks=ClickProbabilities.of(arrays, facts["clicks"]),
            weights={name: FusionSettings(**each) for name, each in facts["weights"].items()},
        )

    def with_scores(self, scores: Scores) -> Self:
        """The same shoppers with other scores, by which nobody has chosen weights yet."""
        return replace(self, scores=scores, weights={})

    def counting(self, users: Sequence[int] | NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        """The products that shoppers' scales rest on, bool of shape (n_users, n_items)."""
        return np.stack([counting_without(self.seen.row(int(user)), self.n_items) for user in users])

    @cached_property
    def candidate_filter(self) -> CandidateFilter:
        """What filters read of the catalogue."""
        return CandidateFilter.of(self.items)

    @cached_property
    def facts(self) -> ShopFacts:
        """Facts that metrics of all lists together need."""
        modelled = frozenset(["ctr"] if self.clicks.source in ("log", "reviews") else [])
        shoppers, _ = pd.factorize(self.shoppers["user_id"])
        return ShopFacts(self.n_items, self.popularity, self.profile_popularity, modelled, shoppers)

    def n_shoppers(self, users: NDArray[np.intp] | NDArray[np.bool_] | None = None) -> int:
        """Each once, in however many windows they are asked; of some rows, or of all."""
        ids = self.shoppers["user_id"]
        return int((ids if users is None else ids[users]).nunique())

    @cached_property
    def tail(self) -> NDArray[np.bool_]:
        """Whether each product belongs to the long tail, bool of shape (n_items,)."""
        return long_tail_mask(self.popularity)

    @cached_property
    def _products(self) -> NDArray[np.float64]:
        return product_facts(self.popularity, self.n_train_users, self.tail, self.vectors)

    def list_facts(self, clicks: ClickProbabilities | None = None) -> ListFacts:
        """Facts that metrics of lists need; clicks are the panel's own unless others are given."""
        held, relevant, clicks = self.scores, self.relevant, clicks or self.clicks
        known = (relevant.starts, relevant.values, self.baselines["popularity"], self._products, self.vectors)
        return ListFacts(*known, clicks.attraction, clicks.odds, clicks.seen, held.widths, held.rows)

    def __len__(self) -> int:
        return len(self.shoppers)

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.items)

    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """The circumstances in which each shopper was asked for."""
        return contexts_of_panel(self.shoppers)

    def position(self, user_id: str) -> int | None:
        """Position of a shopper in the panel, or None."""
        positions = np.flatnonzero(self.shoppers["user_id"].to_numpy(object) == user_id)
        return int(positions[0]) if len(positions) else None

    def only(self, rows: NDArray[np.intp]) -> Self:
        """Some of the shoppers, given by rows; how likely they click is left out."""
        held = self.scores
        places, cuts = (held.rows, held.cuts) if held.is_whole else (held.rows[rows], held.cuts[rows])
        scores = Scores(held.static[rows], held.context[rows], held.widths[rows], places, cuts)
        return replace(
            self,
            scores=scores,
            seen=self.seen.of(rows),
            relevant=self.relevant.of(rows),
            baselines={name: ranked[rows] for name, ranked in self.baselines.items()},
            profile_popularity=self.profile_popularity[rows],
            shoppers=self.shoppers.iloc[rows].reset_index(drop=True),
            rounds=self.rounds[rows],
            clicks=ClickProbabilities(),
        )

    @classmethod
    def open(cls, folder: Path) -> tuple[Self, Self]:
        """The validation and the test shoppers of a folder; raises ArtifactError if it cannot be used."""
        artifact = open_artifact(Path(folder), PANEL)
        with artifact.restored():
            return cls.of(artifact, "validation"), cls.of(artifact, "test")
