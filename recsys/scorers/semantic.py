"""Semantic component: similarity of a shopper's and a product's weighted sums of phrase vectors.

With P_u = sum_p a_p v_p and Q_i = sum_q b_q v_q over phrase vectors v (`phrase_space`), the score is
P_u . M Q_i / (|P_u| |Q_i|), M of `profile_metric`. It splits exactly over the phrases of either side. The weights b
follow from the text that a phrase stands in, the rating, recency, how common the phrase is and how much of it lies
along the learnt directions. A shopper's phrases are what they wrote, those of the products they liked, and what they
type now.
"""

from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.progress import Progress
from recsys.scorers.base import (
    NO_EXCLUSIONS,
    NO_ROW,
    Exclusions,
    Fitting,
    FloatArray,
    IntArray,
    Requests,
    ScorePart,
    Scorer,
    ScorerState,
)
from recsys.scorers.features import csr_arrays, csr_from, likes_matrix
from recsys.scorers.phrase_metric import profile_metric
from recsys.scorers.phrase_space import PhraseSpace
from recsys.scorers.phrase_weights import (
    LEAST_LENGTH,
    PhraseSum,
    SemanticSettings,
    item_weights,
    review_rows,
    shares_of_products,
    sign_of_reviews,
    take,
    unit,
    weights_of_reviews,
)
from recsys.text.phrasebook import KINDS, REVIEW


class AblatedProfile(NamedTuple):
    """The parts of a shopper's profile without one product.

    Parameters
    ----------
    liked, shares : int32 and float32 of shape (n_liked,), the other products liked, and their shares of the profile
    own : float32 of shape (n_dims,), sum of what the shopper wrote of other products
    said : float32 of shape (n_dims,), sum of what the shopper wrote of this product, as it counts in its `item_sums`
    """

    liked: IntArray
    shares: FloatArray
    own: FloatArray
    said: FloatArray


class SemanticScorer(Scorer):
    """The semantic component; positions of phrase occurrences are those in `phrases`, product by product."""

    name, label, SETTINGS = "semantic", "Semantic", SemanticSettings
    ARRAYS = (
        *("phrase_vectors", "item_profiles", "item_lengths", "item_starts", "metric"),
        *("kinds", "documents", "starts", "ends", "phrases", "weights"),
        *("own_starts", "own_places", "own_weights", "own_profiles"),
    )

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        if fitting.phrasebook is None:
            raise ValueError("the semantic scorer needs a phrasebook to fit")
        book, data, settings = fitting.phrasebook, fitting.data, self.settings
        progress("weighing phrases", 0, 3)
        rows = review_rows(data, book)
        kept = np.flatnonzero(book.counted & ((book.kind != REVIEW) | (rows != NO_ROW)))
        kinds, documents, reviews = book.kind[kept], book.document[kept], rows[kept]
        # Only the phrases of this data, in their own order: neither their mean nor any rounding knows what is held out.
        codes, own_rows = pd.factorize(book.phrase[kept])
        self.book_rows, phrases = own_rows, codes.astype(np.int32)
        items = np.where(reviews >= 0, take(data.reviews["item_row"].to_numpy(), reviews), documents)
        users = np.where(reviews >= 0, take(data.reviews["user_row"].to_numpy(), reviews), NO_ROW)
        vectors = np.asarray(book.vectors[own_rows], np.float32)
        self.space, mapped, focus = PhraseSpace.learn(vectors, phrases, items, users, data, settings)
        self.phrase_vectors: FloatArray = mapped

        n_said = np.bincount(phrases, minlength=len(own_rows))
        informative = np.maximum(n_said, 1.0)[phrases] ** -settings.commonness_power * focus**settings.focus_power
        unsigned = take(weights_of_reviews(data, settings), reviews) * informative
        signed = take(sign_of_reviews(data, settings), reviews) * unsigned
        weights = item_weights(kinds, items, signed, informative, data.n_items, settings)
        order = np.argsort(items, kind="stable")
        self.weights: FloatArray = weights[order].astype(np.float32)
        self.phrases: IntArray = phrases[order].astype(np.int32)
        self.item_starts: NDArray[np.int64] = np.searchsorted(items[order], np.arange(data.n_items + 1))
        self.kinds, self.documents = kinds[order].astype(np.int8), documents[order].astype(np.int32)
        self.starts, self.ends = book.start[kept][order], book.end[kept][order]
        progress("weighing phrases", 1, 3)

        own = np.flatnonzero(reviews[order] >= 0)
        authors = users[order][own]
        own_order = np.argsort(authors, kind="stable")
        own, authors = own[own_order], authors[own_order]
        said_by = np.bincount(authors, unsigned[order][own], data.n_users)
        own_weights = settings.own_weight * unsigned[order][own] / np.where(said_by > 0, said_by, 1)[authors]
        self.own_weights: FloatArray = own_weights.astype(np.float32)
        self.own_places: IntArray = own.astype(np.int32)
        self.own_starts: NDArray[np.int64] = np.searchsorted(authors, np.arange(data.n_users + 1))
        progress("weighing phrases", 2, 3)

        self._sum_up()
        self.likes = shares_of_products(data, settings.half_life_days, settings.dislike_weight)
        liked = likes_matrix(data, np.ones(len(data.positives())))
        self.metric: FloatArray = profile_metric(
            self.item_profiles, liked, settings.spread_power, settings.taste_weight
        )
        progress("weighing phrases", 3, 3)

    def with_head(self, head: FloatArray | None) -> Self:
        """The same component, metric included, with every phrase vector mapped by a learnt head; None for no head.

        `head`: float32 of shape (n_dims, n_dims), see `PhraseSpace`.
        """
        self._require_fitted()
        other = copy(self)
        other.space = self.space.with_head(head)
        other._sum_up()
        return other

    def _sum_up(self) -> None:
        """Sum the phrase vectors of every product and of every shopper."""
        sums, own = self.item_sums(), self.own_places
        self.item_lengths: FloatArray = np.linalg.norm(sums, axis=1).astype(np.float32)
        self.item_profiles: FloatArray = unit(sums)
        self.own_profiles: FloatArray = self.space.sums(
            self.phrase_vectors, self.own_weights, self.phrases[own], self.items_at(own), self.own_starts
        )

    def item_sums(self) -> FloatArray:
        """Weighted sums of every product's phrase vectors, before they are scaled, float32 of (n_items, n_dims)."""
        items = self.items_at(np.arange(len(self.phrases)))
        return self.space.sums(self.phrase_vectors, self.weights, self.phrases, items, self.item_starts)

    def without_pair(self, user_row: int, item_row: int) -> AblatedProfile:
        """A shopper's profile without one product in the history and without what they wrote of it."""
        own = self.own_places[slice(*self.own_starts[user_row : user_row + 2])]
        gone = own[self.items_at(own) == item_row]
        exclusions = Exclusions(phrases=tuple(gone.tolist()), items=(item_row,))
        liked, shares = self._likes(user_row, exclusions)
        places, weights = self._own(user_row, exclusions)
        own_sum, said = weights @ self.vectors_at(places), self.weights[gone] @ self.vectors_at(gone)
        return AblatedProfile(liked, shares, own_sum, said)

    def user_profiles(self, requests: Requests) -> FloatArray:
        """Unit profile of every request (zeros where nothing is known), float32 of shape (n_requests, n_dims).

        What is typed now counts as much as all that is known.
        """
        self._require_fitted()
        profiles = np.zeros((len(requests), self.space.n_dims), np.float32)
        known = np.flatnonzero(requests.user_rows != NO_ROW)
        rows = requests.user_rows[known]
        if len(known):
            profiles[known] = self.likes[rows] @ self.item_profiles + self.own_profiles[rows]
        for request, row in zip(known.tolist(), rows.tolist(), strict=True):
            exclusions = requests.exclusions[request]
            if exclusions.items or exclusions.phrases:
                liked, shares = self._likes(row, exclusions)
                own, weights = self._own(row, exclusions)
                changed, of_liked = self._changed(exclusions), np.array(self.item_profiles[liked])
                for at, item in enumerate(liked.tolist()):
                    of_liked[at] = changed.get(item, of_liked[at])
                profiles[request] = shares @ of_liked
                profiles[request] += weights @ self.vectors_at(own)
        profiles = unit(profiles)
        for request, words in enumerate(requests.words):
            if words is not None and len(words.vectors):
                shares = words.signs / np.float32(len(words.signs))
                typed = np.asarray(shares @ self.space.of_typed(words.vectors), np.float32)
                profiles[request] += unit(typed[None])[0]
        return unit(profiles)

    def known_profiles(self) -> FloatArray:
        """Unit profile of every shopper of the data, float32 of shape (n_users, n_dims), with nothing left out."""
        return unit(np.asarray(self.likes @ self.item_profiles, np.float32) + self.own_profiles)

    def against(self, profiles: FloatArray) -> FloatArray:
        """Profiles of shoppers times the metric: what phrases and profiles of products are multiplied by."""
        return np.asarray(profiles @ self.metric, np.float32)

    def has_own_words(self, requests: Requests, request: int) -> bool:
        """Whether anything that the shopper wrote counts in their profile."""
        row = int(requests.user_rows[request])
        return row != NO_ROW and bool(self._own(row, requests.exclusions[request])[1].any())

    def disliked(self, user_row: int) -> IntArray:
        """Rows of the products that count against a shopper's profile, ascending; none for NO_ROW."""
        if user_row == NO_ROW:
            return np.empty(0, np.int32)
        own = slice(self.likes.indptr[user_row], self.likes.indptr[user_row + 1])
        return np.sort(self.likes.indices[own][self.likes.data[own] < 0])

    def vectors_at(self, places: NDArray[np.integer[Any]]) -> FloatArray:
        """Vectors of phrase occurrences, float32 of shape (n_places, n_dims)."""
        return self.space.of_products(self.phrase_vectors[self.phrases[places]], self.items_at(places))

    def items_at(self, places: NDArray[np.integer[Any]]) -> IntArray:
        """Rows of the products that phrase occurrences are about."""
        return (np.searchsorted(self.item_starts, places, side="right") - 1).astype(np.int32)

    def places_of(self, item_row: int) -> slice:
        """The phrase occurrences of one product."""
        return slice(int(self.item_starts[item_row]), int(self.item_starts[item_row + 1]))

    def _likes(self, user_row: int, exclusions: Exclusions) -> tuple[IntArray, FloatArray]:
        """Rows of judged products, and their shares, as training without what is taken out would have them."""
        own = slice(self.likes.indptr[user_row], self.likes.indptr[user_row + 1])
        rows, shares = self.likes.indices[own], self.likes.data[own]
        if exclusions.items:
            n_before, kept = int((shares > 0).sum()), ~np.isin(rows, exclusions.items)
            rows, shares = rows[kept], shares[kept]
            liked = shares > 0
            scale = 1 / max(float(shares[liked].sum()), float(np.finfo(np.float32).tiny))
            scale_of_disliked = max(n_before, 1) / max(int(liked.sum()), 1)
            shares = (shares * np.where(liked, scale, scale_of_disliked)).astype(np.float32)
        return rows, shares

    def _own(self, user_row: int, exclusions: Exclusions) -> tuple[IntArray, FloatArray]:
        """Places of what a shopper wrote, with weights; a review that is taken out hands its weight to the others."""
        own = slice(int(self.own_starts[user_row]), int(self.own_starts[user_row + 1]))
        places, weights = self.own_places[own], self.own_weights[own]
        if exclusions.items and len(places):
            kept = ~np.isin(self.items_at(places), exclusions.items)
            before, after = float(np.abs(weights).sum()), float(np.abs(weights[kept]).sum())
            places, weights = places[kept], weights[kept] * np.float32(before / after if after > 0 else 0)
        if exclusions.phrases and len(places):
            kept = ~np.isin(places, exclusions.phrases)
            places, weights = places[kept], weights[kept]
        return places, weights

    def _changed(self, exclusions: Exclusions) -> dict[int, FloatArray]:
        """Unit profile of each product that loses phrases; summed anew, since taking off leaves rounding."""
        changed: dict[int, FloatArray] = {}
        if not exclusions.phrases:
            return changed
        for row in np.unique(self.items_at(np.array(exclusions.phrases, np.int64))).tolist():
            kept = self._counted(row, exclusions)
            changed[row] = unit((self.weights[kept] @ self.vectors_at(kept))[None])[0]
        return changed

    def _counted(self, item_row: int, exclusions: Exclusions) -> NDArray[np.int64]:
        """The phrase occurrences of one product, but for those that are left out."""
        own = self.places_of(item_row)
        places = np.arange(own.start, own.stop)
        return np.setdiff1d(places, exclusions.phrases) if exclusions.phrases else places

    def _score(self, requests: Requests) -> FloatArray:
        against = self.against(self.user_profiles(requests))
        scores = np.asarray(against @ self.item_profiles.T)
        for request in range(len(requests)):
            for row, profile in self._changed(requests.exclusions[request]).items():
                scores[request, row] = against[request] @ profile
        return scores

    def item_side(self, item_row: int, exclusions: Exclusions = NO_EXCLUSIONS) -> PhraseSum:
        """The phrases of a product, with coefficients that add up to its unit profile."""
        places = self._counted(item_row, exclusions)
        return PhraseSum.of(places, np.asarray(self.weights[places]), self.vectors_at(places), self.metric)

    def shopper_side(self, requests: Requests, request: int) -> PhraseSum:
        """A shopper's phrases: their own, those of the products they liked, each once, and those typed now."""
        row, exclusions = int(requests.user_rows[request]), requests.exclusions[request]
        places, weights = np.empty(0, np.int64), np.empty(0, np.float32)
        if row != NO_ROW:
            own, own_weights = self._own(row, exclusions)
            liked, shares = self._likes(row, exclusions)
            sides = [self._placed(item, exclusions) for item in liked.tolist()]
            both = np.concatenate([own, *(each for each, _ in sides)]).astype(np.int64)
            summands = [own_weights, *(share * each for share, (_, each) in zip(shares, sides, strict=True))]
            places, at = np.unique(both, return_inverse=True)
            weights = np.bincount(at, np.concatenate(summands), len(places)).astype(np.float32)
        known = PhraseSum.of(places, weights, self.vectors_at(places), self.metric)
        words = requests.words[request]
        if words is None or not len(words.vectors):
            return known
        n, vectors = len(words.vectors), self.space.of_typed(words.vectors)
        typed = PhraseSum.of(np.full(n, NO_ROW), words.signs / np.float32(n), vectors, self.metric)
        return PhraseSum.of(
            np.concatenate([known.places, typed.places]),
            np.concatenate([known.coefficients, typed.coefficients]),
            np.concatenate([known.vectors, typed.vectors]),
            self.metric,
        )

    def _placed(self, item_row: int, exclusions: Exclusions) -> tuple[NDArray[np.int64], FloatArray]:
        """Places of a product's phrases, and their shares of its unit profile."""
        if exclusions.phrases:
            side = self.item_side(item_row, exclusions)
            return side.places, side.coefficients
        places, length = self._counted(item_row, exclusions), float(self.item_lengths[item_row])
        return places, self.weights[places] * np.float32(1 / length if length > LEAST_LENGTH else 0)

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        side = self.item_side(item_row, requests.exclusions[request])
        values = side.coefficients * (side.vectors @ self.against(self.user_profiles(requests.only(request))[0]))
        kinds = self.kinds[side.places].tolist()
        return [
            ScorePart("phrase", value, {"kind": KINDS[kind], "place": place})
            for value, kind, place in zip(values.tolist(), kinds, side.places.tolist(), strict=True)
        ]

    def _state(self) -> ScorerState:
        state = super()._state()
        space = {f"space.{name}": array for name, array in self.space.arrays().items()}
        return ScorerState({**state.arrays, **csr_arrays("likes", self.likes), **space}, state.meta)

    def _restore(self, state: ScorerState) -> None:
        super()._restore(state)
        self.space = PhraseSpace(**{key[6:]: each for key, each in state.arrays.items() if key.startswith("space.")})
        self.likes = csr_from(state.arrays, "likes", (len(self.own_starts) - 1, len(self.item_profiles)))
