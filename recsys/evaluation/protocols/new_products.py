"""Products as they were on the day they came: nobody has bought, rated or reviewed them yet.

Few products are new when somebody is last seen choosing one, so a replay makes them new: of one part of the products
after the other (cross-validation over products) everything that anybody did with them or wrote of them is taken away,
and what is left is what the shop itself says: title, description, attributes. Shoppers whose last choice was such a
product are asked which of them it was.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.splitting import MIN_POSITIVES, HeldOut, Round
from recsys.errors import DataError
from recsys.evaluation.protocols.rewind import N_FOLDS, Rewind, held_out_of, history_of


@dataclass(frozen=True, eq=False)
class NewProductRewind(Rewind):
    """What every shopper chose last, asked about as if nobody knew that product.

    Parameters
    ----------
    fold_of : int64 of shape (n_items,), part of each product
    """

    def is_new(self, one: Round) -> NDArray[np.bool_]:
        """Products that are new in a round, bool of shape (n_items,)."""
        new = np.zeros(self.data.n_items, bool)
        new[one.new_rows] = True
        return new

    def _part(self, asked: HeldOut, fold: int) -> HeldOut:
        return asked.only(self.fold_of[asked.item_rows] == fold)

    def _round(self, known: Dataset, part: HeldOut, fold: int) -> Round:
        new_rows = np.flatnonzero(self.fold_of == fold)
        return Round(self._put_back(known, part).without_items(new_rows), part, new_rows)


def new_product_rewind(data: Dataset, seed: int = 0) -> NewProductRewind:
    """Every shopper before their last product, which is new to the shop; validation is the product before it.

    Raises
    ------
    DataError : no shopper has enough positives, or there are too few products to take turns
    """
    history = history_of(data, seed)
    sizes = history.groupby("user_row")["place"].transform("size").to_numpy()
    if not (sizes >= MIN_POSITIVES).any() or data.n_items < N_FOLDS:
        raise DataError(
            f"no shopper has {MIN_POSITIVES} positives among at least {N_FOLDS} products, so none can be asked about "
            "new ones",
            file=data.name,
            remedy="use more data",
        )
    from_the_end = sizes - 1 - history["place"].to_numpy()
    tested = history[sizes >= MIN_POSITIVES]
    from_the_end = from_the_end[sizes >= MIN_POSITIVES]
    validation, test = (held_out_of(data, tested[from_the_end == place]) for place in (1, 0))
    n_skipped = history["user_row"].nunique() - len(test)
    parts = np.random.default_rng(seed).permutation(data.n_items) % N_FOLDS
    protocol = (
        f"every product as if it were new: in {N_FOLDS} parts of the products (drawn at random, seed {seed}), all "
        "interactions, events and reviews of a part's products are taken away, and shoppers whose last positive is one "
        "of them are asked which it was; for validation, those whose last but one is (equal times in random order): "
        f"{len(test):,} shoppers tested, {len(validation):,} for validation, {n_skipped:,} with fewer than "
        f"{MIN_POSITIVES} positives learned from only. Of the shoppers asked, models know what came before, of all "
        f"others everything, but nothing of the part's products; {data.n_items:,} products, {len(history):,} positives"
    )
    return NewProductRewind(data.knowing_copies(), history, validation, test, parts, protocol, n_skipped)
