"""Polarity of phrases, from complaint to praise, learnt from the stars of the shop's own reviews.

Stars rate a whole review, and reviews are mixed. So every phrase gets a soft label: the odds by its review's stars,
times the odds by VADER's lexicon, which knows negation and emphasis. A logistic regression learns those labels from
phrase vectors; titles, descriptions and attributes are labelled neutral, which keeps what a product is out of what is
thought of it. The regression's log-odds and the lexicon's share are added and scaled on held-out reviews, around 0,
since plain facts are commoner in bad reviews without being complaints. With too few stars the lexicon is used alone.

References
----------
Hutto & Gilbert (2014), VADER, ICWSM; Kotzias et al. (2015), From group to individual labels, KDD; Platt (1999).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.progress import Progress, silent
from recsys.text.phrasebook import REVIEW, Phrasebook

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

Array = NDArray[np.float64]

NEUTRAL = 1 / 3
"""A polarity nearer to 0 than this is neither praise nor complaint: odds below 2 to 1 either way."""

GOOD_STARS, BAD_STARS = 4.0, 2.0
MIN_REVIEWS = 10
"""Fewest good, and fewest bad, reviews with words to learn from stars."""

# Chosen on two shops (Steam and the demo) by how well their models predict stars of a third (Amazon); all lie on broad
# plateaus. The lexicon's log-odds are what those stars gave a valence of 1: 4.3 to 7.4.
_LEXICON_ODDS = 5.0
_STARS_ODDS = 2.0
_LEXICON_SHARE = 1.5
_OWN_WORDS_SHARE = 0.5
_PENALTY = 20.0
_SCALE_PENALTY = 10.0

_SURE = 2.0
_EVEN = 5

_N_FOLDS = 2
_MAX_PHRASES = 100_000
_MAX_OWN_WORDS = 15_000


@dataclass(frozen=True, eq=False, slots=True)
class PolarityModel:
    """Polarity model of a shop's phrases; made by `fit_polarity`.

    Parameters
    ----------
    coefficients : float32 of shape (n_dims,), log-odds of praise a unit of phrase vector; zeros for the lexicon alone
    intercept : added to those log-odds
    slope : factor that calibrates the sum of both log-odds
    good_prior, bad_prior : log-odds that any phrase of a review with good, or bad, stars praises
    n_good, n_bad : reviews with words and good, or bad, stars
    """

    coefficients: NDArray[np.float32]
    intercept: float = 0.0
    slope: float = _LEXICON_ODDS / _LEXICON_SHARE
    good_prior: float = 0.0
    bad_prior: float = 0.0
    n_good: int = 0
    n_bad: int = 0

    @property
    def learnt(self) -> bool:
        """Whether stars are used, or the lexicon alone."""
        return bool(self.coefficients.any())

    def polarity(self, texts: Sequence[str], vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Compute the polarity of phrases: p - (1 - p) for the probability p that it is praise, not complaint.

        `texts` are verbatim, since capitals and exclamation marks count; `vectors` of shape (n_texts, n_dims), unit
        length, rows as in `texts`; else ValueError.

        Returns float32 of shape (n_texts,), -1 (complaint) to 1 (praise), and within NEUTRAL of 0 for neither.
        """
        if np.shape(vectors) != (len(texts), len(self.coefficients)):
            raise ValueError(
                f"vectors has shape {np.shape(vectors)}, expected {(len(texts), len(self.coefficients))}: one row a "
                "text, from the encoder that this model was fitted with"
            )
        log_odds = np.asarray(vectors, np.float32) @ self.coefficients + self.intercept
        both = log_odds + _LEXICON_SHARE * lexicon_valence(texts)
        return np.tanh(self.slope * both / 2).astype(np.float32)

    def of_reviews(self, polarity: NDArray[np.floating[Any]], stars: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Weaken the polarity of phrases that goes against the stars of their review; stars never strengthen it.

        Both of shape (n_phrases,): `polarity` of the words alone, `stars` NaN for no review; 3 stars change nothing.
        """
        prior = np.select([stars >= GOOD_STARS, stars <= BAD_STARS], [self.good_prior, self.bad_prior], 0.0)
        sure = np.clip(np.asarray(polarity, np.float64), -1 + 1e-9, 1 - 1e-9)
        both = np.tanh(np.arctanh(sure) + prior / 2)
        weaker = np.sign(sure) * np.minimum(np.abs(sure), np.abs(both))
        return np.where(both * sure > 0, weaker, 0).astype(np.float32)

    def in_words(self) -> str:
        """Describe what it learnt from in a sentence."""
        if not self.learnt:
            return (
                "This shop has too few good or bad reviews in words to learn from, so a general lexicon judges alone."
            )
        return (
            f"Learnt from the stars of {self.n_good:,} good and {self.n_bad:,} bad reviews and a general lexicon; in a "
            "good review it takes more to be called a complaint, and between 2 to 1 either way it is called neither."
        )

    def meta(self) -> dict[str, float | int]:
        """All fields but the coefficients, for JSON."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "coefficients"}


def lexicon_valence(texts: Sequence[str]) -> Array:
    """Compute the share of a text's weight that VADER's lexicon calls positive minus the negative share.

    float64 of shape (n_texts,), -1 to 1; 0 for words that the lexicon does not know, so for most other languages.

    >>> lexicon_valence(["great", "not great", "arrived on Tuesday"]).tolist()
    [1.0, -0.767, 0.0]
    """
    return np.array([_valence(text) for text in texts], np.float64)


@lru_cache(maxsize=100_000)
def _valence(text: str) -> float:
    """Of one text; kept, since a shop's texts are judged again whenever something is fitted to them."""
    shares = _lexicon().polarity_scores(text)
    return float(shares["pos"] - shares["neg"])


@lru_cache(maxsize=1)
def _lexicon() -> "SentimentIntensityAnalyzer":
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def fit_polarity(data: Dataset, book: Phrasebook, seed: int = 0, progress: Progress = silent) -> PolarityModel:
    """Learn praise and complaint from the stars of this data's reviews, without those of 3 stars.

    A review counts the same however long it is, and good reviews together as much as bad ones. The lexicon is used
    alone where fewer than MIN_REVIEWS reviews are good, or bad. `book` may hold phrases of more data, which are not
    read. `seed` divides the reviews into folds, and draws 100,000 phrases of a shop that has more.
    """
    stage = "learning praise and complaint"
    progress(stage, 0, _N_FOLDS + 2)
    texts, vectors, good, review = _rated_phrases(data, book, seed)
    ids, first = np.unique(review, return_index=True)
    n_good, n_bad = int(good[first].sum()), int((~good[first]).sum())
    if min(n_good, n_bad) < MIN_REVIEWS:
        progress(stage, _N_FOLDS + 2, _N_FOLDS + 2)
        return PolarityModel(np.zeros(book.vectors.shape[1], np.float32), n_good=n_good, n_bad=n_bad)
    valence = lexicon_valence(texts)
    labels = (1 + np.tanh((_STARS_ODDS * np.where(good, 1, -1) + _LEXICON_ODDS * valence) / 2)) / 2
    place = np.searchsorted(ids, review)
    n_beside = np.bincount(place)[place]
    weights = _balanced(1 / n_beside, good)
    own = _own_words(book, seed)
    rows = np.concatenate([vectors, own])
    labels = np.append(labels, np.full(len(own), 0.5))
    weights = np.append(weights, np.full(len(own), _OWN_WORDS_SHARE * len(good) / max(len(own), 1)))
    fold = np.random.default_rng(seed).permutation(len(ids))[place] % _N_FOLDS
    folds = np.append(fold, np.full(len(own), _N_FOLDS))
    progress(stage, 1, _N_FOLDS + 2)

    coefficients, intercept = _logistic(rows, labels, weights)
    progress(stage, 2, _N_FOLDS + 2)
    scores = _LEXICON_SHARE * valence
    for number in range(_N_FOLDS):
        seen = folds != number
        theirs, shift = _logistic(rows[seen], labels[seen], weights[seen])
        scores[fold == number] += rows[~seen] @ theirs + shift
        progress(stage, 3 + number, _N_FOLDS + 2)
    # The fewer phrases a review has, the surer it is that its stars mean this one.
    slope = _slope(scores, good, _balanced(1 / n_beside.astype(np.float64) ** 2, good))
    priors = (_prior(slope * scores[good]), _prior(slope * scores[~good]))
    return PolarityModel(coefficients, intercept, slope, *priors, n_good, n_bad)


def _own_words(book: Phrasebook, seed: int) -> NDArray[np.float32]:
    """Look up vectors of the different phrases that products are described with, or of 15,000 of them."""
    phrases = np.unique(book.phrase[: book.of_kind(REVIEW).start])
    if len(phrases) > _MAX_OWN_WORDS:
        phrases = np.sort(np.random.default_rng(seed).choice(phrases, _MAX_OWN_WORDS, replace=False))
    return np.asarray(book.vectors[phrases], np.float32)


def _rated_phrases(
    data: Dataset, book: Phrasebook, seed: int
) -> tuple[list[str], NDArray[np.float32], NDArray[np.bool_], NDArray[np.int64]]:
    """List text, vector, whether the stars are good, and review id of the phrases of good and of bad reviews."""
    stars = data.reviews["rating"].to_numpy()
    rated = data.reviews[(stars >= GOOD_STARS) | (stars <= BAD_STARS)].set_index("review_id")
    own = np.arange(len(book))[book.of_kind(REVIEW)]
    own = own[book.read[own] & np.isin(book.document[own], rated.index.to_numpy())]
    if len(own) > _MAX_PHRASES:
        own = np.sort(np.random.default_rng(seed).choice(own, _MAX_PHRASES, replace=False))
    of_review = rated.loc[book.document[own]]
    spans = zip(of_review["text"], book.start[own].tolist(), book.end[own].tolist(), strict=True)
    texts = [text[start:end] for text, start, end in spans]
    good = of_review["rating"].to_numpy() >= GOOD_STARS
    return texts, np.asarray(book.vectors[book.phrase[own]], np.float32), good, book.document[own].astype(np.int64)


def _balanced(weights: Array, good: NDArray[np.bool_]) -> Array:
    """Scale weights to the same sum on both sides, and a mean of 1."""
    totals = np.where(good, weights[good].sum(), weights[~good].sum())
    return np.asarray(weights / totals * (len(weights) / 2))


def _logistic(rows: NDArray[np.float32], labels: Array, weights: Array) -> tuple[NDArray[np.float32], float]:
    """Fit a logistic regression on soft labels, each row counted for and against; coefficients and intercept."""
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=1 / _PENALTY, solver="newton-cholesky")
    regression.fit(
        np.concatenate([rows, rows]),
        np.repeat([1, 0], len(rows)),
        sample_weight=np.concatenate([weights * labels, weights * (1 - labels)]),
    )
    return regression.coef_[0].astype(np.float32), float(regression.intercept_[0])


def _prior(log_odds: Array) -> float:
    """Compute log-odds of praise among phrases with clear words, shrunk to even odds where they are few."""
    sure = log_odds[np.abs(log_odds) > _SURE]
    return float(np.log((np.count_nonzero(sure > 0) + _EVEN) / (np.count_nonzero(sure < 0) + _EVEN)))


def _slope(scores: Array, good: NDArray[np.bool_], weights: Array) -> float:
    """Fit the factor that calibrates log-odds on held-out reviews, shrunk to that of the lexicon alone."""
    from scipy.optimize import minimize_scalar

    prior, sign = _LEXICON_ODDS / _LEXICON_SHARE, np.where(good, 1.0, -1.0)

    def loss(slope: float) -> float:
        return float(weights @ np.logaddexp(0, -sign * slope * scores) + _SCALE_PENALTY * (slope - prior) ** 2 / 2)

    return float(minimize_scalar(loss, bounds=(0, 10 * prior), method="bounded").x)
