"""A shop with fewer words, or with worse ones: only texts of reviews change, never who bought, rated or when.

Which texts are touched is drawn once: the texts kept at 10% are among those kept at 25%, and those corrupted at 25% are
corrupted in the same way at 50%.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.splitting import Split
from recsys.errors import DataError

FIRST_WORDS = 5
"""A text that is cut short keeps so many."""

FEWEST_TEXTS = 20
"""A tenth of fewer is nothing."""

MOST_SWAPS = 100

CUT_SHORT, SHUFFLED, OFF_TOPIC, WRONG_PRODUCT = "cut short", "words shuffled", "off topic", "wrong product"

Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class TextLevel:
    """One state of the texts: the share that is kept, or that is corrupted by a noise of `NOISES`."""

    noise: str
    share: float

    @property
    def name(self) -> str:
        """As it stands in tables.

        >>> TextLevel("", 0.25).name, TextLevel("off topic", 0.5).name
        ('25% of texts kept', '50% off topic')
        """
        return f"{self.share:.0%} {self.noise}" if self.noise else f"{self.share:.0%} of texts kept"


CLEAN, SILENT = TextLevel("", 1.0), TextLevel("", 0.0)


@dataclass(frozen=True, eq=False)
class TextCorruption:
    """The texts of one shop; `rows` are of the reviews that say anything, in the order of corrupting and of keeping.

    `groups`, int of shape (n_reviews,), are what is learned from, validation's and test's reviews; texts are dealt
    within each, so that what is held out reaches no profile by another review.
    """

    data: Dataset
    rows: NDArray[np.intp]
    groups: NDArray[np.int8]
    seed: int

    @classmethod
    def of(cls, data: Dataset, split: Split, seed: int) -> Self:
        """Raises DataError where hardly a review says anything."""
        rows = np.flatnonzero(has_text(data.reviews))
        if len(rows) < FEWEST_TEXTS:
            raise DataError(
                f"only {len(rows)} reviews have a text, so there is nothing to leave out",
                file=data.name,
                remedy=f"bring reviews with texts, at least {FEWEST_TEXTS}",
            )
        ids = data.reviews["review_id"].to_numpy()
        known = [np.isin(ids, each.reviews["review_id"].to_numpy()) for each in (split.fit_validation, split.fit_test)]
        groups = np.where(known[0], 0, np.where(known[1], 1, 2)).astype(np.int8)
        return cls(data, np.random.default_rng([seed, 1]).permutation(rows), groups, seed)

    def at(self, level: TextLevel) -> Dataset:
        texts = self._texts()
        n_touched = round(level.share * len(self.rows))
        if level.noise:
            rows = self.rows[:n_touched]
            texts[rows] = NOISES[level.noise](self)[rows]
        else:
            texts[self.rows[n_touched:]] = ""
        reviews = self.data.reviews.assign(text=pd.Series(texts, self.data.reviews.index).astype("str"))
        return replace(self.data, reviews=reviews)

    def n_texts(self, level: TextLevel) -> int:
        return len(self.rows) if level.noise else round(level.share * len(self.rows))

    def each(self, change: Callable[[str, np.random.Generator], str], salt: int) -> Texts:
        """Every text changed by itself, the same way whatever is done to the others."""
        rng, texts = np.random.default_rng([self.seed, salt]), self._texts()
        for row in np.sort(self.rows).tolist():
            texts[row] = change(texts[row], rng)
        return texts

    def swapped(self) -> Texts:
        """Texts dealt anew among the reviews of other products."""
        rng, texts = np.random.default_rng([self.seed, 5]), self._texts()
        products = self.data.reviews["item_row"].to_numpy()
        for group in np.unique(self.groups[self.rows]):
            own = np.sort(self.rows[self.groups[self.rows] == group])
            texts[own] = texts[deranged(own, products, rng)]
        return texts

    def _texts(self) -> Texts:
        texts: Texts = self.data.reviews["text"].to_numpy(object).copy()
        return texts


def has_text(reviews: pd.DataFrame) -> NDArray[np.bool_]:
    """Which reviews say anything, bool of shape (n_reviews,)."""
    return np.asarray(reviews["text"].str.strip().str.len().to_numpy() > 0)


def deranged(rows: NDArray[np.intp], products: NDArray[Any], rng: np.random.Generator) -> NDArray[np.intp]:
    """The rows in another order, in which hardly any takes the position of one of the same product."""
    order = rng.permutation(rows)
    for _ in range(MOST_SWAPS):
        wrong = np.flatnonzero(products[order] == products[rows])
        if not len(wrong):
            break
        for row in wrong.tolist():
            other = int(rng.integers(len(order)))
            order[row], order[other] = order[other], order[row]
    return order


# Sentences that speak of no product at all, of three parts each, written for this purpose. There are thousands of them,
# since a sentence said over and over would count less and less, and do less harm than real chatter does.

WHO = (
    *("My neighbour", "The postman", "Our old teacher", "A man on the platform", "The choir", "Somebody's uncle"),
    *("The mayor", "Her dentist", "The whole village", "A tall stranger", "The bus driver", "My grandmother"),
    *("The librarian", "Two students", "His accountant", "The night watchman", "A flock of geese", "The council"),
    *("Their landlord", "The newsreader", "An elderly couple", "The parish clerk", "Our cousin", "The ferryman"),
)

DID = (
    *("counted the windows of the town hall", "argued about the date of Easter", "missed the train to the coast"),
    *("filled in the wrong tax form", "recited a poem about November", "waited for the bank to open"),
    *("asked the way to the cathedral", "voted against the new roundabout", "read the weather report aloud"),
    *("forgot the name of the river", "learnt six words of Latin", "talked about the eclipse"),
    *("signed a petition on parking fees", "watched the tide go out", "complained about the church bells"),
    *("moved to another postcode", "drew a map of the cemetery", "changed trains at the junction"),
    *("remembered the long drought", "wrote to the editor of the gazette", "slept through the sermon"),
    *("planted a hedge along the lane", "disputed the election result", "hummed the national anthem"),
)

WHEN = (
    *("on a grey Tuesday", "before the clocks went back", "while the bells were ringing", "in the spring of that year"),
    *("at a quarter to seven", "after the second interval", "during the bank holiday", "shortly before the census"),
    *("without telling anybody", "for the third time this month", "as the fog came in", "in front of the post office"),
    *("two days after the funeral", "when the bridge was closed", "along with half the street", "just after lunch"),
    *("in the shade of the elms", "between two meetings", "to nobody's surprise", "in the middle of the debate"),
    *("by the war memorial", "on the last day of term", "under the old by-laws", "until the lights came on"),
)

N_SENTENCES = len(WHO) * len(DID) * len(WHEN)

WORDS_A_SENTENCE = 13
"""About so many words has each."""


def off_topic(n_words: int, rng: np.random.Generator) -> str:
    """A text of about so many words, at least one sentence.

    >>> off_topic(9, np.random.default_rng(1)).count(".")
    1
    """
    drawn = rng.integers(0, N_SENTENCES, max(1, round(n_words / WORDS_A_SENTENCE)))
    return " ".join(_sentence(int(number)) for number in drawn)


def _sentence(number: int) -> str:
    rest, when = divmod(number, len(WHEN))
    who, did = divmod(rest, len(DID))
    return f"{WHO[who]} {DID[did]} {WHEN[when]}."


NOISES: dict[str, Callable[[TextCorruption], Texts]] = {
    CUT_SHORT: lambda corruption: corruption.each(lambda text, _: " ".join(text.split()[:FIRST_WORDS]), 2),
    SHUFFLED: lambda corruption: corruption.each(
        lambda text, rng: " ".join(rng.permutation(np.array(text.split(), object))), 3
    ),
    OFF_TOPIC: lambda corruption: corruption.each(lambda text, rng: off_topic(len(text.split()), rng), 4),
    WRONG_PRODUCT: lambda corruption: corruption.swapped(),
}
"""What may be wrong with texts: only their first words, their words in any order, about something else entirely, or
written about another product."""
