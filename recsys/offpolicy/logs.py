"""Logged impressions as the estimators need them, from a shop's data or from a public log of bandits.

The published logs of the Open Bandit Dataset (Saito et al. 2021, NeurIPS Datasets and Benchmarks) have no reviews, no
shoppers and no titles, so they are no shop; `open_log` reads their impressions under our names:

    policy     behavior_policy
    category   item_feature_1, the first of the products' words
    visitor    each impression by itself, since nothing tells visitors apart
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys.data.assembly import fingerprint
from recsys.data.columns import ColumnCells
from recsys.data.dataset import NEVER, Dataset
from recsys.data.reading import RepairLog, read_file, refuse_missing_columns
from recsys.data.validation import check_file
from recsys.errors import DataError
from recsys.progress import Progress, silent
from recsys.schema import IMPRESSIONS, ITEMS

THEIR_POLICY, THEIR_CATEGORY = "behavior_policy", "item_feature_1"

_CERTAIN = 1 - 1e-6
"""Propensities from here on are 1, whatever precision they were logged with."""


@dataclass(frozen=True, eq=False, slots=True)
class ClickLog:
    """Impressions in order of time.

    Parameters
    ----------
    impressions : time_s, item_row, click (0 or 1), propensity, position (from 1; -1 where unknown), policy (text) and
        visitor (int64), one row an impression
    categories : of the products, text of shape (n_items,), "" where unknown
    data : the shop that it is of, or None
    n_repeated : impressions that were logged again, of the same visitor in the same place, and count once
    """

    name: str
    impressions: pd.DataFrame
    categories: NDArray[np.object_]
    data: Dataset | None = None
    n_repeated: int = 0

    @classmethod
    def of(cls, data: Dataset) -> Self:
        """Take the impressions of a shop; those of unknown shoppers at one moment are one visitor's.

        Raises DataError: there are none, or they can say nothing of any other policy.
        """
        if not len(data.impressions):
            raise DataError(
                "there are no logged impressions, so nobody's clicks can be weighed; reviews alone do not say what was "
                "shown and left",
                file=IMPRESSIONS.file,
                remedy=f"add {IMPRESSIONS.file} with {', '.join(each.name for each in IMPRESSIONS if each.required)}",
            )
        table = data.impressions.sort_values("time_s", kind="stable")
        # One place of a page is filled once; of an unknown shopper, or without a place, it may be another page.
        again = (table.duplicated() & (table["user_row"] >= 0) & (table["position"] >= 0)).to_numpy()
        table = table[~again].reset_index(drop=True)
        refuse_useless(table)
        nobody = data.n_users + np.unique(table["time_s"], return_inverse=True)[1]
        user = table["user_row"].to_numpy(np.int64)
        return cls(
            data.name,
            table.assign(
                click=table["click"].astype(np.int8),
                policy=table["policy"].astype(str),
                visitor=np.where(user >= 0, user, nobody),
            ),
            data.items["category"].to_numpy(object),
            data,
            int(again.sum()),
        )

    def availability(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Determine moments between which, both left out, each product could be shown: int64 of shape (n_items,) each.

        That is not logged, so a product could be shown from its first impression until its last one, or for good if it
        is available now. Where the log is of no shop, all products always could.
        """
        if self.data is None:
            return np.full(len(self.categories), -1), np.full(len(self.categories), NEVER)
        shown, rows = self.impressions.groupby("item_row")["time_s"], range(len(self.categories))
        first = shown.min().reindex(rows, fill_value=NEVER).to_numpy(np.int64)
        last = shown.max().reindex(rows, fill_value=-1).to_numpy(np.int64)
        return first, np.where(self.data.items["available"].to_numpy(bool), NEVER, last)

    def facts(self) -> dict[str, Any]:
        """What identifies the log in a report."""
        policies = self.impressions["policy"].value_counts().sort_index()
        return {
            "name": self.name,
            "fingerprint": self.data.fingerprint if self.data else fingerprint({"impressions": self.impressions}),
            "n_items": len(self.categories),
            "n_impressions": len(self.impressions),
            "n_clicks": int(self.impressions["click"].sum()),
            "policies": {str(name): int(n) for name, n in policies.items() if name},
        }


def open_log(folder: Path, progress: Progress = silent) -> ClickLog:
    """Read the log of a data folder, or of a folder of the Open Bandit Dataset; errors as of `Dataset.read`."""
    if _is_bandit_log(folder):
        return _bandit_log(folder)
    return ClickLog.of(Dataset.read(folder, progress))


def _is_bandit_log(folder: Path) -> bool:
    impressions, items = folder / IMPRESSIONS.file, folder / ITEMS.file
    if not (impressions.is_file() and items.is_file()):
        return False
    try:
        return THEIR_POLICY in pq.read_schema(impressions).names and "title" not in pq.read_schema(items).names
    except (OSError, ValueError):  # the reader of canonical folders says what is wrong
        return False


def _bandit_log(folder: Path) -> ClickLog:
    items, given = (pd.read_parquet(folder / each.file) for each in (ITEMS, IMPRESSIONS))
    refuse_missing_columns(given.columns, IMPRESSIONS)
    if "position" not in given:
        raise DataError(
            "the column is missing", file=IMPRESSIONS.file, column="position", remedy="add a column 'position'"
        )
    if not len(given):
        raise DataError("the file has no rows", file=IMPRESSIONS.file, remedy="give the impressions of the log")
    given = given.sort_values("timestamp", kind="stable").rename(columns={THEIR_POLICY: "policy"})
    table = check_file(given, IMPRESSIONS, RepairLog())
    rows = pd.Index(items["item_id"].astype(str)).get_indexer(table["item_id"])
    if (rows < 0).any():
        cells = ColumnCells(table["item_id"], IMPRESSIONS["item_id"], IMPRESSIONS.file, RepairLog())
        cells.fail("the product is not in items.parquet", rows < 0, "leave these impressions out")
    impressions = pd.DataFrame(
        {
            "time_s": table["time_s"],
            "item_row": rows.astype(np.int32),
            "click": table["click"].astype(np.int8),
            "propensity": table["propensity_score"],
            "position": table["position"].astype(np.int16),
            "policy": table["policy"].astype(str),
            "visitor": np.arange(len(table)),
        }
    )
    refuse_useless(impressions)
    category = items.get(THEIR_CATEGORY, pd.Series("", index=items.index)).astype(str)
    return ClickLog(folder.resolve().name, impressions, category.to_numpy(object))


def why_useless(
    click: NDArray[Any], propensity: NDArray[np.floating[Any]], items: NDArray[Any] | None = None
) -> tuple[str, str]:
    """Say why no policy can be estimated from these impressions, and what would help; ("", "") where one may be.

    Clicks say something only beside what was shown and not clicked, and a policy that always shows the same (propensity
    1) can be compared with no other. Arrays have one entry an impression; `items` name the products shown.

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


def refuse_useless(impressions: pd.DataFrame) -> None:
    """Raise DataError where impressions, with columns as of `ClickLog`, can say nothing of any other policy."""
    problem, remedy = why_useless(*(impressions[name].to_numpy() for name in ("click", "propensity", "item_row")))
    if problem:
        raise DataError(problem, file=IMPRESSIONS.file, remedy=remedy)


def require_usable_log(folder: Path) -> None:
    """Read the log of a data folder alone; raises DataError as `refuse_useless`, or for a broken or empty file."""
    repairs = RepairLog()
    table = check_file(read_file(folder / IMPRESSIONS.file, IMPRESSIONS, repairs), IMPRESSIONS, repairs)
    if not len(table):
        raise DataError("the file has no rows", file=IMPRESSIONS.file, remedy="log what is shown and what is clicked")
    columns = {"click": table["click"].astype(bool), "propensity": table["propensity_score"]}
    refuse_useless(pd.DataFrame({**columns, "item_row": table["item_id"].cat.codes}))
