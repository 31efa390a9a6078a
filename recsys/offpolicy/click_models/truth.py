"""True clicks of a demo shop, by its simulator, at the moment and in the circumstances that each shopper is asked in.

Lists come from the whole catalogue, as everywhere in the live evaluation, and are clicked as if all of it could be had.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.demo.clicks import ClickJudge
from recsys.evaluation.metrics.click_rate import LONGEST, Clicks
from recsys.scorers.base import FloatArray
from recsys.settings import Context


def true_clicks(
    folder: Path, item_ids: Sequence[str], asked: Mapping[str, tuple[Sequence[str], Sequence[Context]]],
    rows: Mapping[str, NDArray[np.int32]],
) -> dict[str, Clicks]:  # fmt: skip
    """Clicks by role.

    Parameters
    ----------
    folder : of the demo shop
    item_ids : the catalogue
    asked : of each role, ids of the shoppers and the circumstances that they are asked in
    rows : of a panel's `Scores`, by role

    Raises
    ------
    DataError : the folder has no hidden truth
    UnknownUserError, UnknownItemError : it is not the truth of these shoppers and products
    """
    judge = ClickJudge.open(folder, item_ids)
    odds = judge.odds_by_place(LONGEST)
    facts: dict[str, Any] = {"source": "simulator"}
    found = {}
    for role, (user_ids, contexts) in asked.items():
        first = judge.rates(judge.utilities(user_ids, contexts), 1)
        found[role] = Clicks("simulator", _held(first, rows[role]), odds, np.ones(LONGEST), facts)
    return found


def _held(values: FloatArray, rows: NDArray[np.int32]) -> FloatArray:
    """Of the whole catalogue, or of the candidates; 0 beyond a shopper's last one."""
    if not rows.size:
        return values
    held: FloatArray = np.where(rows >= 0, np.take_along_axis(values, np.maximum(rows, 0), axis=1), 0)
    return held.astype(np.float32)
