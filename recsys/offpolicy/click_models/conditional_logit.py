"""Clicks simulated from what shoppers choose, by a conditional logit of single choices.

    probability that shopper u goes on to choose product i = exp(b . x_ui) / sum of exp(b . x_uj) over all j not yet had

x are the standardised component scores and the standardised log of the product's popularity. The log-likelihood is
concave and has a handful of slopes, so Newton's method finds the one best fit in a few passes over all alternatives;
nothing is sampled. A slight ridge keeps slopes finite where a component says nothing.

A product is clicked in proportion to its probability of being chosen, and positions are looked at as seldom as nDCG
discounts them, 1 / log2(rank + 1) (Järvelin & Kekäläinen 2002). How often anybody clicks at all, choices do not say: a
list of bestsellers is taken to be clicked at `BASE_RATE`, so only how many times as often one list is clicked as
another means anything. Validation shoppers get a model that saw nothing of their own choices (cross-fitted), test
shoppers one of all validation shoppers, which is checked on their choices.

References
----------
McFadden (1974), Conditional logit analysis of qualitative choice behavior.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple, Self

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from recsys.errors import DataError
from recsys.evaluation.metrics.click_rate import LONGEST, ClickProbabilities
from recsys.evaluation.metrics.lists import column_of
from recsys.offpolicy.reward_model import Calibration, folds_of
from recsys.parallel import cores_for, read_only
from recsys.progress import Progress, silent
from recsys.ranking.kernels import in_parallel, inlined
from recsys.schema import REVIEWS
from recsys.scorers.base import FloatArray, IntArray
from recsys.settings import COMPONENTS

FEATURES = (*COMPONENTS, "popularity")
RIDGE = 1.0
MOST_STEPS, SMALL_STEP = 30, 1e-5

BASE_RATE = 0.02
"""Clicks a position of a list of the ten bestsellers that a shopper does not have yet. Stated, not measured."""

N_LISTED = 10

FEWEST = 50
"""Fewer choices than this, of validation or of test shoppers, are too few to learn from or to check on."""

MOST_SHOPPERS = 5000
"""Of more validation shoppers than this, so many drawn at random are learned from; slopes are then sharp enough."""

SEEN: NDArray[np.float64] = 1 / np.log2(np.arange(2, LONGEST + 2))
"""Probability that each rank is looked at in the simulation."""

Slopes = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]


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
    def of(cls, arrays: Arrays) -> Self:
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
        """Fit slopes of `FEATURES`, float64 (n_features,), to choices of some shoppers; each shopper counts once."""
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
        shoppers, (own,) = Chooser(*read_only(*self)), read_only(own)
        with cores_for():
            _choice_probabilities(shoppers, own, answer)
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
        shoppers = Chooser(*read_only(*self))
        with cores_for():
            _sum_up(shoppers, users, slopes, fits, gradients, hessians)
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


def simulated(
    arrays: Mapping[str, Arrays],
    seed: int = 0,
    progress: Progress = silent,
    shoppers: NDArray[np.integer] | None = None,
) -> dict[str, ClickProbabilities]:
    """Simulate clicks of either role, from the arrays of both as a panel keeps them.

    `shoppers`: int of shape (n_users,), which validation rows are of one shopper, whose choices stay together; None
    where each row is a shopper of its own.

    Raises DataError: too few choices to learn from, or to check what was learned.
    """
    validation, test = (Chooser.of(arrays[role]) for role in ("validation", "test"))
    n_choices = min(len(validation.chosen), len(test.chosen))
    if n_choices < FEWEST:
        raise _too_few(f"only {n_choices} choices to learn clicks from or to check them on, {FEWEST} are needed")
    shoppers = np.arange(validation.n_shoppers) if shoppers is None else shoppers
    slopes, own, n_learned = _fitted(validation, shoppers, seed, progress)
    chosen = {"validation": validation.probabilities(own), "test": test.probabilities(slopes)}
    scale = _scale(chosen["validation"], arrays["validation"])
    facts = {
        "source": "reviews",
        "base_rate": BASE_RATE,
        "slopes": dict(zip(FEATURES, slopes.tolist(), strict=True)),
        "n_learned": n_learned,
        "n_checked": test.n_shoppers,
        "calibration": asdict(Calibration.of(chosen["test"], test.choices())),
    }
    odds = {role: np.float32(scale) * each for role, each in chosen.items()}
    # Proportional to the probability of a choice while that is small, and never 1.
    return {
        role: ClickProbabilities("reviews", np.asarray(each / (1 + each), np.float32), np.ones(LONGEST), SEEN, facts)
        for role, each in odds.items()
    }


def _fitted(
    validation: Chooser, shoppers: NDArray[np.integer], seed: int, progress: Progress
) -> tuple[Slopes, Slopes, int]:
    """Slopes of all, for every validation shopper those of the shoppers of other folds, and how many were learned."""
    n, rng = validation.n_shoppers, np.random.default_rng(seed)
    users = np.sort(rng.choice(n, min(n, MOST_SHOPPERS), replace=False))
    slopes = validation.fit(users, progress=progress)
    folds, own = folds_of(shoppers.astype(np.int64), seed), np.empty((n, len(FEATURES)))
    for fold in range(int(folds.max()) + 1):
        others = users[folds[users] != fold]
        own[folds == fold] = validation.fit(others, slopes, progress, "fitting choices of others")
    return slopes, own, len(users)


def _scale(chosen: FloatArray, arrays: Arrays) -> float:
    """What the probability of a choice is multiplied by, so that lists of bestsellers have the base rate."""
    listed = _of_items(chosen, arrays, arrays["baseline.popularity"][:, :N_LISTED]).astype(np.float64)
    seen = SEEN[: listed.shape[1]]

    def above(log_scale: float) -> float:
        odds = np.exp(log_scale) * listed
        return float((seen * odds / (1 + odds)).mean()) - BASE_RATE

    if above(30) <= 0:
        raise _too_few("bestsellers are hardly among what may be chosen, so clicks have no scale")
    return float(np.exp(brentq(above, -30, 30)))


def _too_few(problem: str) -> DataError:
    return DataError(problem, file=REVIEWS.file, remedy="bring more history")


def _of_items(values: FloatArray, arrays: Arrays, items: NDArray[np.int32]) -> FloatArray:
    """Values of the columns of item rows of shape (n_users, n); 0 where a shopper has no such column."""
    rows, there = arrays["rows"], items >= 0
    if not rows.size:
        return np.where(there, np.take_along_axis(values, np.maximum(items, 0).astype(np.int64), axis=1), 0)
    found = np.zeros(items.shape, np.float32)
    for user, (wanted, width) in enumerate(zip(items, arrays["widths"].tolist(), strict=True)):
        column = np.minimum(np.searchsorted(rows[user, :width], wanted), width - 1)
        found[user] = np.where(rows[user, column] == wanted, values[user, column], 0)
    return found
