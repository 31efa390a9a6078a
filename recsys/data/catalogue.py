"""The product table: ids unique, every product with a title, and stubs for products that only logs still name."""

from collections.abc import Collection
from hashlib import blake2b

import numpy as np
import pandas as pd

from recsys.data.repairs import N_EXAMPLES, RepairLog, show
from recsys.errors import DataError
from recsys.schema import ITEMS, FileSchema, ItemId

MISSING_PRODUCTS_SHARE = 0.05
"""Up to this share of a log's rows may name products that the catalogue lacks: shops drop products. More than that
means that the catalogue belongs to other data."""


ORDER_KEY = b"shelfwise"
"""Seeds the order of every catalogue; another one would list products of equal scores differently."""


def in_drawn_order(items: pd.DataFrame) -> pd.DataFrame:
    """The products in an order that looks random and follows from their ids alone, counted anew.

    Wherever products tie, the earlier row is listed first. In the order of the file, which is often by sales, that
    would pass for skill, and the same products in another order would give other lists, other models and other figures.

    >>> [in_drawn_order(pd.DataFrame({"item_id": list(ids)}))["item_id"].tolist() for ids in ("abc", "cab")]
    [['b', 'a', 'c'], ['b', 'a', 'c']]
    """
    ids = items["item_id"].to_numpy(object)
    drawn = [blake2b(each.encode(), digest_size=8, key=ORDER_KEY).digest() for each in ids]
    order = sorted(range(len(ids)), key=lambda row: (drawn[row], ids[row]))
    return items.take(order).reset_index(drop=True)


def with_text_ids(items: pd.DataFrame, log: RepairLog) -> pd.DataFrame:
    """The checked table with ids as text; a product without a title goes by its id.

    Raises
    ------
    DataError : an id stands in several rows
    """
    ids = items["item_id"].astype("str")
    if (twice := ids.duplicated(keep=False).to_numpy()).any():
        raise DataError(
            "the same id stands in several rows",
            file=ITEMS.file,
            column="item_id",
            rows=_first(ids, twice),
            n_rows=int(twice.sum()),
            remedy="keep one row for each product",
        )
    untitled = (items["title"].str.strip() == "").to_numpy()
    if untitled.any():
        log.add(ITEMS.file, "title", "no title", "the id is shown instead", untitled.sum(), ids[untitled])
    return items.assign(item_id=ids, title=items["title"].where(~untitled, ids))


def missing_products(ids: pd.Series, known: pd.Index, schema: FileSchema, log: RepairLog) -> set[ItemId]:
    """Products of one log (its ids as categories) that the catalogue lacks, noted as a repair.

    Raises
    ------
    DataError : they are more than MISSING_PRODUCTS_SHARE of the rows
    """
    strange = known.get_indexer(ids.cat.categories) < 0
    if not strange.any():
        return set()
    wrong = np.append(strange, False)[ids.cat.codes.to_numpy()]
    missing = ids.cat.categories[strange]
    problem = f"products that {ITEMS.file} does not have"
    if wrong.mean() > MISSING_PRODUCTS_SHARE:
        raise DataError(
            f"{len(missing):,} {problem}, in {wrong.mean():.0%} of the rows",
            file=schema.file,
            column="item_id",
            rows=_first(ids, wrong),
            n_rows=int(wrong.sum()),
            remedy=f"add these products to {ITEMS.file} or leave these rows out",
        )
    action = "added to the catalogue under their ids, as not available"
    log.add(schema.file, "item_id", problem, action, wrong.sum(), missing)
    return set(missing)


def with_stubs(items: pd.DataFrame, missing: Collection[ItemId]) -> pd.DataFrame:
    """The catalogue with products at its end, by id, of which nothing else is known; nobody can buy them now."""
    if not missing:
        return items
    ids = pd.Series(sorted(missing), dtype="str")
    known = {"item_id": ids, "title": ids, "available": pd.Series(np.zeros(len(ids), dtype=bool))}
    stubs = {name: known.get(str(name), _unknown(values, len(ids))) for name, values in items.items()}
    return pd.DataFrame({name: pd.concat([items[name], stub], ignore_index=True) for name, stub in stubs.items()})


def _unknown(like: pd.Series, n: int) -> pd.Series:
    """Cells without a value in the manner of another column: no text, no list, NaN or no time."""
    if like.dtype == object:
        return pd.Series([()] * n, dtype=object)
    if isinstance(like.dtype, pd.StringDtype):
        return pd.Series([""] * n, dtype=like.dtype)
    return like.iloc[:0].reindex(range(n)).reset_index(drop=True)


def _first(ids: pd.Series, wrong: np.ndarray) -> list[tuple[int, str]]:
    return [(int(place), show(ids.iloc[place])) for place in np.flatnonzero(wrong)[:N_EXAMPLES]]
