"""Whether a log of impressions can say anything of other policies, told from its columns before any work starts.

Clicks say something only beside what was shown and not clicked, and importance weights exist only where another product
could have been shown: a policy that always shows the same (propensity 1) tells of itself alone.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.reading import read_file
from recsys.data.repairs import RepairLog
from recsys.data.validation import check_file
from recsys.errors import DataError
from recsys.schema import IMPRESSIONS

_CERTAIN = 1 - 1e-6
"""Propensities from here on are 1, whatever precision they were logged with."""


def why_useless(
    click: NDArray[Any], propensity: NDArray[np.floating[Any]], items: NDArray[Any] | None = None
) -> tuple[str, str]:
    """Why no policy can be estimated from these impressions, and what would help; ("", "") where one may be.

    Parameters
    ----------
    click : 0 or 1 of every impression
    propensity : chance with which each product was shown
    items : which product was shown, by any name

    >>> why_useless(np.array([1, 1]), np.array([0.5, 0.2]))[0]
    'every one of the 2 logged impressions was clicked, so what was shown and not clicked is missing'
    """
    n, n_clicks = len(click), int(np.count_nonzero(click))
    if n_clicks == n:
        return (
            f"every one of the {n:,} logged impressions was clicked, so what was shown and not clicked is missing",
            "log every product that is shown, with click 0 where nobody clicked",
        )
    if not n_clicks:
        return (
            f"none of the {n:,} logged impressions was clicked, so no click rate can be estimated",
            "log the clicks, with click 1",
        )
    if propensity.min() >= _CERTAIN:
        return (
            f"all {n:,} logged propensities are 1: nothing else could have been shown, so nothing else can be judged",
            "log a policy that chooses partly by chance, with the chance of what it showed",
        )
    if items is not None and (items == items[0]).all():
        return (
            f"all {n:,} logged impressions are of one product, so there is nothing to choose from",
            "log what is shown of the whole catalogue",
        )
    return "", ""


def refuse_useless(click: NDArray[Any], propensity: NDArray[np.floating[Any]], items: NDArray[Any]) -> None:
    """Raise DataError with the reason where a log can say nothing of any other policy."""
    problem, remedy = why_useless(click, propensity, items)
    if problem:
        raise DataError(problem, file=IMPRESSIONS.file, remedy=remedy)


def refuse_useless_file(folder: Path) -> None:
    """The same for the log of a data folder, which is read by itself and checked; a file without rows is refused too.

    Raises
    ------
    DataError : the log can say nothing of any other policy, or its file breaks the canonical form
    """
    repairs = RepairLog()
    table = check_file(read_file(folder / IMPRESSIONS.file, IMPRESSIONS, repairs), IMPRESSIONS, repairs)
    if not len(table):
        raise DataError("the file has no rows", file=IMPRESSIONS.file, remedy="log what is shown and what is clicked")
    items = table["item_id"].cat.codes.to_numpy()
    refuse_useless(table["click"].to_numpy(bool), table["propensity_score"].to_numpy(np.float64), items)
