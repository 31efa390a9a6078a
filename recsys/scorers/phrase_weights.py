"""How much each phrase counts in the semantic profiles, worked out once when the scorer is fitted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.dataset import Dataset
from recsys.scorers.base import NO_ROW, FloatArray, IntArray
from recsys.scorers.features import likes_matrix, recency_of_likes
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
    polarity_power : in its product's profile a review of s = (stars - 3) / 2 counts sign(s) |s| ** polarity_power, so 0
        leaves the sign alone; three stars count nothing whatever the power
    complaint_weight : of reviews below three stars in their product's profile, beside 1 for the others; 0 leaves them
        out, and -1 takes complaint for praise, so that only what is spoken of counts
    commonness_power : a phrase said n times in the shop counts n ** -commonness_power
    n_directions : at most so many directions of agreement are listened to
    focus_power : a phrase of which the share f lies along those directions counts f ** focus_power, relative to reviews
    category_weight : of what a category has in common, beside 1 for what is particular to a phrase of a review
    spread_power : a direction along which the profiles of products deviate by d counts d ** -spread_power where
        profiles are compared, see `spread_metric`; 0 makes the score a plain cosine
    """

    title_weight: float = 0.05
    description_weight: float = 1.0
    attributes_weight: float = 0.05
    review_weight: float = 5.0
    review_prior: float = 3.0
    own_weight: float = 1.0
    half_life_days: float = 1000.0
    polarity_power: float = 1.0
    complaint_weight: float = 1.0
    commonness_power: float = 0.5
    n_directions: int = 48
    focus_power: float = 1.0
    category_weight: float = 0.4
    spread_power: float = 1.0


def reference_vectors(book: Phrasebook, n_items: int) -> FloatArray:
    """What each product is, in the encoder's own space: unit mean of its title, description and attribute phrases.

    Diversity (ILD, MMR, DPP) is measured between these, never through weights or reviews; float32 of shape
    (n_items, n_dims), zeros for a product without any words.
    """
    own = book.kind != REVIEW
    matrix = sparse.csr_array(
        (np.ones(int(own.sum()), np.float32), (book.document[own], book.phrase[own])),
        shape=(n_items, len(book.vectors)),
    )
    return unit(np.asarray(matrix @ np.asarray(book.vectors, np.float32)))


LEAST_LENGTH = 4e-3
"""A weighted sum of phrases that is shorter says nothing: its phrases cancel out but for rounding, which scaling it to
length 1 would magnify until the parts no longer sum to the score. A title alone makes about 0.03."""


def unit(vectors: FloatArray, least: float = LEAST_LENGTH) -> FloatArray:
    """Rows scaled to length 1; rows of length `least` or less become zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > least))


def numbered_anew(phrases: IntArray) -> tuple[IntArray, IntArray]:
    """The phrases that occur, in the order in which they first do, and every occurrence as a place among them."""
    known, first, places = np.unique(phrases, return_index=True, return_inverse=True)
    order = np.argsort(first)
    new = np.empty(len(known), np.int32)
    new[order] = np.arange(len(known), dtype=np.int32)
    return known[order], new[places]


def rows_by_review(data: Dataset, book: Phrasebook) -> IntArray:
    """Row in `data.reviews` of each review that the phrasebook holds, NO_ROW for one whose text this data does not."""
    ids = data.reviews["review_id"].to_numpy()
    n_ids = max(ids.max(initial=-1), book.document[book.of_kind(REVIEW)].max(initial=-1)) + 1
    rows = np.full(n_ids, NO_ROW, np.int32)
    told = np.flatnonzero((data.reviews["text"] != "").to_numpy())
    rows[ids[told]] = told
    return rows


def take(values: NDArray[Any], rows: IntArray) -> NDArray[Any]:
    """Values at rows, zeros where the row is negative."""
    if not len(values):
        return np.zeros(len(rows), values.dtype)
    return np.where(rows >= 0, values[np.clip(rows, 0, len(values) - 1)], np.zeros(1, values.dtype))


def item_weights(
    kinds: NDArray[np.int8],
    items: IntArray,
    review_weights: NDArray[np.float64],
    telling: NDArray[np.float64],
    n_items: int,
    settings: SemanticSettings,
) -> NDArray[np.float64]:
    """Weight b of every phrase occurrence in the profile of its product, float64 of shape (n_occurrences,).

    Parameters
    ----------
    review_weights : signed weight of phrases of reviews
    telling : how telling a phrase is, by how rarely it is said and how much of it lies along directions of agreement
    """
    of_kind = (settings.title_weight, settings.description_weight, settings.attributes_weight)
    weights = np.zeros(len(kinds))
    for kind, weight in enumerate(of_kind):
        chosen = kinds == kind
        totals = np.bincount(items[chosen], telling[chosen], n_items)
        weights[chosen] = weight * telling[chosen] / np.where(totals > 0, totals, 1)[items[chosen]]
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


def shares_of_likes(data: Dataset, half_life_days: float) -> sparse.csr_array:
    """Shoppers by products: share of each liked product in its shopper's profile, recent ones more."""
    weights, rows = recency_of_likes(data, half_life_days), data.positives()["user_row"].to_numpy()
    return likes_matrix(data, weights / np.bincount(rows, weights, data.n_users)[rows])
