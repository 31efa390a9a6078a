"""Clicks of a panel's shoppers by the best source that a shop has: the truth of a demo shop, its log, or a simulation.

The simulation is for shops with only reviews or purchases. A conditional logit learns from what validation shoppers
went on to choose how each component's score, and popularity, count for a choice. A product is clicked in proportion to
its probability of being chosen, and positions are looked at as seldom as nDCG discounts them, 1 / log2(rank + 1)
(Järvelin & Kekäläinen 2002). How often anybody clicks at all, choices do not say: a list of bestsellers is taken to be
clicked at `BASE_RATE`, so only how many times as often one list is clicked as another means anything. Validation
shoppers get a model that saw nothing of their own choices (cross-fitted), test shoppers one of all validation shoppers,
which is checked on their choices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq

from recsys.data.dataset import NEVER, Dataset
from recsys.demo.oracle import ClickSimulator
from recsys.errors import DataError, RecsysError, SettingsError
from recsys.evaluation.metrics.click_rate import LONGEST, ClickProbabilities
from recsys.evaluation.protocols.requests import contexts_of_panel
from recsys.offpolicy.click_models.conditional_logit import FEATURES, Chooser, Slopes
from recsys.offpolicy.click_models.logged import fit_on_log
from recsys.offpolicy.reward_model import Calibration, folds_of
from recsys.progress import Progress, silent
from recsys.schema import REVIEWS
from recsys.scorers import AS_THEY_ARE
from recsys.scorers.base import FloatArray
from recsys.text.phrasebook import Phrasebook

BASE_RATE = 0.02
"""Clicks a position of a list of the ten bestsellers that a shopper does not have yet. Stated, not measured."""

N_LISTED = 10

FEWEST = 50
"""Fewer choices than this, of validation or of test shoppers, are too few to learn from or to check on."""

MOST_SHOPPERS = 5000
"""Of more validation shoppers than this, so many drawn at random are learned from; slopes are then sharp enough."""

SEEN: NDArray[np.float64] = 1 / np.log2(np.arange(2, LONGEST + 2))
"""Probability that each rank is looked at in the simulation."""

Arrays = Mapping[str, NDArray[Any]]


def best_clicks(
    folder: Path,
    data: Dataset,
    book: Phrasebook,
    arrays: Mapping[str, Arrays],
    shoppers: Mapping[str, pd.DataFrame],
    is_temporal: bool,
    seed: int = 0,
    progress: Progress = silent,
    settings: Mapping[str, Any] = AS_THEY_ARE,
) -> dict[str, ClickProbabilities]:
    """Find clicks of either role; their facts say why no better source was taken.

    Parameters
    ----------
    folder : of the data
    arrays, shoppers : of "validation" and "test", as a panel keeps them
    is_temporal : all shoppers have one moment, after which nothing of anybody is known
    settings : of the components that the panel was scored by, as `fit_scorers` takes them
    """
    progress("what would be clicked")
    try:
        return true_clicks(folder, data.item_ids.tolist(), arrays, shoppers)
    except RecsysError:
        pass  # it is no demo shop, or no longer the one that the truth is of
    moments = np.full(data.n_users, NEVER, np.int64)  # of each shopper's first request
    for each in shoppers.values():
        np.minimum.at(moments, data.user_ids.get_indexer(each["user_id"]), each["moment_s"].to_numpy(np.int64))
    latest = int(moments.min(initial=NEVER)) if is_temporal else NEVER
    try:
        model = fit_on_log(data, book, moments, latest, seed, progress, settings)
        return {role: model.clicks(arrays[role]) for role in shoppers}
    except (DataError, SettingsError) as problem:
        why_not = problem.problem if isinstance(problem, DataError) else str(problem)
    try:
        found = simulated(arrays, seed, progress, pd.factorize(shoppers["validation"]["user_id"])[0])
    except DataError as problem:
        nothing = ClickProbabilities(facts={"source": "none", "no_log": why_not, "no_choices": problem.problem})
        return dict.fromkeys(shoppers, nothing)
    return {role: replace(each, facts={**each.facts, "no_log": why_not}) for role, each in found.items()}


def true_clicks(
    folder: Path, item_ids: Sequence[str], arrays: Mapping[str, Arrays], shoppers: Mapping[str, pd.DataFrame]
) -> dict[str, ClickProbabilities]:
    """Look up true clicks of a demo shop by role, at each shopper's moment and in their circumstances.

    Lists come from the whole catalogue, and are clicked as if all of it could be had.

    Raises DataError: the folder has no hidden truth; UnknownUserError, UnknownItemError: it is not the truth of these
    shoppers and products.
    """
    judge, found = ClickSimulator.open(folder, item_ids), {}
    odds = judge.odds_by_place(LONGEST)
    for role, each in shoppers.items():
        first = judge.rates(judge.utilities(each["user_id"].tolist(), contexts_of_panel(each)), 1)
        rows = arrays[role]["rows"]
        if rows.size:  # of the candidates alone; 0 beyond a shopper's last one
            held = np.where(rows >= 0, np.take_along_axis(first, np.maximum(rows, 0), axis=1), 0)
            first = held.astype(np.float32)
        found[role] = ClickProbabilities("simulator", first, odds, np.ones(LONGEST), {"source": "simulator"})
    return found


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
        raise _too_little(f"only {n_choices} choices to learn clicks from or to check them on, {FEWEST} are needed")
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
        raise _too_little("bestsellers are hardly among what may be chosen, so clicks have no scale")
    return float(np.exp(brentq(above, -30, 30)))


def _too_little(problem: str) -> DataError:
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
