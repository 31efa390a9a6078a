"""Make a shop smaller or larger, to measure what its size costs, never how good a list is."""

from dataclasses import replace

import numpy as np
import pandas as pd

from recsys.data.dataset import Dataset
from recsys.errors import SettingsError


def resized(data: Dataset, times: float, seed: int = 0) -> Dataset:
    """Make a shop of so many times the products, without impressions; interactions and texts grow with them.

    `times`: a share below 1, for products drawn at random with all their interactions; or a whole number of copies of
    all products and shoppers; else SettingsError. `seed`: of which products stay.
    """
    if not times > 0 or (times > 1 and times != int(times)):
        raise SettingsError(f"a shop cannot be made {times:g} times as large; give a share below 1, or a whole number")
    data = replace(data, impressions=data.impressions.iloc[:0])
    if times < 1:
        drawn = np.random.default_rng(seed).permutation(data.n_items)[: max(1, round(times * data.n_items))]
        return data.renumbered(np.ones(data.n_users, bool), np.isin(np.arange(data.n_items), drawn))
    if times == 1:
        return data
    n = int(times)
    n_reviews = int(data.reviews["review_id"].max()) + 1 if len(data.reviews) else 0
    sizes = {"user_row": data.n_users, "item_row": data.n_items, "review_id": n_reviews}

    def repeated(table: pd.DataFrame) -> pd.DataFrame:
        rows = [name for name in sizes if name in table]
        moved = ({name: table[name] + np.int32(copy * sizes[name]) for name in rows} for copy in range(n))
        return pd.concat([table.assign(**each) for each in moved], ignore_index=True)

    item_ids, user_ids = (
        pd.Index([f"{each}#{copy + 1}" if copy else str(each) for copy in range(n) for each in ids], dtype=object)
        for ids in (data.item_ids, data.user_ids)
    )
    items = pd.concat([data.items] * n, ignore_index=True).assign(item_id=item_ids)
    tables = {"items": items, "events": repeated(data.events), "reviews": repeated(data.reviews)}
    return replace(data, item_ids=item_ids, user_ids=user_ids, **tables)
