"""Content component: cosine of TF-IDF and attribute profiles of a product and of a shopper's liked products.

A product is one sparse unit vector over the words of its title and description (TF-IDF) and its attributes
(category, brand, price band, tags); a shopper is the weighted sum of the products that they liked, recent ones more,
plus the words that they type now.

References
----------
Salton & Buckley (1988), Term-weighting approaches in automatic text retrieval, IPM 24(5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from recsys.progress import Progress
from recsys.scorers.base import NO_ROW, Fitting, FloatArray, Requests, ScorePart, Scorer, ScorerState
from recsys.scorers.features import (
    csr_arrays,
    csr_from,
    item_features,
    recency_of_likes,
    row_normalised,
    signed_history,
)

CHUNK = 256
_TFIDF: dict[str, Any] = {"sublinear_tf": True, "stop_words": "english", "dtype": np.float32}


@dataclass(frozen=True, slots=True)
class ContentSettings:
    """Settings of the content component.

    Parameters
    ----------
    attribute_weight : length of the attribute half of a product's vector, beside 1 for its words
    half_life_days : age at which a liked product counts half in its shopper's profile
    dislike_weight : of a product that the shopper complained of and never liked, against them, beside 1 for a liked one
    max_terms : most frequent words kept
    """

    attribute_weight: float = 1.0
    half_life_days: float = 180.0
    dislike_weight: float = 0.25
    max_terms: int = 50_000


class ContentScorer(Scorer):
    """The content component; `terms` and `attributes` name the columns of every vector, terms first."""

    name, label, SETTINGS = "content", "Content", ContentSettings
    ARRAYS, META = ("idf",), ("terms", "attributes", "n_items", "n_users")

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        data, settings = fitting.data, self.settings
        progress("fitting the content model", 0, 2)
        self.n_items, self.n_users = data.n_items, data.n_users
        tags = (" ".join(tags) for tags in data.items["tags"])
        texts = zip(*(data.items[name] for name in ("title", "description", "category")), tags, strict=True)
        vectoriser = TfidfVectorizer(**_TFIDF, max_features=settings.max_terms)
        try:
            words = sparse.csr_array(vectoriser.fit_transform([" ".join(each) for each in texts]))
            self.terms: Sequence[str] = vectoriser.get_feature_names_out().tolist()
            self.idf: FloatArray = vectoriser.idf_.astype(np.float32)
        except ValueError:
            # Nothing but stop words or single mentions: attributes alone describe this catalogue.
            words = sparse.csr_array((data.n_items, 0), dtype=np.float32)
            self.terms, self.idf = [], np.empty(0, np.float32)
        self.attributes: Sequence[str]
        self.attributes, features = item_features(data.items)
        rarity = np.log((1 + data.n_items) / (1 + np.asarray(features.sum(axis=0)))) + 1
        attributes = row_normalised(sparse.csr_array(features @ sparse.diags_array(rarity.astype(np.float32))))
        both = sparse.hstack([words, attributes * np.float32(settings.attribute_weight)], format="csr")
        self.item_vectors = row_normalised(sparse.csr_array(both.astype(np.float32)))
        self.item_vectors.sort_indices()
        progress("fitting the content model", 1, 2)
        self.likes = signed_history(data, recency_of_likes(data, settings.half_life_days), settings.dislike_weight)
        self.user_vectors = row_normalised(sparse.csr_array(self.likes @ self.item_vectors))
        progress("fitting the content model", 2, 2)

    def _profile(self, requests: Requests, request: int) -> FloatArray:
        """Dense unit profile of one request over terms and attributes (zeros when nothing is known)."""
        profile = np.zeros(self.item_vectors.shape[1], np.float32)
        row, exclusions = requests.user_rows[request], requests.exclusions[request]
        if row != NO_ROW:
            source, own = self.user_vectors, slice(self.user_vectors.indptr[row], self.user_vectors.indptr[row + 1])
            if exclusions.items:
                likes = self.likes[[row]]
                likes.data = np.where(np.isin(likes.indices, exclusions.items), np.float32(0), likes.data)
                if (liked := likes.data > 0).any():  # the last of those left counts whole, as after training without
                    likes.data[liked] /= likes.data.max()
                source = row_normalised(likes @ self.item_vectors)
                own = slice(0, source.nnz)
            profile[source.indices[own]] = source.data[own]
        words = requests.words[request]
        if words is not None:
            profile[: len(self.terms)] += self._typed(words.said(1)) - self._typed(words.said(-1))
        if exclusions.features:
            profile[[self._columns[name] for name in exclusions.features if name in self._columns]] = 0
        length = float(np.linalg.norm(profile))
        if length > 0:
            profile /= np.float32(length)
        return profile

    @property
    def features(self) -> frozenset[str]:
        """Names of the attributes ("brand:Northpeak") and words ("term:zip") that can be left out."""
        return frozenset(self._columns)

    @cached_property
    def _columns(self) -> dict[str, int]:
        names = (*(f"term:{term}" for term in self.terms), *self.attributes)
        return {name: column for column, name in enumerate(names)}

    @cached_property
    def _vectoriser(self) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectoriser = TfidfVectorizer(**_TFIDF, vocabulary=self.terms)
        vectoriser.idf_ = np.asarray(self.idf)
        return vectoriser

    def _typed(self, text: str) -> FloatArray:
        """TF-IDF vector of typed words, dense over the terms."""
        if not self.terms:
            return np.empty(0, np.float32)
        return np.asarray(self._vectoriser.transform([text]).toarray()[0], np.float32)

    def _score(self, requests: Requests) -> FloatArray:
        scores = np.empty((len(requests), self.item_vectors.shape[0]), np.float32)
        for start in range(0, len(requests), CHUNK):
            chunk = range(start, min(start + CHUNK, len(requests)))
            profiles = np.stack([self._profile(requests, request) for request in chunk])
            scores[chunk.start : chunk.stop] = (self.item_vectors @ profiles.T).T
        return scores

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        profile = self._profile(requests, request)
        row = slice(self.item_vectors.indptr[item_row], self.item_vectors.indptr[item_row + 1])
        columns = self.item_vectors.indices[row]
        values = self.item_vectors.data[row] * profile[columns]
        parts = []
        for column, value in zip(columns[values != 0].tolist(), values[values != 0].tolist(), strict=True):
            if column < len(self.terms):
                term = self.terms[column]
                parts.append(ScorePart(term, value, {"kind": "term", "term": term}))
            else:
                attribute = self.attributes[column - len(self.terms)]
                parts.append(ScorePart(attribute, value, {"kind": "attribute", "feature": attribute}))
        return parts

    def _state(self) -> ScorerState:
        state = super()._state()
        arrays = dict(state.arrays)
        for name in ("item_vectors", "user_vectors", "likes"):
            arrays |= csr_arrays(name, getattr(self, name))
        return ScorerState(arrays, state.meta)

    def _restore(self, state: ScorerState) -> None:
        super()._restore(state)
        n_columns = len(self.terms) + len(self.attributes)
        self.item_vectors = csr_from(state.arrays, "item_vectors", (self.n_items, n_columns))
        self.user_vectors = csr_from(state.arrays, "user_vectors", (self.n_users, n_columns))
        self.likes = csr_from(state.arrays, "likes", (self.n_users, self.n_items))
