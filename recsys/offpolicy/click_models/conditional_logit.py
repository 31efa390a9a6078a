"""What shoppers choose from, by what every component says: a conditional logit of single choices.

    chance that shopper u goes on to choose product i = exp(b . x_ui) / sum of exp(b . x_uj) over all j not yet had

x are the standardised component scores and the standardised log of the product's popularity. The log-likelihood is
concave and has a handful of slopes, so Newton's method finds the one best fit in a few passes over all alternatives;
nothing is sampled. A slight ridge keeps slopes finite where a component tells nothing.

References
----------
McFadden (1974), Conditional logit analysis of qualitative choice behavior.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.parallel import cores_for
from recsys.progress import Progress, silent
from recsys.ranking.kernels import inlined
from recsys.scorers.base import FloatArray, IntArray
from recsys.settings import COMPONENTS


@inlined
def _utilities(utility, static, context, rows, popular, slopes):  # type: ignore[no-untyped-def]
    n = static.shape[0]
    for i in range(utility.shape[0]):
        item = rows[i] if rows.shape[0] else i
        total = slopes[n] * context[i] + slopes[n + 1] * popular[item]
        for c in range(n):
            total += slopes[c] * static[c, i]
        utility[i] = total


@inlined
def _bar(utility, owned_starts, owned, user):  # type: ignore[no-untyped-def]
    if owned.shape[0]:
        for at in range(owned_starts[user], owned_starts[user + 1]):
            utility[owned[at]] = -np.inf


@numba.njit(parallel=True, nogil=True, cache=True)
def choice_chances(static, context, widths, rows, popular, owned_starts, owned, slopes, answer):  # type: ignore[no-untyped-def]
    """Chance of every alternative to be chosen; none for a shopper who has everything."""
    for user in numba.prange(widths.shape[0]):
        width = widths[user]
        utility = np.empty(width)
        row = rows[user] if rows.shape[0] else np.empty(0, np.int32)
        _utilities(utility, static[user], context[user], row, popular, slopes[user])
        _bar(utility, owned_starts, owned, user)
        most, total = utility.max(), 0.0
        if most == -np.inf:
            continue
        for i in range(width):
            utility[i] = np.exp(utility[i] - most)
            total += utility[i]
        for i in range(width):
            answer[user, i] = utility[i] / total


@numba.njit(parallel=True, nogil=True, cache=True)
def sum_up(  # type: ignore[no-untyped-def]
    static, context, widths, rows, popular, owned_starts, owned, chosen_starts, chosen, users, slopes, fits, gradients,
    hessians,
):  # fmt: skip
    """Log-likelihood, gradient and observed information of each shopper's choices."""
    n_static, n_features = static.shape[1], slopes.shape[0]
    for at in numba.prange(users.shape[0]):
        user = users[at]
        width = widths[user]
        row = rows[user] if rows.shape[0] else np.empty(0, np.int32)
        utility, x, mean = np.empty(width), np.empty(n_features), np.zeros(n_features)
        _utilities(utility, static[user], context[user], row, popular, slopes)
        _bar(utility, owned_starts, owned, user)
        places, n_chosen = np.empty(chosen_starts[user + 1] - chosen_starts[user], np.int64), 0
        for item in chosen[chosen_starts[user] : chosen_starts[user + 1]]:
            place = np.int64(item)
            if row.shape[0]:
                place = np.searchsorted(row[:width], item)
                if place == width or row[place] != item:
                    continue
            places[n_chosen] = place
            n_chosen += 1
        if n_chosen == 0:
            continue
        most, total = utility.max(), 0.0
        for i in range(width):
            weight = np.exp(utility[i] - most)
            if weight == 0.0:
                continue
            total += weight
            for c in range(n_static):
                x[c] = static[user, c, i]
            x[n_static] = context[user, i]
            x[n_static + 1] = popular[row[i] if row.shape[0] else i]
            for a in range(n_features):
                mean[a] += weight * x[a]
                for b in range(a + 1):
                    hessians[at, a, b] += weight * x[a] * x[b]
        for a in range(n_features):
            mean[a] /= total
        for a in range(n_features):
            for b in range(a + 1):
                hessians[at, a, b] = hessians[at, a, b] / total - mean[a] * mean[b]
                hessians[at, b, a] = hessians[at, a, b]
            gradients[at, a] = -mean[a]
        fits[at] = -most - np.log(total)
        for place in places[:n_chosen]:
            fits[at] += utility[place] / n_chosen
            for c in range(n_static):
                gradients[at, c] += static[user, c, place] / n_chosen
            gradients[at, n_static] += context[user, place] / n_chosen
            gradients[at, n_static + 1] += popular[row[place] if row.shape[0] else place] / n_chosen


FEATURES = (*COMPONENTS, "popularity")
RIDGE = 1.0
MOST_STEPS, SMALL_STEP = 30, 1e-5

Slopes = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Chooser:
    """The shoppers of one role before their choice.

    Parameters
    ----------
    static, context, widths, rows : of a panel's `Scores`
    popular : float32 of shape (n_items,), standardised log of popularity
    owned_starts, owned, chosen_starts, chosen : item rows that a shopper has, and went on to choose
    """

    static: FloatArray
    context: FloatArray
    widths: NDArray[np.int64]
    rows: IntArray
    popular: FloatArray
    owned_starts: NDArray[np.int64]
    owned: IntArray
    chosen_starts: NDArray[np.int64]
    chosen: IntArray

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Of the arrays of one role, as a panel keeps them."""
        return cls(
            static=arrays["static"],
            context=arrays["context"],
            widths=arrays["widths"],
            rows=arrays["rows"],
            popular=standardised_log(arrays["popularity"]),
            owned_starts=arrays["owned.starts"],
            owned=arrays["owned.values"],
            chosen_starts=arrays["relevant.starts"],
            chosen=arrays["relevant.values"],
        )

    def __len__(self) -> int:
        return len(self.widths)

    @property
    def n_choices(self) -> int:
        """Products that anybody went on to choose."""
        return len(self.chosen)

    def fit(
        self,
        users: NDArray[np.intp] | None = None,
        start: Slopes | None = None,
        progress: Progress = silent,
        stage: str = "fitting choices",
    ) -> Slopes:
        """Slopes of `FEATURES`, float64 of shape (n_features,), from the choices of some shoppers.

        Every shopper counts once, however many products they went on to choose.
        """
        users = np.arange(len(self)) if users is None else users
        slopes = np.zeros(len(FEATURES)) if start is None else start.copy()
        fit, gradient, hessian = self._sums(users, slopes)
        for step in range(MOST_STEPS):
            progress(stage, step, MOST_STEPS)
            move = np.linalg.solve(hessian, gradient)
            while True:
                found = self._sums(users, slopes + move)
                if found[0] >= fit or np.abs(move).max() < SMALL_STEP:
                    break
                move /= 2
            slopes, (fit, gradient, hessian) = slopes + move, found
            if np.abs(move).max() < SMALL_STEP:
                break
        progress(stage, MOST_STEPS, MOST_STEPS)
        return slopes

    def chances(self, slopes: Slopes) -> FloatArray:
        """Chance that each place holds a shopper's next choice, float32 of shape (n_users, width); rows sum to 1.

        `slopes`: float64 of shape (n_features,), or (n_users, n_features) for each shopper their own.
        """
        own = np.ascontiguousarray(np.broadcast_to(slopes, (len(self), len(FEATURES))))
        answer, barred = np.zeros(self.context.shape, np.float32), self._barred
        with cores_for():
            choice_chances(
                self.static, self.context, self.widths, self.rows, self.popular, self.owned_starts, barred, own,
                answer,
            )  # fmt: skip
        return answer

    def choices(self) -> FloatArray:
        """1 where a place holds what the shopper went on to choose, over how many these are: shape (n_users, width)."""
        answer = np.zeros(self.context.shape, np.float32)
        users = np.repeat(np.arange(len(self)), np.diff(self.chosen_starts))
        share = 1 / np.maximum(np.diff(self.chosen_starts), 1)
        for user, item in zip(users.tolist(), self.chosen.tolist(), strict=True):
            place = item
            if self.rows.size:
                place = int(np.searchsorted(self.rows[user, : self.widths[user]], item))
                if place == self.widths[user] or self.rows[user, place] != item:
                    continue
            answer[user, place] = share[user]
        return answer

    @property
    def _barred(self) -> IntArray:
        """Places that a shopper already has; candidates are never had."""
        return np.empty(0, np.int32) if self.rows.size else np.asarray(self.owned, np.int32)

    def _sums(self, users: NDArray[np.intp], slopes: Slopes) -> tuple[float, Slopes, NDArray[np.float64]]:
        n, n_features = len(users), len(FEATURES)
        fits, gradients, hessians = np.zeros(n), np.zeros((n, n_features)), np.zeros((n, n_features, n_features))
        barred = self._barred
        with cores_for():
            sum_up(
                self.static, self.context, self.widths, self.rows, self.popular, self.owned_starts, barred,
                self.chosen_starts, self.chosen, users, slopes, fits, gradients, hessians,
            )  # fmt: skip
        return (
            float(fits.sum() - RIDGE / 2 * slopes @ slopes),
            gradients.sum(axis=0) - RIDGE * slopes,
            hessians.sum(axis=0) + RIDGE * np.eye(n_features),
        )


def standardised_log(popularity: NDArray[np.float64]) -> FloatArray:
    """Log of 1 + popularity with mean 0 and deviation 1 over the catalogue, or zeros where all are alike: float32."""
    logs = np.log1p(popularity)
    spread = logs.std()
    return np.asarray(((logs - logs.mean()) / (spread if spread > 0 else 1)).astype(np.float32))
