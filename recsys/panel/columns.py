"""Where a panel puts the scores of a shopper: all of the catalogue, or the best products of every component."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.scorers.base import FloatArray
from recsys.settings import COMPONENTS

N_STATIC = len(COMPONENTS) - 1
"""Components that do not depend on circumstances: all but context, which comes last."""

LEAST_CANDIDATES = 200
"""Fewest best products of a component that are held, whatever the budget says: diversity chooses from a hundred."""


class PanelColumns:
    """Collects the scores of all shoppers, one at a time.

    Parameters
    ----------
    n_users, n_items : shoppers and products
    budget_bytes : most that the scores may take; above it each shopper gets the union of the components' best
    """

    def __init__(self, n_users: int, n_items: int, budget_bytes: int) -> None:
        n_floats = len(COMPONENTS)
        self.n_users, self.n_items = n_users, n_items
        self.n_best = n_items
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

    def put(self, user: int, values: FloatArray, eligible: NDArray[np.bool_]) -> None:
        """Take the standardised scores of one shopper, float32 of shape (n_components, n_items)."""
        if self.is_whole:
            self.static[user], self.context[user] = values[:N_STATIC], values[N_STATIC]
            return
        candidates = np.flatnonzero(eligible)
        n_best = min(self.n_best, len(candidates))
        kept = np.zeros(self.n_items, bool)
        for scores in values:
            kept[candidates[np.argpartition(-scores[candidates], n_best - 1)[:n_best]]] = True
        rows = np.flatnonzero(kept)
        n = len(rows)
        self.widths[user] = n
        self.rows[user, :n] = rows
        self.static[user, :, :n], self.context[user, :n] = values[:N_STATIC, rows], values[N_STATIC, rows]
        left_out = eligible & ~kept
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
        }
