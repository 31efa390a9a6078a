"""A shop made smaller or larger, to see what its size costs: never for measuring how good a list is.

Smaller, it keeps some of its products, drawn at random, with everything that was done with them. Larger, it stands
several times side by side: copies of its products, bought and reviewed by copies of its shoppers. Either way
interactions and texts grow in step with the catalogue.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from recsys.data import assembly
from recsys.data.dataset import Dataset
from recsys.errors import SettingsError


def resized(data: Dataset, times: float, seed: int = 0) -> Dataset:
    """A shop with so many times the products, without impressions.

    Parameters
    ----------
    times : a share below 1, or a whole number
    seed : of which products are kept

    Raises
    ------
    SettingsError : neither a share nor a whole number
    """
    if not times > 0 or (times > 1 and times != int(times)):
        raise SettingsError(f"a shop cannot be made {times:g} times as large; give a share below 1, or a whole number")
    data = replace(data, impressions=data.impressions.iloc[:0])
    return _smaller(data, times, seed) if times < 1 else _copies(data, int(times))


def _smaller(data: Dataset, share: float, seed: int) -> Dataset:
    n_kept = max(1, round(share * data.n_items))
    kept = np.zeros(data.n_items, bool)
    kept[np.random.default_rng(seed).permutation(data.n_items)[:n_kept]] = True
    tables = {"reviews": data.reviews, "events": data.events, "impressions": data.impressions}
    moved = assembly.renumber(tables, np.ones(data.n_users, bool), kept)
    return replace(data, items=data.items[kept].reset_index(drop=True), item_ids=data.item_ids[kept], **moved)


def _copies(data: Dataset, n: int) -> Dataset:
    if n == 1:
        return data
    n_reviews = int(data.reviews["review_id"].max()) + 1 if len(data.reviews) else 0
    items = pd.concat([data.items.assign(item_id=_named(data.item_ids, place)) for place in range(n)])
    events, reviews = (
        pd.concat(
            [
                table.assign(
                    user_row=table["user_row"] + np.int32(place * data.n_users),
                    item_row=table["item_row"] + np.int32(place * data.n_items),
                )
                for place in range(n)
            ],
            ignore_index=True,
        )
        for table in (data.events, data.reviews)
    )
    place_of = np.repeat(np.arange(n, dtype=np.int32), len(data.reviews))
    reviews["review_id"] = reviews["review_id"] + place_of * np.int32(n_reviews)
    return replace(
        data,
        items=items.reset_index(drop=True),
        item_ids=pd.Index([each for place in range(n) for each in _named(data.item_ids, place)], dtype=object),
        user_ids=pd.Index([each for place in range(n) for each in _named(data.user_ids, place)], dtype=object),
        events=events,
        reviews=reviews,
    )


def _named(ids: pd.Index, place: int) -> list[str]:
    return [str(each) if not place else f"{each}#{place + 1}" for each in ids]
