"""Lists that a demo shop's test shoppers would see, by true click rates: all components against the traditional ones.

Weights are those of the ablation, chosen by nDCG on validation shoppers; every shopper is asked at the moment and in
the circumstances of the held-out act. Only products on sale at that moment are listed, as in a shop; beside it stand
lists from the whole catalogue, which all other experiments rank, clicked as if everything could be had.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.demo.clicks import ClickJudge
from recsys.offpolicy.mixes import N_LISTED
from recsys.offpolicy.policies import top_lists
from recsys.panel.panel import Panel
from recsys.progress import Progress, silent
from recsys.scorers.base import FloatArray
from recsys.settings import COMPONENTS, Context, FusionSettings
from recsys.studies.clicks.policies import TEST_SHOPPERS, ClickLift, lift_of_lists
from recsys.studies.models import chosen_weights
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.training.weight_choice import TRADITIONAL

Floats = NDArray[np.float64]


def true_lifts(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> list[ClickLift]:
    """On lists from what was on sale, then from the whole catalogue; raises DataError where no truth is hidden."""
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    weights, panel = chosen_weights(validation, settings.k, progress), test.panel
    shoppers = panel.shoppers
    judge = ClickJudge.open(workspace.data_folder, panel.items["item_id"].tolist())
    utilities = judge.utilities(shoppers["user_id"].tolist(), [_context(each) for each in shoppers.to_dict("records")])
    rows, may = _columns(panel)
    on_sale = judge.on_sale(np.maximum(rows, 0).astype(np.int64), shoppers["moment_s"].to_numpy(np.int64)[:, None])
    scores = panel.scores.stacked()
    found = []
    for where, eligible in (("what was on sale", may & on_sale), ("the whole catalogue", may)):
        old, new = (
            _rates(judge, utilities, rows, scores, weights[each], eligible) for each in (TRADITIONAL, COMPONENTS)
        )
        where = f"{TEST_SHOPPERS}, lists of {N_LISTED} from {where}"
        found.append(lift_of_lists(where, old, new, np.arange(len(shoppers))))
    return found


def _columns(panel: Panel) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Item row of every score of every shopper, and whether it may be listed: not seen before, and no padding."""
    held, n_users = panel.scores, len(panel)
    if not held.is_whole:
        return held.rows, held.rows >= 0
    n_items = held.context.shape[1]
    may = np.ones((n_users, n_items), bool)
    users = np.repeat(np.arange(n_users), np.diff(panel.owned.starts))
    may[users, panel.owned.values] = False
    return np.broadcast_to(np.arange(n_items, dtype=np.int32), (n_users, n_items)), may


def _rates(
    judge: ClickJudge,
    utilities: FloatArray,
    rows: NDArray[np.int32],
    scores: FloatArray,
    fusion: FusionSettings,
    eligible: NDArray[np.bool_],
) -> Floats:
    positions = top_lists(scores, fusion, eligible, N_LISTED)
    listed = np.take_along_axis(utilities, np.take_along_axis(rows, positions, 1), 1)
    is_listed = positions >= 0
    return np.asarray((judge.rates(listed, np.arange(1, N_LISTED + 1)) * is_listed).mean(axis=1), np.float64)


def _context(shopper: Mapping[Any, Any]) -> Context:
    return Context.at(
        datetime.fromtimestamp(shopper["moment_s"], UTC),
        device=shopper["device"] or None,
        region=shopper["region"] or None,
    )
