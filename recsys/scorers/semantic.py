"""Semantic component: cosine between what a shopper's and a product's phrases mean.

With P_u = sum_p a_p e_p and Q_i = sum_q b_q e_q over centred sentence-encoder vectors e, the score is
P_u . Q_i / (|P_u| |Q_i|), which splits exactly over the phrases of either side. The weights b carry where a phrase
stands, the rating's sign, recency, helpfulness and how often it is said by everybody; a shopper's phrases are what they
wrote themselves, what the products they liked say and are said to be, and what they type now.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.dataset import Dataset
from recsys.progress import Progress
from recsys.scorers.base import NO_ROW, Fitting, FloatArray, IntArray, Part, Requests, Scorer, ScorerState
from recsys.scorers.features import csr_arrays, csr_from, recency_of_likes
from recsys.text.phrasebook import KINDS, Phrasebook

REVIEW = KINDS.index("review")


@dataclass(frozen=True, slots=True)
class SemanticSettings:
    """Parameters
    ----------
    title_weight, description_weight, attributes_weight : of a product's own phrases, divided among those of the kind
    review_weight : of all reviews of a product together, once it has many
    review_prior : reviews count `n / (n + review_prior)` of their full weight
    own_weight : of what a shopper wrote, beside 1 for the products they liked
    half_life_days : age at which a review or a liked product counts half
    commonness_power : a phrase said n times in the shop counts n ** -commonness_power
    centring : share of the mean phrase vector that is taken off every phrase
    """

    title_weight: float = 1.0
    description_weight: float = 1.0
    attributes_weight: float = 1.0
    review_weight: float = 5.0
    review_prior: float = 3.0
    own_weight: float = 0.5
    half_life_days: float = 1000.0
    commonness_power: float = 0.5
    centring: float = 0.8


class SemanticScorer(Scorer):
    """Cosine of weighted sums of phrase vectors."""

    name = "semantic"

    def __init__(self, settings: SemanticSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or SemanticSettings()

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        if fitting.phrasebook is None:
            raise ValueError("the semantic scorer needs a phrasebook to fit")
        book, data, settings = fitting.phrasebook, fitting.data, self.settings
        progress("weighing phrases", 0, 3)
        review_of = _rows_by_review(data, book)
        rows = np.where(book.kind == REVIEW, _take(review_of, book.document), NO_ROW)
        kept = np.flatnonzero((book.kind != REVIEW) | (rows != NO_ROW))
        kinds, documents, reviews = book.kind[kept], book.document[kept], rows[kept]
        # Only the phrases of this data, in their own order: neither their mean nor any rounding knows what is held out.
        own_rows, phrases = _numbered_anew(book.phrase[kept])
        self.phrase_vectors = book.vectors[own_rows]
        self.mean: FloatArray = settings.centring * self.phrase_vectors.mean(axis=0, dtype=np.float32)
        items = np.where(reviews >= 0, _take(data.reviews["item_row"].to_numpy(), reviews), documents)
        users = np.where(reviews >= 0, _take(data.reviews["user_row"].to_numpy(), reviews), NO_ROW)

        said = np.bincount(phrases, minlength=len(own_rows))
        common = np.maximum(said, 1.0) ** -settings.commonness_power
        review_weights = _take(_review_weights(data, settings), reviews) * common[phrases]
        weights = self._item_side(kinds, items, review_weights, common[phrases], data.n_items)
        order = np.argsort(items, kind="stable")
        self.weights: FloatArray = weights[order].astype(np.float32)
        self.phrases: IntArray = phrases[order].astype(np.int32)
        self.item_starts: NDArray[np.int64] = np.searchsorted(items[order], np.arange(data.n_items + 1))
        self.kinds, self.documents = kinds[order].astype(np.int8), documents[order].astype(np.int32)
        self.starts, self.ends = book.start[kept][order], book.end[kept][order]
        progress("weighing phrases", 1, 3)

        profiles = self._sums(
            self.weights, self.phrases, np.repeat(np.arange(data.n_items), np.diff(self.item_starts)), data.n_items
        )
        self.item_lengths: FloatArray = np.linalg.norm(profiles, axis=1).astype(np.float32)
        self.item_profiles: FloatArray = _unit(profiles)
        progress("weighing phrases", 2, 3)

        own = np.flatnonzero(reviews >= 0)
        own_order = own[np.argsort(users[own], kind="stable")]
        totals = np.bincount(users[own], np.abs(review_weights[own]), data.n_users)
        own_weights = settings.own_weight * review_weights / np.where(totals > 0, totals, 1)[np.maximum(users, 0)]
        self.own_weights: FloatArray = own_weights[own_order].astype(np.float32)
        self.own_phrases: IntArray = phrases[own_order].astype(np.int32)
        self.own_starts: NDArray[np.int64] = np.searchsorted(users[own_order], np.arange(data.n_users + 1))
        self.liked = _liked(data, settings.half_life_days)
        progress("weighing phrases", 3, 3)

    def _item_side(
        self,
        kinds: NDArray[np.int8],
        items: IntArray,
        review_weights: NDArray[np.float64],
        common: NDArray[np.float64],
        n_items: int,
    ) -> NDArray[np.float64]:
        """Weight b of every phrase occurrence in the profile of its product."""
        settings = self.settings
        of_kind = (settings.title_weight, settings.description_weight, settings.attributes_weight)
        weights = np.zeros(len(kinds))
        for kind, weight in enumerate(of_kind):
            chosen = kinds == kind
            totals = np.bincount(items[chosen], common[chosen], n_items)
            weights[chosen] = weight * common[chosen] / totals[items[chosen]]
        chosen = kinds == REVIEW
        said = np.bincount(items[chosen], np.abs(review_weights[chosen]), n_items) + settings.review_prior
        weights[chosen] = settings.review_weight * review_weights[chosen] / said[items[chosen]]
        return weights

    def _sums(self, weights: FloatArray, phrases: IntArray, rows: NDArray[np.int64], n_rows: int) -> FloatArray:
        """Weighted sums of centred phrase vectors, float32 of shape (n_rows, n_dims)."""
        matrix = sparse.csr_array(
            (weights, (rows, phrases)), shape=(n_rows, len(self.phrase_vectors)), dtype=np.float32
        )
        sums = matrix @ np.asarray(self.phrase_vectors, np.float32)
        return np.asarray(sums - np.asarray(matrix.sum(axis=1))[:, None] * self.mean, np.float32)

    def user_profiles(self, requests: Requests) -> FloatArray:
        """Unit profile of every request (zeros where nothing is known), float32 of shape (n_requests, n_dims)."""
        self._require_fitted()
        profiles = np.zeros((len(requests), self.item_profiles.shape[1]), np.float32)
        known = np.flatnonzero(requests.user_rows != NO_ROW)
        rows = requests.user_rows[known]
        if len(known):
            profiles[known] = self.liked[rows] @ self.item_profiles
        for request, row in zip(known.tolist(), rows.tolist(), strict=True):
            own = slice(self.own_starts[row], self.own_starts[row + 1])
            if own.start < own.stop:
                profiles[request] += self.own_weights[own] @ self._centred(self.own_phrases[own])
        for request in range(len(requests)):
            said = requests.words_of(request)
            if said is not None and len(said.vectors):
                profiles[request] += (said.vectors - self.mean).mean(axis=0)
        return _unit(profiles)

    def _centred(self, phrases: IntArray) -> FloatArray:
        return np.asarray(self.phrase_vectors[phrases], np.float32) - self.mean

    def _score(self, requests: Requests) -> FloatArray:
        return self.user_profiles(requests) @ self.item_profiles.T

    def phrase_values(self, profile: FloatArray, item_row: int) -> tuple[slice, FloatArray]:
        """The phrase occurrences of one product, as a slice of this scorer's arrays, and the score's share of each."""
        own = slice(int(self.item_starts[item_row]), int(self.item_starts[item_row + 1]))
        length = self.item_lengths[item_row]
        scale = self.weights[own] / (length if length > 0 else np.float32(1))
        return own, scale * (self._centred(self.phrases[own]) @ profile)

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[Part]:
        one = Requests(requests.user_rows[[request]], (requests.contexts[request],), (requests.words_of(request),))
        own, values = self.phrase_values(self.user_profiles(one)[0], item_row)
        return [
            Part(
                "phrase",
                float(value),
                {"kind": KINDS[kind], "document": int(document), "start": int(start), "end": int(end)},
            )
            for value, kind, document, start, end in zip(
                values, self.kinds[own], self.documents[own], self.starts[own], self.ends[own], strict=True
            )
        ]

    _ARRAYS = (
        *("phrase_vectors", "mean", "item_profiles", "item_lengths", "item_starts"),
        *("kinds", "documents", "starts", "ends", "phrases", "weights"),
        *("own_starts", "own_phrases", "own_weights"),
    )

    def _state(self) -> ScorerState:
        arrays: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in self._ARRAYS}
        return ScorerState(arrays | csr_arrays("liked", self.liked), {"settings": asdict(self.settings)})

    def _restore(self, state: ScorerState) -> None:
        self.settings = SemanticSettings(**state.meta["settings"])
        for name in self._ARRAYS:
            setattr(self, name, state.arrays[name])
        shape = (len(self.own_starts) - 1, len(self.item_profiles))
        self.liked = csr_from(dict(state.arrays), "liked", shape)


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
    return _unit(np.asarray(matrix @ np.asarray(book.vectors, np.float32)))


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-12))


def _numbered_anew(phrases: IntArray) -> tuple[IntArray, IntArray]:
    """The phrases that occur, in the order in which they first do, and every occurrence as a place among them."""
    known, first, places = np.unique(phrases, return_index=True, return_inverse=True)
    order = np.argsort(first)
    new = np.empty(len(known), np.int32)
    new[order] = np.arange(len(known), dtype=np.int32)
    return known[order], new[places]


def _rows_by_review(data: Dataset, book: Phrasebook) -> IntArray:
    """Row in `data.reviews` of each review that the phrasebook holds, NO_ROW for one that this data set does not."""
    ids = data.reviews["review_id"].to_numpy()
    n_ids = max(ids.max(initial=-1), book.document[book.of_kind(REVIEW)].max(initial=-1)) + 1
    rows = np.full(n_ids, NO_ROW, np.int32)
    rows[ids] = np.arange(len(ids))
    return rows


def _take(values: NDArray[Any], rows: IntArray) -> NDArray[Any]:
    """Values at rows, zeros where the row is negative."""
    if not len(values):
        return np.zeros(len(rows), values.dtype)
    return np.where(rows >= 0, values[np.clip(rows, 0, len(values) - 1)], np.zeros(1, values.dtype))


def _review_weights(data: Dataset, settings: SemanticSettings) -> NDArray[np.float64]:
    """Weight of each review: its rating's sign and size, its age at the end of the data, and its helpfulness."""
    reviews = data.reviews
    sign = (reviews["rating"].to_numpy(np.float64) - 3) / 2
    age_days = (data.known_until_s - reviews["time_s"].to_numpy()) / 86_400
    helpful = 1 + np.log1p(reviews["helpful_yes"].to_numpy(np.float64))
    return np.asarray(sign * np.exp2(-age_days / settings.half_life_days) * helpful)


def _liked(data: Dataset, half_life_days: float) -> sparse.csr_array:
    """Shoppers by products: share of each liked product in its shopper's profile, recent ones more."""
    likes = data.positives()
    weights = recency_of_likes(data, half_life_days)
    rows, columns = likes["user_row"].to_numpy(), likes["item_row"].to_numpy()
    totals = np.bincount(rows, weights, data.n_users)
    return sparse.csr_array(
        ((weights / totals[rows]).astype(np.float32), (rows, columns)), shape=(data.n_users, data.n_items)
    )
