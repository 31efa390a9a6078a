"""Weights of phrases in the semantic profiles, and profiles as weighted sums of phrases."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.dataset import Dataset
from recsys.scorers.base import NO_ROW, FloatArray, IntArray
from recsys.scorers.features import recency_of_likes, signed_history
from recsys.text.phrasebook import REVIEW, Phrasebook


@dataclass(frozen=True, slots=True)
class SemanticSettings:
    """Settings of the semantic component.

    Parameters
    ----------
    title_weight, description_weight, attributes_weight : of a product's own phrases, divided among those of the kind
    review_weight : of all reviews of a product together, once it has many
    review_prior : reviews count `n / (n + review_prior)` of their full weight
    own_weight : of what a shopper wrote, beside 1 for the products they liked; whatever the stars, since who complains
        of zips cares about zips
    half_life_days : age at which a review or a liked product counts half
    dislike_weight : of a product that the shopper complained of and never liked, against them, beside 1 for a liked one
    polarity_power : in its product's profile a review of s = (stars - 3) / 2 counts sign(s) |s| ** polarity_power, so 0
        leaves the sign alone; three stars count nothing whatever the power
    complaint_weight : of reviews below three stars in their product's profile, beside 1 for the others; 0 leaves them
        out, and -1 takes complaint for praise, so that only what is spoken of counts
    commonness_power : a phrase said n times in the shop counts n ** -commonness_power
    n_directions : most directions of agreement
    focus_power : a phrase of which the share f lies along those directions counts f ** focus_power, relative to reviews
    category_weight : of what a category has in common, beside 1 for what is particular to a phrase of a review
    spread_power : a direction along which the profiles of products deviate by d counts d ** -spread_power where
        profiles are compared, see `whitening_metric`; 0 makes the score a plain cosine
    taste_weight : of what is liked together, where profiles are compared, beside the former, see `profile_metric`
    """

    title_weight: float = 0.05
    description_weight: float = 1.0
    attributes_weight: float = 0.05
    review_weight: float = 5.0
    review_prior: float = 3.0
    own_weight: float = 1.0
    half_life_days: float = 1000.0
    dislike_weight: float = 0.5
    polarity_power: float = 1.0
    complaint_weight: float = 1.0
    commonness_power: float = 0.5
    n_directions: int = 48
    focus_power: float = 1.0
    category_weight: float = 0.4
    spread_power: float = 1.0
    taste_weight: float = 1.0


def reference_vectors(book: Phrasebook, n_items: int) -> FloatArray:
    """Unit mean of every product's title, description and attribute phrases in the encoder's own space.

    Diversity is measured between these, never through weights or reviews; float32 of shape (n_items, n_dims), zeros
    for a product without any words.
    """
    own = book.kind != REVIEW
    matrix = sparse.csr_array(
        (np.ones(int(own.sum()), np.float32), (book.document[own], book.phrase[own])),
        shape=(n_items, len(book.vectors)),
    )
    return unit(np.asarray(matrix @ np.asarray(book.vectors, np.float32)))


LEAST_LENGTH = 4e-3
"""Phrases whose weighted sum is shorter cancel out but for rounding, which scaling to length 1 would magnify until the
parts no longer sum to the score. A title alone makes about 0.03."""


def unit(vectors: FloatArray, least: float = LEAST_LENGTH) -> FloatArray:
    """Rows scaled to length 1; rows of length `least` or less become zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > least))


def review_rows(data: Dataset, book: Phrasebook) -> IntArray:
    """Row in `data.reviews` of every phrase occurrence; NO_ROW for other kinds and for texts that this data lacks."""
    written = np.flatnonzero((data.reviews["text"] != "").to_numpy()).astype(np.int32)
    found = pd.Index(data.reviews["review_id"].to_numpy()[written]).get_indexer(book.document)
    known = (book.kind == REVIEW) & (found >= 0)
    return np.where(known, take(written, found), np.int32(NO_ROW))


def take(values: NDArray[Any], rows: IntArray) -> NDArray[Any]:
    """Values at rows, zeros where the row is negative."""
    if not len(values):
        return np.zeros(len(rows), values.dtype)
    return np.where(rows >= 0, values[np.clip(rows, 0, len(values) - 1)], np.zeros(1, values.dtype))


def item_weights(
    kinds: NDArray[np.int8],
    items: IntArray,
    review_weights: NDArray[np.float64],
    informative: NDArray[np.float64],
    n_items: int,
    settings: SemanticSettings,
) -> NDArray[np.float64]:
    """Weight b of every phrase occurrence in the profile of its product, float64 of shape (n_occurrences,).

    `review_weights` are signed; `informative` is the weight of a phrase by how rare it is and how much of it lies along
    the learnt directions.
    """
    of_kind = (settings.title_weight, settings.description_weight, settings.attributes_weight)
    weights = np.zeros(len(kinds))
    for kind, weight in enumerate(of_kind):
        chosen = kinds == kind
        totals = np.bincount(items[chosen], informative[chosen], n_items)
        weights[chosen] = weight * informative[chosen] / np.where(totals > 0, totals, 1)[items[chosen]]
    chosen = kinds == REVIEW
    said = np.bincount(items[chosen], np.abs(review_weights[chosen]), n_items) + settings.review_prior
    weights[chosen] = settings.review_weight * review_weights[chosen] / said[items[chosen]]
    return weights


def weights_of_reviews(data: Dataset, settings: SemanticSettings) -> NDArray[np.float64]:
    """Weight of each review before its stars, by its age at the end of the data.

    Votes play no part: when each was cast is not known, so a review would weigh what later readers thought of it.
    """
    age_days = (data.known_until_s - data.reviews["time_s"].to_numpy()) / 86_400
    return np.asarray(np.exp2(-age_days / settings.half_life_days))


def sign_of_reviews(data: Dataset, settings: SemanticSettings) -> NDArray[np.float64]:
    """Sign and size of each rating, from -1 to 1 where complaints weigh as much as praise."""
    stars = (data.reviews["rating"].to_numpy(np.float64) - 3) / 2
    signed = np.sign(stars) * np.abs(stars) ** settings.polarity_power
    return np.asarray(np.where(stars < 0, settings.complaint_weight * signed, signed))


def shares_of_products(data: Dataset, half_life_days: float, dislike_weight: float) -> sparse.csr_array:
    """Shoppers by products: share of each liked product in its shopper's profile, recent ones more; they sum to 1.

    A disliked product has -`dislike_weight` times the mean share of a liked one.
    """
    weights, rows = recency_of_likes(data, half_life_days), data.positives()["user_row"].to_numpy()
    history = signed_history(data, weights / np.bincount(rows, weights, data.n_users)[rows], dislike_weight)
    n_liked = np.maximum(np.bincount(rows, minlength=data.n_users), 1)
    shoppers = np.repeat(np.arange(data.n_users), np.diff(history.indptr))
    history.data[history.data < 0] /= n_liked[shoppers[history.data < 0]]
    return history


@dataclass(frozen=True, slots=True, eq=False)
class PhraseSum:
    """One side of a comparison of two profiles as a weighted sum of phrases, which splits over them exactly.

    With profiles P and Q of length 1 and a metric M the score is P . M Q, a cosine where M is the identity.

    Parameters
    ----------
    places : int64 of shape (n_phrases,), positions in the scorer's arrays; NO_ROW for what is typed now
    coefficients : float32 of shape (n_phrases,)
    vectors : float32 of shape (n_phrases, n_dims), centred
    profile : float32 of shape (n_dims,), unit length: `coefficients @ vectors`
    metric : float32 of shape (n_dims, n_dims), symmetric, the same for both sides
    """

    places: NDArray[np.int64]
    coefficients: FloatArray
    vectors: FloatArray
    profile: FloatArray
    metric: FloatArray

    @classmethod
    def of(cls, places: NDArray[np.int64], weights: FloatArray, vectors: FloatArray, metric: FloatArray) -> Self:
        """The side of some weighted phrases, scaled so that its profile has length 1 (0 if they cancel out)."""
        total = weights @ vectors
        length = float(np.linalg.norm(total))
        scale = np.float32(1 / length if length > LEAST_LENGTH else 0)
        return cls(places, weights * scale, vectors, total * scale, metric)

    def __len__(self) -> int:
        return len(self.places)

    @property
    def against(self) -> FloatArray:
        """The metric times the profile, of shape (n_dims,): what phrases of the other side are multiplied by."""
        return np.asarray(self.metric @ self.profile, np.float32)

    def values(self, other: "PhraseSum") -> FloatArray:
        """What each phrase adds to the score with another side, float32 of shape (n_phrases,); they sum to it."""
        return np.asarray(self.coefficients * (self.vectors @ other.against), np.float32)

    def shares(self) -> FloatArray:
        """What each phrase makes up of the profile itself, float32 of shape (n_phrases,); they sum to 1."""
        return np.asarray(self.coefficients * (self.vectors @ self.profile), np.float32)

    def losses(self, other: "PhraseSum") -> FloatArray:
        """What the score loses when each phrase is left out alone, float32 of shape (n_phrases,).

        Not what the phrase adds: without it the profile is shorter, and scaled to length 1 the other phrases take up
        some of its part. |Q - c v|^2 = |Q|^2 - 2 c v.Q + c^2 |v|^2.
        """
        added = self.values(other).astype(np.float64)
        along = self.coefficients * (self.vectors @ self.profile).astype(np.float64)
        own = np.square(self.coefficients.astype(np.float64)) * np.einsum("ij,ij->i", self.vectors, self.vectors)
        whole = float(self.profile @ other.against)
        lengths = np.sqrt(np.maximum(float(self.profile @ self.profile) - 2 * along + own, 0))
        left = np.divide(whole - added, lengths, out=np.zeros_like(added), where=lengths > LEAST_LENGTH)
        return np.asarray(whole - left, np.float32)

    def pairs(
        self, other: "PhraseSum", rows: NDArray[np.integer[Any]], columns: NDArray[np.integer[Any]] | None = None
    ) -> FloatArray:
        """What the pairs of some phrases here with some there add, float32 of shape (len(rows), len(columns)).

        With all phrases there (None) a row sums to the `values` of its phrase, and so do the columns over all rows for
        the phrases of the other side.
        """
        there = slice(None) if columns is None else columns
        products = self.vectors[rows] @ self.metric @ other.vectors[there].T
        return np.asarray(self.coefficients[rows, None] * products * other.coefficients[there], np.float32)
