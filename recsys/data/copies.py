"""Find reviews that copy another one: the same text on another product, or under another name.

A held-out review would leak through its copy, so the two are held out together (`splitting.hidden`). Texts are compared
as words without case, punctuation, markup and accents. Two are alike where at least `ALIKE` of the shorter one's
shingles (runs of three words) are in the longer one, too. Counts are exact, from one sparse product of texts by
shingles; shingles of more than `MOST_TEXTS` texts are left out.

What people write alike by chance is no copy. Of 29,000 reviews of games, two thirds of those of one word occur under
another name, too, a quarter of those of three, one in twelve of five, one in a hundred of eight, one in 400 of nine to
fifteen, and none of sixteen to thirty. So a text is a copy of somebody else's from `OTHERS_WORDS` different words on,
and of the same author's from `OWN_WORDS`. Texts of one author in one second are copies whatever their length, unless
times are whole days. Texts that are alike but not equal have to share more.

References
----------
Broder (1997), On the resemblance and containment of documents, Compression and Complexity of Sequences.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, triu

ALIKE = 0.6
"""Share of the shorter text's shingles; one word in ten changed leaves about 0.7 of them."""

OWN_WORDS, OTHERS_WORDS = 5, 12
"""Fewest different words of a copy of a text by the same author, and by somebody else."""

SHINGLE = 3
OWN_SHINGLES, OTHERS_SHINGLES = 4, 12
"""Fewest shingles in common, of those that are not everybody's, by the same author and by somebody else."""

MOST_TEXTS = 100
"""A shingle of more texts is a turn of phrase."""

_MARKUP = re.compile(r"<[^<>]{1,80}>")
_MARKS = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff'`\u2018\u2019]")
_NO_SPACES = "\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_NO_SPACES}]|[^\W{_NO_SPACES}]+")
"""A word, or one character where words are not set apart (Chinese, Japanese)."""


def words_of(text: str) -> tuple[str, ...]:
    """Split a text into words without case, punctuation, markup and accents.

    >>> words_of("Caf&eacute; <br />DON'T  stop!")
    ('cafe', 'dont', 'stop')
    """
    plain = unicodedata.normalize("NFKD", _MARKUP.sub(" ", unescape(text)))
    return tuple(_WORD.findall(_MARKS.sub("", plain).casefold()))


@dataclass(frozen=True, eq=False, slots=True)
class Copies:
    """Sets of reviews that are copies of each other; being a copy is not transitive across sets.

    `own`: bool of shape (n_review_ids, n_sets), sets by one author each.
    `any`: bool of shape (n_review_ids, n_sets), sets by any authors, those of `own` as well.
    `n_reviews`: how many reviews have a copy.
    """

    own: csr_array
    any: csr_array
    n_reviews: int

    def of(self, review_ids: NDArray[np.integer], by_the_author: bool = False) -> NDArray[np.int64]:
        """Find the ids of copies of some reviews, ascending, themselves left out."""
        sets = self.own if by_the_author else self.any
        known = np.asarray(review_ids)[np.asarray(review_ids) < sets.shape[0]]
        originals = np.zeros(sets.shape[0], np.int32)
        originals[known] = 1
        touched = (sets.T @ originals > 0).astype(np.int32)
        return np.setdiff1d(np.flatnonzero(sets @ touched), known)

    def in_words(self, n_reviews: int) -> str:
        """Write a sentence for protocols, of so many reviews in all."""
        if not self.n_reviews:
            return "No review repeats the text of another one."
        return (
            f"{self.n_reviews:,} of {n_reviews:,} reviews repeat the text of another one, word for word or nearly so, "
            "on another product or under another name; copies of held-out reviews were held out with them."
        )


def find_copies(reviews: pd.DataFrame) -> Copies:
    """Find copies among reviews of different pairs of shopper and product.

    `reviews`: review_id, user_row, item_row, time_s, text, title; a long title counts as a text, too.
    """
    documents, texts = _documents(reviews)
    n_words = np.array([len(set(each)) for each in texts], np.int64)
    lengths, by_day = n_words[documents["text"]], documents["time_s"].to_numpy() % 86_400 == 0
    near = _near(texts, n_words)
    at_once = documents[~by_day & documents["is_text"].to_numpy()]
    own = [
        at_once.assign(set=at_once.groupby(["author", "time_s", "text"]).ngroup()),
        documents[lengths >= OWN_WORDS].assign(set=lambda table: table.groupby(["author", "text"]).ngroup()),
        _sets_of_pairs(documents, near, ["pair", "author"]),
    ]
    others = [
        documents[lengths >= OTHERS_WORDS].assign(set=lambda table: table["text"]),
        _sets_of_pairs(documents, near[near["shared"] >= OTHERS_SHINGLES], ["pair"]),
    ]
    n_ids = int(reviews["review_id"].max()) + 1 if len(reviews) else 0
    of_own, of_any = _members(own, n_ids), _members([*own, *others], n_ids)
    return Copies(of_own, of_any, int((np.diff(of_any.indptr) > 0).sum()))


def _documents(reviews: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, ...]]]:
    """List every text as a row (review_id, author, item_row, time_s, text: its number, is_text), and all as words."""
    keys = ["review_id", "user_row", "item_row", "time_s"]
    parts = []
    for name in ("text", "title"):
        part = reviews[[*keys, name]].rename(columns={name: "words", "user_row": "author"})
        part = part[part["words"].str.len().to_numpy() > (0 if name == "text" else 2 * OTHERS_WORDS)]
        parts.append(part.assign(words=[words_of(each) for each in part["words"]], is_text=name == "text"))
    documents = pd.concat(parts, ignore_index=True)
    lengths = documents["words"].map(len).to_numpy(np.int64)
    documents = documents[lengths >= np.where(documents["is_text"], 1, OTHERS_WORDS)]
    numbers: dict[tuple[str, ...], int] = {}
    text = [numbers.setdefault(each, len(numbers)) for each in documents["words"]]
    return documents.drop(columns="words").assign(text=np.array(text, np.int64)), list(numbers)


def _near(texts: Sequence[tuple[str, ...]], n_words: NDArray[np.int64]) -> pd.DataFrame:
    """Find pairs of different texts that are alike: one, other, by number, and how many shingles they share."""
    from sklearn.feature_extraction.text import HashingVectorizer

    long = np.flatnonzero(n_words >= OWN_WORDS)
    if len(long) < 2:
        return pd.DataFrame({name: np.empty(0, np.int64) for name in ("one", "other", "shared")})
    hashing = HashingVectorizer(
        analyzer=_shingles, n_features=2**31 - 1, norm=None, alternate_sign=False, dtype=np.float32
    )
    counted = hashing.transform([texts[each] for each in long.tolist()])
    rows = np.repeat(np.arange(len(long)), np.diff(counted.indptr))
    _, columns, frequency = np.unique(counted.indices, return_inverse=True, return_counts=True)
    rare = frequency[columns] <= MOST_TEXTS
    sizes = np.bincount(rows[rare], minlength=len(long))
    shared = rare & (frequency[columns] > 1)
    ones = np.ones(int(shared.sum()), np.int32)
    matrix = csr_array((ones, (rows[shared], columns[shared])), shape=(len(long), len(frequency)))
    both = triu(matrix @ matrix.T, k=1).tocoo()
    shorter = np.minimum(sizes[both.row], sizes[both.col])
    alike = (both.data >= OWN_SHINGLES) & (both.data >= ALIKE * shorter)
    one, other = long[both.row[alike]], long[both.col[alike]]
    return pd.DataFrame({"one": one, "other": other, "shared": both.data[alike]})


def _shingles(words: tuple[str, ...]) -> set[str]:
    return {" ".join(words[start : start + SHINGLE]) for start in range(len(words) - SHINGLE + 1)}


def _sets_of_pairs(documents: pd.DataFrame, pairs: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Collect the documents of both texts of every pair, as one set a pair, or one for each of its authors."""
    numbered = pairs.reset_index(drop=True).rename_axis("pair").reset_index()
    both = pd.concat([numbered[["pair", side]].rename(columns={side: "text"}) for side in ("one", "other")])
    members = both.merge(documents, on="text")
    return members.assign(set=members.groupby(by).ngroup())


def _members(parts: Sequence[pd.DataFrame], n_ids: int) -> csr_array:
    """Build a matrix of reviews by sets, without sets of a single pair of shopper and product."""
    rows, columns, n_sets = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
    for part in parts:
        pairs = part[["set", "author", "item_row"]].drop_duplicates()
        several = np.bincount(pairs["set"], minlength=int(part["set"].max() + 1) if len(part) else 0) > 1
        kept = part[several[part["set"]]].drop_duplicates(["review_id", "set"])
        codes, sets = pd.factorize(kept["set"])
        rows.append(kept["review_id"].to_numpy(np.int64))
        columns.append(codes + n_sets)
        n_sets += len(sets)
    row, column = np.concatenate(rows), np.concatenate(columns)
    return csr_array((np.ones(len(row), np.int32), (row, column)), shape=(n_ids, n_sets))
