"""A shop with fewer words, or with worse ones: only texts of reviews change, never who bought, rated or when.

Which texts are touched is drawn once: the texts kept at 10% are among those kept at 25%, and those spoilt at 25% are
spoilt in the same way at 50%.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.splitting import Split
from recsys.errors import DataError
from recsys.studies.sparsity.off_topic import off_topic

FIRST_WORDS = 5
"""A text that is cut short keeps so many."""

FEWEST_TEXTS = 20
"""With fewer, a tenth of them is nothing."""

MOST_SWAPS = 100

CUT_SHORT, SHUFFLED, OFF_TOPIC, WRONG_PRODUCT = "cut short", "words shuffled", "off topic", "wrong product"

Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Level:
    """One state of the texts.

    Parameters
    ----------
    noise : what was done to texts, a key of `NOISES`, or "" where some are left out
    share : of the texts kept, or spoilt
    """

    noise: str
    share: float

    @property
    def name(self) -> str:
        """As it stands in tables.

        >>> Level("", 0.25).name, Level("off topic", 0.5).name
        ('25% of texts kept', '50% off topic')
        """
        return f"{self.share:.0%} {self.noise}" if self.noise else f"{self.share:.0%} of texts kept"


CLEAN, SILENT = Level("", 1.0), Level("", 0.0)


@dataclass(frozen=True, eq=False)
class Spoiler:
    """The texts of one shop, and in which order they go.

    Parameters
    ----------
    data : everything
    places : rows of the reviews that say anything, in the order in which texts are spoilt, and kept
    groups : int of shape (n_reviews,), what is learned from, validation's and test's reviews; texts are dealt within
        each, so that what is held out reaches no profile by another review
    """

    data: Dataset
    places: NDArray[np.intp]
    groups: NDArray[np.int8]
    seed: int

    @classmethod
    def of(cls, data: Dataset, split: Split, seed: int) -> "Spoiler":
        """Raises DataError where hardly a review says anything."""
        told = np.flatnonzero(data.reviews["text"].str.strip().str.len().to_numpy() > 0)
        if len(told) < FEWEST_TEXTS:
            raise DataError(
                f"only {len(told)} reviews have a text, so there is nothing to leave out",
                file=data.name,
                remedy=f"bring reviews with texts, at least {FEWEST_TEXTS}",
            )
        ids = data.reviews["review_id"].to_numpy()
        known = [np.isin(ids, each.reviews["review_id"].to_numpy()) for each in (split.fit_validation, split.fit_test)]
        groups = np.where(known[0], 0, np.where(known[1], 1, 2)).astype(np.int8)
        return cls(data, np.random.default_rng([seed, 1]).permutation(told), groups, seed)

    def under(self, level: Level) -> Dataset:
        """The shop with its texts as they are at one level."""
        texts = self.data.reviews["text"].to_numpy(object).copy()
        n_touched = round(level.share * len(self.places))
        if level.noise:
            places = self.places[:n_touched]
            texts[places] = NOISES[level.noise](self)[places]
        else:
            texts[self.places[n_touched:]] = ""
        reviews = self.data.reviews.assign(text=pd.Series(texts, self.data.reviews.index).astype("str"))
        return replace(self.data, reviews=reviews)

    def n_texts(self, level: Level) -> int:
        """How many reviews say anything at a level."""
        return len(self.places) if level.noise else round(level.share * len(self.places))

    def each(self, change: Callable[[str, np.random.Generator], str], salt: int) -> Texts:
        """Every text changed by itself, the same way whatever is done to the others."""
        rng = np.random.default_rng([self.seed, salt])
        texts: Texts = self.data.reviews["text"].to_numpy(object).copy()
        for place in np.sort(self.places).tolist():
            texts[place] = change(texts[place], rng)
        return texts

    def dealt(self) -> Texts:
        """Texts dealt anew among the reviews of other products."""
        texts: Texts = self.data.reviews["text"].to_numpy(object).copy()
        rng = np.random.default_rng([self.seed, 5])
        products = self.data.reviews["item_row"].to_numpy()
        for group in np.unique(self.groups[self.places]):
            own = np.sort(self.places[self.groups[self.places] == group])
            texts[own] = texts[elsewhere(own, products, rng)]
        return texts


def elsewhere(places: NDArray[np.intp], products: NDArray[Any], rng: np.random.Generator) -> NDArray[np.intp]:
    """The places in another order, in which hardly any holds what stood at a place of the same product.

    Parameters
    ----------
    products : of every place there is

    >>> elsewhere(np.array([0, 1, 2]), np.array([7, 7, 8]), np.random.default_rng(0)).shape
    (3,)
    """
    order = rng.permutation(places)
    for _ in range(MOST_SWAPS):
        wrong = np.flatnonzero(products[order] == products[places])
        if not len(wrong):
            break
        for place in wrong.tolist():
            other = int(rng.integers(len(order)))
            order[place], order[other] = order[other], order[place]
    return order


def _first_words(text: str, _: np.random.Generator) -> str:
    return " ".join(text.split()[:FIRST_WORDS])


def _shuffled(text: str, rng: np.random.Generator) -> str:
    return " ".join(rng.permutation(np.array(text.split(), object)))


def _off_topic(text: str, rng: np.random.Generator) -> str:
    return off_topic(len(text.split()), rng)


NOISES: dict[str, Callable[[Spoiler], Texts]] = {
    CUT_SHORT: lambda spoiler: spoiler.each(_first_words, 2),
    SHUFFLED: lambda spoiler: spoiler.each(_shuffled, 3),
    OFF_TOPIC: lambda spoiler: spoiler.each(_off_topic, 4),
    WRONG_PRODUCT: lambda spoiler: spoiler.dealt(),
}
"""What may be wrong with texts: only their first words, their words in any order, about something else entirely, or
written about another product."""
