"""What shoppers choose from, by what every component says: a conditional logit of single choices.

    probability that shopper u goes on to choose product i = exp(b . x_ui) / sum of exp(b . x_uj) over all j not yet had

x are the standardised component scores and the standardised log of the product's popularity. The log-likelihood is
concave and has a handful of slopes, so Newton's method finds the one best fit in a few passes over all alternatives;
nothing is sampled. A slight ridge keeps slopes finite where a component says nothing.

References
----------
McFadden (1974), Conditional logit analysis of qualitative choice behavior.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import column_of
from recsys.parallel import cores_for
from recsys.progress import Progress, silent
from recsys.ranking.kernels import in_parallel, inlined
from recsys.scorers.base import FloatArray, IntArray
from recsys.settings import COMPONENTS

FEATURES = (*COMPONENTS, "popularity")
RIDGE = 1.0
MOST_STEPS, SMALL_STEP = 30, 1e-5

Slopes = NDArray[np.float64]


class Chooser(NamedTuple):
    """The shoppers of one role before their choice, as compiled loops take them.

    Parameters
    ----------
    static, context, widths, rows : of a panel's `Scores`
    popular : float32 of shape (n_items,), standardised log of popularity
    owned_starts, owned : item rows that a shopper has; none where columns are candidates, which are never owned
    chosen_starts, chosen : item rows that a shopper went on to choose
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
        """Take the arrays of one role, as a panel keeps them."""
        return cls(
            static=arrays["static"],
            context=arrays["context"],
            widths=arrays["widths"],
            rows=arrays["rows"],
            popular=standardised_log(arrays["popularity"]),
            owned_starts=arrays["owned.starts"],
            owned=np.asarray(arrays["owned.values"][: 0 if arrays["rows"].size else None], np.int32),
            chosen_starts=arrays["relevant.starts"],
            chosen=arrays["relevant.values"],
        )

    @property
    def n_shoppers(self) -> int:
        """Shoppers, one row each."""
        return len(self.widths)

    def fit(
        self,
        users: NDArray[np.intp] | None = None,
        start: Slopes | None = None,
        progress: Progress = silent,
        stage: str = "fitting choices",
    ) -> Slopes:
        """Fit slopes of `FEATURES`, float64 of shape (n_features,), to the choices of some shoppers.

        Every shopper counts once, however many products they went on to choose.
        """
        users = np.arange(self.n_shoppers) if users is None else users
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

    def probabilities(self, slopes: Slopes) -> FloatArray:
        """Compute the probability of each column to be the next choice, float32 (n_users, width); rows sum to 1.

        `slopes`: float64 of shape (n_features,), or (n_users, n_features) for each shopper their own.
        """
        own = np.ascontiguousarray(np.broadcast_to(slopes, (self.n_shoppers, len(FEATURES))))
        answer = np.zeros(self.context.shape, np.float32)
        with cores_for():
            _choice_probabilities(self, own, answer)
        return answer

    def choices(self) -> FloatArray:
        """Mark the columns that a shopper went on to choose by one over their number: shape (n_users, width)."""
        answer, n_chosen = np.zeros(self.context.shape, np.float32), np.diff(self.chosen_starts)
        users = np.repeat(np.arange(self.n_shoppers), n_chosen)
        for user, item in zip(users.tolist(), self.chosen, strict=True):
            column = column_of(self.rows[user, : self.widths[user]] if self.rows.size else self.rows.ravel(), item)
            if column >= 0:
                answer[user, column] = 1 / n_chosen[user]
        return answer

    def _sums(self, users: NDArray[np.intp], slopes: Slopes) -> tuple[float, Slopes, NDArray[np.float64]]:
        n, n_features = len(users), len(FEATURES)
        fits, gradients, hessians = np.zeros(n), np.zeros((n, n_features)), np.zeros((n, n_features, n_features))
        with cores_for():
            _sum_up(self, users, slopes, fits, gradients, hessians)
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


@numba.njit(nogil=True, cache=True)
def _utilities(shoppers, user, row, slopes):  # type: ignore[no-untyped-def]
    """Utility of every column of a shopper; none of what the shopper has."""
    static, context, popular = shoppers.static[user], shoppers.context[user], shoppers.popular
    n, utility = static.shape[0], np.empty(shoppers.widths[user])
    for i in range(utility.shape[0]):
        item = row[i] if row.shape[0] else i
        total = slopes[n] * context[i] + slopes[n + 1] * popular[item]
        for c in range(n):
            total += slopes[c] * static[c, i]
        utility[i] = total
    if shoppers.owned.shape[0]:
        for at in range(shoppers.owned_starts[user], shoppers.owned_starts[user + 1]):
            utility[shoppers.owned[at]] = -np.inf
    return utility


@inlined
def _rows_of(shoppers, user):  # type: ignore[no-untyped-def]
    return shoppers.rows[user, : shoppers.widths[user]] if shoppers.rows.shape[0] else np.empty(0, np.int32)


@in_parallel
def _choice_probabilities(shoppers, slopes, answer):  # type: ignore[no-untyped-def]
    """Fill `answer` with the probability of every column; none for a shopper who has everything."""
    for user in numba.prange(shoppers.widths.shape[0]):
        utility = _utilities(shoppers, user, _rows_of(shoppers, user), slopes[user])
        most, total = utility.max(), 0.0
        if most == -np.inf:
            continue
        for i in range(utility.shape[0]):
            utility[i] = np.exp(utility[i] - most)
            total += utility[i]
        for i in range(utility.shape[0]):
            answer[user, i] = utility[i] / total


@in_parallel
def _sum_up(shoppers, users, slopes, fits, gradients, hessians):  # type: ignore[no-untyped-def]
    """Log-likelihood, gradient and observed information of each shopper's choices."""
    n_static, n_features = shoppers.static.shape[1], slopes.shape[0]
    for at in numba.prange(users.shape[0]):
        user = users[at]
        row, static, context = _rows_of(shoppers, user), shoppers.static[user], shoppers.context[user]
        x, mean = np.empty(n_features), np.zeros(n_features)
        first, last = shoppers.chosen_starts[user], shoppers.chosen_starts[user + 1]
        columns, n_chosen = np.empty(last - first, np.int64), 0
        for item in shoppers.chosen[first:last]:
            column = column_of(row, item)
            if column >= 0:
                columns[n_chosen] = column
                n_chosen += 1
        if n_chosen == 0:
            continue
        utility = _utilities(shoppers, user, row, slopes)
        most, total = utility.max(), 0.0
        for i in range(utility.shape[0]):
            weight = np.exp(utility[i] - most)
            if weight == 0.0:
                continue
            total += weight
            for c in range(n_static):
                x[c] = static[c, i]
            x[n_static] = context[i]
            x[n_static + 1] = shoppers.popular[row[i] if row.shape[0] else i]
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
        for column in columns[:n_chosen]:
            fits[at] += utility[column] / n_chosen
            for c in range(n_static):
                gradients[at, c] += static[c, column] / n_chosen
            gradients[at, n_static] += context[column] / n_chosen
            gradients[at, n_static + 1] += shoppers.popular[row[column] if row.shape[0] else column] / n_chosen
