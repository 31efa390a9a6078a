"""What a panel holds of every shopper of one role: scores of all of the catalogue, or of each component's best."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.panel.panel import N_BASELINE
from recsys.scorers.base import FloatArray, IntArray
from recsys.settings import COMPONENTS

N_STATIC = len(COMPONENTS) - 1
"""Components that do not depend on circumstances: all but context, which comes last."""

LEAST_CANDIDATES = 200
"""Fewest best products of a component that are held, whatever the budget says: diversity chooses from a hundred."""


class PanelColumns:
    """Collects what is known of all shoppers, one at a time.

    Parameters
    ----------
    n_users, n_items : shoppers and products
    budget_bytes : most that the scores may take; above it each shopper gets the union of the components' best
    baselines : names of models whose lists are held
    """

    def __init__(self, n_users: int, n_items: int, budget_bytes: int, baselines: tuple[str, ...]) -> None:
        n_floats = len(COMPONENTS)
        self.n_items, self.n_best = n_items, n_items
        width = n_items
        if n_users * n_items * n_floats * 4 > budget_bytes:
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
        self.baselines = {name: np.full((n_users, N_BASELINE), -1, np.int32) for name in baselines}
        self.profile_popularity = np.full(n_users, np.nan)
        self._seen: list[IntArray] = [np.empty(0, np.int32)] * n_users

    def put(self, user: int, values: FloatArray, eligible: NDArray[np.bool_]) -> None:
        """Take the standardised scores of one shopper, float32 of shape (n_components, n_items)."""
        self._seen[user] = np.flatnonzero(~eligible).astype(np.int32)
        if self.is_whole:
            self.static[user], self.context[user] = values[:N_STATIC], values[N_STATIC]
            return
        candidates = np.flatnonzero(eligible)
        n_best = min(self.n_best, len(candidates))
        is_held = np.zeros(self.n_items, bool)
        for scores in values:
            is_held[candidates[np.argpartition(-scores[candidates], n_best - 1)[:n_best]]] = True
        rows = np.flatnonzero(is_held)
        n = len(rows)
        self.widths[user] = n
        self.rows[user, :n] = rows
        self.static[user, :, :n], self.context[user, :n] = values[:N_STATIC, rows], values[N_STATIC, rows]
        left_out = eligible & ~is_held
        self.cuts[user] = values[:, left_out].max(axis=1) if left_out.any() else -np.inf

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays of a panel."""
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
