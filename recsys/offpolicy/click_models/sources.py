"""The best source of clicks that a shop has: the truth of a demo shop, else a model of its log, else a simulation."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import NEVER, Dataset
from recsys.errors import DataError, RecsysError, SettingsError
from recsys.evaluation.metrics.click_rate import Clicks
from recsys.evaluation.protocols.requests import contexts_of_panel
from recsys.offpolicy.click_models.logged import fit_on_log
from recsys.offpolicy.click_models.simulated import simulated
from recsys.offpolicy.click_models.truth import true_clicks
from recsys.progress import Progress, silent
from recsys.scorers import AS_THEY_ARE
from recsys.text.phrasebook import Phrasebook

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
) -> dict[str, Clicks]:
    """Clicks of either role; their facts say why no better source was taken.

    Parameters
    ----------
    folder : of the data
    arrays, shoppers : of "validation" and "test", as a panel keeps them
    is_temporal : everybody is asked about at one moment, after which nothing of anybody is known
    settings : of the components that the panel was scored by, as `fit_scorers` takes them
    """
    progress("what would be clicked")
    roles = tuple(shoppers)
    try:
        asked = {role: (each["user_id"].tolist(), contexts_of_panel(each)) for role, each in shoppers.items()}
        return true_clicks(folder, data.item_ids.tolist(), asked, {role: arrays[role]["rows"] for role in roles})
    except RecsysError:
        pass  # it is no demo shop, or no longer the one that the truth is of
    moments, latest = _moments(data, shoppers, is_temporal)
    try:
        model = fit_on_log(data, book, moments, latest, seed, progress, settings)
    except (DataError, SettingsError) as problem:
        why_not = _problem(problem)
    else:
        return {role: model.clicks(arrays[role]) for role in roles}
    try:
        found = simulated(
            {role: arrays[role] for role in roles}, seed, progress, pd.factorize(shoppers["validation"]["user_id"])[0]
        )
    except DataError as problem:
        nothing = Clicks(facts={"source": "none", "no_log": why_not, "no_choices": problem.problem})
        return dict.fromkeys(roles, nothing)
    return {role: replace(each, facts={**each.facts, "no_log": why_not}) for role, each in found.items()}


def _moments(data: Dataset, shoppers: Mapping[str, pd.DataFrame], is_temporal: bool) -> tuple[NDArray[np.int64], int]:
    """When each shopper of the data is first asked about, and from when on nothing of anybody may be known."""
    moments = np.full(data.n_users, NEVER, np.int64)
    for each in shoppers.values():
        rows = data.user_ids.get_indexer(each["user_id"])
        np.minimum.at(moments, rows, each["moment_s"].to_numpy(np.int64))
    return moments, int(moments.min(initial=NEVER)) if is_temporal else NEVER


def _problem(problem: DataError | SettingsError) -> str:
    return problem.problem if isinstance(problem, DataError) else str(problem)
