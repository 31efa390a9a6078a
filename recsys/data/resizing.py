"""A shop made smaller or larger, to see what its size costs: never for measuring how good a list is.

Smaller, it keeps some of its products, drawn at random, with everything that was done with them. Larger, it stands
several times side by side: copies of its products, bought and reviewed by copies of its shoppers. Either way
interactions and texts grow in step with the catalogue.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from recsys.data.dataset import Dataset
from recsys.errors import SettingsError


def resized(data: Dataset, times: float, seed: int = 0) -> Dataset:
    """A shop with so many times the products, without impressions.

    Parameters
    ----------
    times : a share below 1, or a whole number
    seed : of which products are kept

    Raises SettingsError: neither a share nor a whole number.
    """
    if not times > 0 or (times > 1 and times != int(times)):
        raise SettingsError(f"a shop cannot be made {times:g} times as large; give a share below 1, or a whole number")
    data = replace(data, impressions=data.impressions.iloc[:0])
    if times < 1:
        kept = np.zeros(data.n_items, bool)
        n_kept = max(1, round(times * data.n_items))
        kept[np.random.default_rng(seed).permutation(data.n_items)[:n_kept]] = True
        return data.renumbered(np.ones(data.n_users, bool), kept)
    return data if times == 1 else _repeated(data, int(times))


def _repeated(data: Dataset, n: int) -> Dataset:
    n_reviews = int(data.reviews["review_id"].max()) + 1 if len(data.reviews) else 0
    sizes = {"user_row": data.n_users, "item_row": data.n_items, "review_id": n_reviews}

    def repeated(table: pd.DataFrame) -> pd.DataFrame:
        rows = [name for name in sizes if name in table]
        moved = ({name: table[name] + np.int32(place * sizes[name]) for name in rows} for place in range(n))
        return pd.concat([table.assign(**each) for each in moved], ignore_index=True)

    item_ids, user_ids = (
        pd.Index([f"{each}#{place + 1}" if place else str(each) for place in range(n) for each in ids], dtype=object)
        for ids in (data.item_ids, data.user_ids)
    )
    items = pd.concat([data.items] * n, ignore_index=True).assign(item_id=item_ids)
    return replace(
        data,
        items=items,
        item_ids=item_ids,
        user_ids=user_ids,
        events=repeated(data.events),
        reviews=repeated(data.reviews),
    )
