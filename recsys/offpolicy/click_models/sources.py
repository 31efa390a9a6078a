"""The best source of clicks that a shop has: the truth of a demo shop, else a model of its log, else a simulation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import NEVER, Dataset
from recsys.demo.clicks import ClickJudge
from recsys.errors import DataError, RecsysError, SettingsError
from recsys.evaluation.metrics.click_rate import LONGEST, ClickProbabilities
from recsys.evaluation.protocols.requests import contexts_of_panel
from recsys.offpolicy.click_models.logged import fit_on_log
from recsys.offpolicy.click_models.simulated import simulated
from recsys.progress import Progress, silent
from recsys.scorers import AS_THEY_ARE
from recsys.text.phrasebook import Phrasebook

Arrays = Mapping[str, NDArray[Any]]


def true_clicks(
    folder: Path, item_ids: Sequence[str], arrays: Mapping[str, Arrays], shoppers: Mapping[str, pd.DataFrame]
) -> dict[str, ClickProbabilities]:
    """True clicks of a demo shop by role, at each shopper's moment and in the circumstances that they are asked in.

    Lists come from the whole catalogue, and are clicked as if all of it could be had.

    Raises DataError: the folder has no hidden truth; UnknownUserError, UnknownItemError: it is not the truth of these
    shoppers and products.
    """
    judge, found = ClickJudge.open(folder, item_ids), {}
    odds = judge.odds_by_place(LONGEST)
    for role, each in shoppers.items():
        first = judge.rates(judge.utilities(each["user_id"].tolist(), contexts_of_panel(each)), 1)
        rows = arrays[role]["rows"]
        if rows.size:  # of the candidates alone; 0 beyond a shopper's last one
            held = np.where(rows >= 0, np.take_along_axis(first, np.maximum(rows, 0), axis=1), 0)
            first = held.astype(np.float32)
        found[role] = ClickProbabilities("simulator", first, odds, np.ones(LONGEST), {"source": "simulator"})
    return found


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
    """Clicks of either role; their facts say why no better source was taken.

    Parameters
    ----------
    folder : of the data
    arrays, shoppers : of "validation" and "test", as a panel keeps them
    is_temporal : everybody is asked about at one moment, after which nothing of anybody is known
    settings : of the components that the panel was scored by, as `fit_scorers` takes them
    """
    progress("what would be clicked")
    try:
        return true_clicks(folder, data.item_ids.tolist(), arrays, shoppers)
    except RecsysError:
        pass  # it is no demo shop, or no longer the one that the truth is of
    moments = np.full(data.n_users, NEVER, np.int64)  # when each shopper is first asked about
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
