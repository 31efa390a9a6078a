"""Simulated clicks, where there are only reviews or purchases: what was chosen stands for what would be clicked.

A conditional logit learns from what validation shoppers went on to choose how each component's score, and
popularity, speak for a choice. A product is clicked in proportion to its chance of being chosen, and places are looked
at as seldom as nDCG discounts them, 1 / log2(rank + 1) (Järvelin & Kekäläinen 2002). How often anybody clicks at all,
choices do not say: a list of bestsellers is taken to be clicked at `BASE_RATE`, so only how many times as often one
list is clicked as another means anything.

Validation shoppers are judged by a model that saw nothing of their own choices (cross-fitted), test shoppers by one of
all validation shoppers. It is checked on the choices of test shoppers.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from recsys.errors import DataError
from recsys.evaluation.metrics.click_rate import LONGEST, ClickProbabilities
from recsys.offpolicy.click_models.calibration import Tally
from recsys.offpolicy.click_models.conditional_logit import FEATURES, Chooser, Slopes
from recsys.offpolicy.reward_model import folds_of
from recsys.progress import Progress, silent
from recsys.schema import REVIEWS
from recsys.scorers.base import FloatArray

BASE_RATE = 0.02
"""Clicks a place of a list of the ten bestsellers that a shopper does not have yet. Stated, not measured."""

N_LISTED = 10

FEWEST = 50
"""Fewer choices than this, of validation or of test shoppers, tell nothing of what is clicked."""

MOST_SHOPPERS = 5000
"""Of more validation shoppers than this, so many drawn at random are learned from; slopes are then sharp enough."""

SEEN: NDArray[np.float64] = 1 / np.log2(np.arange(2, LONGEST + 2))
"""Chance that each rank is looked at, as stated above."""

Arrays = Mapping[str, NDArray[Any]]


def simulated(
    arrays: Mapping[str, Arrays],
    seed: int = 0,
    progress: Progress = silent,
    shoppers: NDArray[np.integer] | None = None,
) -> dict[str, ClickProbabilities]:
    """Clicks of either role, from the arrays of both as a panel keeps them.

    `shoppers`: int of shape (n_users,), which validation rows are of one shopper, whose choices stay together; None
    where each row is a shopper of its own.

    Raises DataError: too few choices to learn from, or to check what was learned.
    """
    validation, test = (Chooser.of(arrays[role]) for role in ("validation", "test"))
    n_choices = min(validation.n_choices, test.n_choices)
    if n_choices < FEWEST:
        raise DataError(
            f"only {n_choices} choices to learn clicks from or to check them on, {FEWEST} are needed",
            file=REVIEWS.file,
            remedy="bring more history",
        )
    shoppers = np.arange(len(validation)) if shoppers is None else shoppers
    slopes, own, n_learned = _fitted(validation, shoppers, seed, progress)
    chances = {"validation": validation.chances(own), "test": test.chances(slopes)}
    scale = _scale(chances["validation"], arrays["validation"])
    tally = Tally()
    tally.add(chances["test"], test.choices())
    facts = {
        "source": "reviews",
        "base_rate": BASE_RATE,
        "slopes": dict(zip(FEATURES, slopes.tolist(), strict=True)),
        "n_learned": n_learned,
        "n_checked": len(test),
        "calibration": asdict(tally.calibration()),
    }
    odds = {role: np.float32(scale) * each for role, each in chances.items()}
    # Proportional to the chance of a choice while that is small, and never 1.
    return {
        role: ClickProbabilities("reviews", np.asarray(each / (1 + each), np.float32), np.ones(LONGEST), SEEN, facts)
        for role, each in odds.items()
    }


def _fitted(
    validation: Chooser, shoppers: NDArray[np.integer], seed: int, progress: Progress
) -> tuple[Slopes, Slopes, int]:
    """Slopes of all, for every validation shopper those of the shoppers of other folds, and how many told."""
    n, rng = len(validation), np.random.default_rng(seed)
    users = np.sort(rng.choice(n, min(n, MOST_SHOPPERS), replace=False))
    slopes = validation.fit(users, progress=progress)
    folds, own = folds_of(shoppers.astype(np.int64), seed), np.empty((n, len(FEATURES)))
    for fold in range(int(folds.max()) + 1):
        others = users[folds[users] != fold]
        own[folds == fold] = validation.fit(others, slopes, progress, "fitting choices of others")
    return slopes, own, len(users)


def _scale(chances: FloatArray, arrays: Arrays) -> float:
    """What the chance of a choice is multiplied by, so that lists of bestsellers have the base rate."""
    listed = chances_of(chances, arrays, arrays["baseline.popularity"][:, :N_LISTED]).astype(np.float64)
    seen = SEEN[: listed.shape[1]]

    def above(log_scale: float) -> float:
        odds = np.exp(log_scale) * listed
        return float((seen * odds / (1 + odds)).mean()) - BASE_RATE

    if above(30) <= 0:
        raise DataError(
            "bestsellers are hardly among what may be chosen, so clicks have no scale",
            file=REVIEWS.file,
            remedy="bring more history",
        )
    return float(np.exp(brentq(above, -30, 30)))


def chances_of(chances: FloatArray, arrays: Arrays, items: NDArray[np.int32]) -> FloatArray:
    """What places of the panel have for item rows of shape (n_users, n); 0 for what no place holds."""
    rows, there = arrays["rows"], items >= 0
    if not rows.size:
        return np.where(there, np.take_along_axis(chances, np.maximum(items, 0).astype(np.int64), axis=1), 0)
    found = np.zeros(items.shape, np.float32)
    for user, (wanted, width) in enumerate(zip(items, arrays["widths"].tolist(), strict=True)):
        place = np.minimum(np.searchsorted(rows[user, :width], wanted), width - 1)
        found[user] = np.where(rows[user, place] == wanted, chances[user, place], 0)
    return found
