"""Clicks of a panel's shoppers by the best source that a shop has: the truth of a demo shop, its log, or a simulation.

A log is cut in three by time, at `CUTS`. The click model is fitted on the second part, with component scores of models
of what happened before the impressions, and it is checked on the third. The probability of a click is logistic in the
component scores, the popularity and the category of the product, and the position on the page; impressions count by one
over their propensity, as if all products had been shown equally often. What a shopper of the panel was shown at or
after their moment is left out, and with a temporal split whatever anybody was shown then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack
from scipy.special import expit

from recsys.data.dataset import NEVER, Dataset
from recsys.demo.oracle import ClickSimulator
from recsys.errors import DataError, RecsysError, SettingsError
from recsys.evaluation.metrics.click_rate import LONGEST, ClickProbabilities
from recsys.evaluation.protocols.hold_out import CHUNK_USERS, contexts_of_panel
from recsys.offpolicy.click_models.conditional_logit import FEATURES, simulated, standardised_log
from recsys.offpolicy.logs import ClickLog, refuse_useless
from recsys.offpolicy.pages import ImpressionColumns, Pages, refits, score_pages
from recsys.offpolicy.reward_model import (
    Calibration,
    ClickModels,
    fit_click_models,
    impression_weights,
    one_hot,
)
from recsys.progress import Progress, silent
from recsys.schema import IMPRESSIONS
from recsys.scorers import AS_THEY_ARE
from recsys.text.phrasebook import Phrasebook

CUTS = (0.2, 0.75)
"""Most impressions go into the model: a few hundred clicks leave its slopes far less sharp than its check."""

N_REFITS = 4
"""Components are fitted again so often over both parts, each time on everything before, as those of the panel are."""

LEAST_CLICKS = 100
"""Fewer clicks than this, in the part that is learned from or in the part that is checked, are too few."""

MOST_PAGES = 10_000
"""Of more pages than this in the last two parts, those of some visitors are drawn."""

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

    `arrays`, `shoppers`: of "validation" and "test", as a panel keeps them; `is_temporal`: all shoppers have one
    moment, after which nothing of anybody is known; `settings`: of the components that the panel was scored by, as
    `fit_scorers` takes them.
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


@dataclass(frozen=True, eq=False, slots=True)
class LoggedClicks:
    """A click model fitted on a log.

    Parameters
    ----------
    slopes : float64 of shape (n_features,), of `conditional_logit.FEATURES`
    by_item : float64 of shape (n_items,), what the category adds to the log-odds
    at_first : log-odds of a click at the first position where all features are 0
    odds, facts : as of `ClickProbabilities`
    """

    slopes: NDArray[np.float64]
    by_item: NDArray[np.float64]
    at_first: float
    odds: NDArray[np.float64]
    facts: Mapping[str, Any]

    def clicks(self, arrays: Arrays) -> ClickProbabilities:
        """Compute the clicks of one role, from its arrays as a panel keeps them."""
        rows, popular = arrays["rows"], standardised_log(arrays["popularity"])
        of_item = (self.at_first + self.by_item + self.slopes[-1] * popular).astype(np.float32)
        slopes = self.slopes.astype(np.float32)
        log_odds = slopes[-2] * arrays["context"] + (of_item[np.maximum(rows, 0)] if rows.size else of_item)
        for at, slope in enumerate(slopes[:-2]):
            log_odds += slope * arrays["static"][:, at]
        return ClickProbabilities("log", expit(log_odds), self.odds, np.ones(LONGEST), self.facts)


def fit_on_log(
    data: Dataset,
    book: Phrasebook,
    moments: NDArray[np.int64],
    latest_s: int,
    seed: int = 0,
    progress: Progress = silent,
    settings: Mapping[str, Any] = AS_THEY_ARE,
) -> LoggedClicks:
    """Fit on the middle of the log, and check on its end.

    `moments`: int64 of shape (n_users,), of each shopper's first request; `NEVER` without one; `latest_s`: nothing of
    anybody from this moment on; `settings`: of components, as `fit_scorers` takes them.

    Raises DataError: there is no log, too little of it, or it can say nothing of what it did not show.
    """
    log = ClickLog.of(data)
    table = log.impressions
    user = table["user_row"].to_numpy()
    until = np.where(user >= 0, moments[np.maximum(user, 0)], latest_s)
    log = replace(log, impressions=table[table["time_s"] < np.minimum(until, latest_s)].reset_index(drop=True))
    if len(log.impressions) < 3:
        raise _too_little("the log has no impressions before the moments that are tested on")
    start, middle = np.quantile(log.impressions["time_s"], CUTS).astype(np.int64).tolist()
    if not len(data.until(start).positives()):
        raise _too_little("nothing was liked or bought before the impressions that clicks are to be learned from")
    pages = Pages.after(log, start, seed, MOST_PAGES)
    item, position, _, clicks, propensity = ImpressionColumns.of(pages.shown)
    is_late = pages.shown["time_s"].to_numpy() >= middle
    refuse_useless(pages.shown)
    for what, each in (("clicks", clicks), ("impressions without a click", 1 - clicks)):
        few = int(min(each[~is_late].sum(), each[is_late].sum()))
        if few < LEAST_CLICKS:
            raise _too_little(
                f"only {few} {what} to learn from or to check them on were logged before the moments that are tested "
                f"on, {LEAST_CLICKS} are needed"
            )
    known = _features_shown(data, book, pages, seed, progress, settings)
    code = np.unique(log.categories.astype(str), return_inverse=True)[1]
    features = csr_array(hstack([csr_array(known), one_hot(code[item], code.max() + 1)]))
    # Nobody is in the first fold, so that its model has seen all of the middle.
    everyone = np.ones(int((~is_late).sum()), np.int64)
    models = fit_click_models(features[~is_late], position[~is_late], clicks[~is_late], propensity[~is_late], everyone)
    facts = {
        "source": "log",
        "slopes": dict(zip(FEATURES, models.slopes[0, : len(FEATURES)].tolist(), strict=True)),
        "n_learned": int((~is_late).sum()),
        "n_checked": int(is_late.sum()),
        "n_clicks": int(clicks[is_late].sum()),
        "places": int((models.positions >= 1).sum()),
        **_checked(models, features[is_late], position[is_late], clicks[is_late], propensity[is_late]),
    }
    stated = np.flatnonzero(models.positions >= 1)
    intercepts = models.intercepts[0, stated] if len(stated) else models.intercepts[0, :1]
    rank = np.minimum(np.searchsorted(models.positions[stated], np.arange(1, LONGEST + 1)), len(intercepts) - 1)
    return LoggedClicks(
        slopes=models.slopes[0, : len(FEATURES)],
        by_item=models.slopes[0, len(FEATURES) :][code],
        at_first=float(intercepts[0]),
        odds=np.exp(intercepts[rank] - intercepts[0]),
        facts=facts,
    )


def _too_little(problem: str) -> DataError:
    return DataError(problem, file=IMPRESSIONS.file, remedy="bring a longer log")


def _features_shown(
    data: Dataset, book: Phrasebook, pages: Pages, seed: int, progress: Progress, settings: Mapping[str, Any]
) -> NDArray[np.float64]:
    """`FEATURES` of what was shown, float64 of shape (n_shown, n_features), by models of the time before it."""
    page, item = pages.shown["page"].to_numpy(), pages.shown["item_row"].to_numpy()
    found, n_done = np.empty((len(page), len(FEATURES))), 0
    for train, scorers, theirs in refits(data, pages, N_REFITS, book, seed, progress, settings):
        popular = standardised_log(np.bincount(train.positives()["item_row"], minlength=data.n_items).astype(float))
        for first in range(0, len(theirs), CHUNK_USERS):
            progress("scoring logged pages", n_done, len(pages))
            rows = theirs[first : first + CHUNK_USERS]
            n_done += len(rows)
            here = np.flatnonzero(np.isin(page, rows))
            scores = score_pages(scorers, pages.some(rows), train)
            found[here, :-1] = scores[np.searchsorted(rows, page[here]), :, item[here]]
            found[here, -1] = popular[item[here]]
    progress("scoring logged pages", len(pages), len(pages))
    return found


def _checked(
    models: ClickModels,
    features: csr_array,
    position: NDArray[np.int64],
    clicks: NDArray[np.float64],
    propensity: NDArray[np.float64],
) -> dict[str, Any]:
    """Expected against observed clicks, counted as in the fit, and as they were logged."""
    code = np.minimum(np.searchsorted(models.positions, position), len(models.positions) - 1)
    expected = expit(features @ models.slopes[0] + models.intercepts[0, code])
    weighed = Calibration.of(expected, clicks, impression_weights(propensity))
    return {"calibration": asdict(weighed), "calibration_as_logged": asdict(Calibration.of(expected, clicks))}
