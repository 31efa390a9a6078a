"""The phrases that make up the profile of a shopper or a product, grouped into themes.

A profile is a weighted sum of phrases of length 1, so each phrase makes up an exact share of it: its coefficient times
its product with the profile. The shares of all phrases sum to 1.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.explanations.documents import Documents
from recsys.scorers.base import NO_ROW
from recsys.scorers.phrase_weights import PhraseSum, unit

MAX_PHRASES = 400
"""Most phrases that are grouped, those with the largest shares."""

MAX_THEMES = 8
MIN_TITLE, MAX_TITLE = 8, 48
"""Characters of a phrase that can head a theme."""

N_EXAMPLES = 5
N_WORDS = 3


@dataclass(frozen=True, slots=True)
class ThemePhrase:
    """A phrase of a theme, with blanks collapsed, and where it comes from."""

    text: str
    source: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Theme:
    """Phrases of similar meaning; `share` is of the profile.

    Parameters
    ----------
    title : the short phrase nearest to the centre of the theme, verbatim
    words : the most distinctive ones
    phrases : those that make up most, largest share first
    """

    title: str
    words: tuple[str, ...]
    share: float
    n_phrases: int
    phrases: tuple[ThemePhrase, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """Themes by share, largest first; the phrases that were not grouped make up `rest`, so that all sums to 1."""

    themes: tuple[Theme, ...]
    rest: float
    n_phrases: int


def profile_of(side: PhraseSum, documents: Documents) -> Profile:
    """Group the phrases of one side into themes; the same side always gives the same themes."""
    shares = side.shares().astype(np.float64)
    known = np.flatnonzero(side.places != NO_ROW)
    chosen = known[np.argsort(-np.abs(shares[known]), kind="stable")[:MAX_PHRASES]]
    if not len(chosen):
        return Profile((), float(shares.sum()), len(side))
    sources = documents.sources(side.places[chosen])
    groups = _grouped(side.vectors[chosen], np.abs(shares[chosen]))
    words = _distinctive_words([source["text"] for source in sources], groups, np.abs(shares[chosen]))
    themes = []
    for group in range(groups.max() + 1):
        members = np.flatnonzero(groups == group)
        examples: dict[str, ThemePhrase] = {}  # by text, the first of equal ones
        for member in members[np.argsort(-shares[chosen[members]], kind="stable")].tolist():
            text = " ".join(sources[member]["text"].split())
            examples.setdefault(text.casefold(), ThemePhrase(text, sources[member]))
        title = _central([sources[member]["text"] for member in members], side.vectors[chosen[members]])
        share, most = float(shares[chosen[members]].sum()), tuple(islice(examples.values(), N_EXAMPLES))
        themes.append(Theme(title, words[group], share, len(members), most))
    themes.sort(key=lambda theme: -theme.share)
    return Profile(tuple(themes), float(shares.sum() - shares[chosen].sum()), len(side))


def _central(texts: Sequence[str], vectors: NDArray[np.float32]) -> str:
    """The phrase nearest to the mean direction, among those short enough for a heading if there are any."""
    directions = unit(vectors, 0)
    near = directions @ directions.mean(axis=0)
    short = np.array([MIN_TITLE <= len(" ".join(text.split())) <= MAX_TITLE for text in texts])
    best = int(np.argmax(np.where(short, near, -np.inf) if short.any() else near))
    return " ".join(texts[best].split())


def _grouped(vectors: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the theme of each phrase, by k-means on directions, heavier phrases pulling more."""
    from sklearn.cluster import KMeans

    directions = unit(vectors, 0)
    n_themes = min(MAX_THEMES, max(1, round(np.sqrt(len(vectors) / 3))), len(np.unique(directions, axis=0)))
    found = KMeans(n_themes, n_init=4, random_state=0).fit(directions, sample_weight=weights + 1e-9)
    return np.unique(found.labels_, return_inverse=True)[1].astype(np.int64)


def _distinctive_words(
    texts: Sequence[str], groups: NDArray[np.int64], weights: NDArray[np.float64]
) -> list[tuple[str, ...]]:
    """The words that stand out in each theme: frequent there by weight, rare in the others (class-based TF-IDF)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    analyse = TfidfVectorizer(stop_words="english", token_pattern=r"(?u)\b[^\W\d_]{3,}\b").build_analyzer()
    weight_of, n_phrases = ([Counter[str]() for _ in range(groups.max() + 1)] for _ in range(2))
    for text, group, weight in zip(texts, groups.tolist(), weights.tolist(), strict=True):
        for word in set(analyse(text)):
            weight_of[group][word] += weight
            n_phrases[group][word] += 1
    everywhere = sum(weight_of, Counter[str]())
    average = sum(everywhere.values()) / max(len(weight_of), 1)
    found = []
    for count, times in zip(weight_of, n_phrases, strict=True):
        # A word that one phrase alone uses says what that phrase is about, not what the theme is.
        shared = {word: n for word, n in count.items() if times[word] > 1}
        counted = shared if len(shared) >= N_WORDS else count
        whole = sum(count.values()) or 1.0
        scores = {word: n / whole * np.log1p(average / max(everywhere[word], 1e-12)) for word, n in counted.items()}
        found.append(tuple(sorted(scores, key=lambda word: (-scores[word], word))[:N_WORDS]))
    return found
