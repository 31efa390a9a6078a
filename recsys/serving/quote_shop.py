"""What a shop's own texts say of words: which stand almost only with other kinds of product, which name another brand.

It keeps a sentence about a rucksack from the card of a stove, and a sentence against one brand from another's card.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from recsys.text.quotable_sentence import Sentence, words_of
from recsys.text.quotable_words import is_spelt

FOREIGN_SHARE = 0.25
"""A word is another category's where its share of texts here is at most this part of its share there."""

_FEWEST_THERE, _FEWEST_EXPECTED = 5, 3.0
"""Texts that use a word in the category that does so most, and that would here if it were as usual."""

_NAME = re.compile(r"[^\W_][\w'’.-]*(?:[ &]+[^\W_][\w'’.-]*)*")
_MOST_WORDS_OF_NAME = 4


@dataclass(frozen=True, slots=True)
class ShopWords:
    """Words of each category that almost only other categories use, and the names of what the shop sells.

    Parameters
    ----------
    strange : by category, the words that are another category's
    categories : of each product, "" where it has none
    names : all brands and short titles of the shop, as written, by their first word
    usual : words in more than a few texts of the shop
    """

    strange: Mapping[str, frozenset[str]]
    categories: Sequence[str]
    names: Mapping[str, frozenset[str]]
    usual: frozenset[str]

    def allows(self, item: int, it: Sentence) -> bool:
        """Whether a sentence speaks of this product and of no other that the shop sells."""
        return not (self.is_of_another_kind(item, it) or self.names_another(it))

    def ends_whole(self, it: Sentence) -> bool:
        """Whether the last word of a text is one that the shop uses elsewhere, so that it was not cut inside a word."""
        return not it.tokens or it.tokens[-1] in self.usual or it.tokens[-1] in it.about

    def is_of_another_kind(self, item: int, it: Sentence) -> bool:
        """Whether a sentence speaks of something that other categories have, and this product's hardly."""
        strange = self.strange.get(self.categories[item], frozenset())
        return any(word in strange for word in it.named)

    def names_another(self, it: Sentence) -> bool:
        """Whether a sentence names another brand or product that the shop sells."""
        words = re.findall(r"[^\W_][\w'’-]*", it.text)
        for word in words:
            for name in self.names.get(word, ()):
                own = words_of(name)
                if not own <= it.about and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", it.text):
                    return True
        return False


def shop_words(
    items: Mapping[str, Sequence[str | None]], said: Iterable[tuple[int, frozenset[str]]]
) -> ShopWords:
    """Count what each category's texts use.

    `items`: columns title, brand, description and category; `said`: row of a product and the words of a review of it
    """
    categories = [each or "" for each in items["category"]]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    n_texts, usual = Counter[str](), Counter[str]()
    described = ((row, words_of(text)) for row, text in enumerate(items["description"]) if text)
    for row, words in (*said, *described):
        if words:
            counts[categories[row]].update(words)
            usual.update(words)
            n_texts[categories[row]] += 1
    return ShopWords(
        _strange({name: each for name, each in counts.items() if name}, n_texts),
        categories,
        _names(items["brand"], items["title"]),
        frozenset(word for word, n in usual.items() if n > _FEWEST_SAME),
    )


_FEWEST_SAME = 2


def _strange(counts: Mapping[str, Counter[str]], n_texts: Mapping[str, int]) -> dict[str, frozenset[str]]:
    highest: dict[str, float] = {}
    for category, words in counts.items():
        for word, n in words.items():
            if n >= _FEWEST_THERE:
                highest[word] = max(highest.get(word, 0.0), n / n_texts[category])
    return {
        category: frozenset(
            word
            for word, share in highest.items()
            if share * n_texts[category] >= _FEWEST_EXPECTED
            and words[word] <= FOREIGN_SHARE * share * n_texts[category]
        )
        for category, words in counts.items()
    }


def _names(brands: Iterable[str | None], titles: Iterable[str | None]) -> dict[str, frozenset[str]]:
    """Brands, and titles of few words, without those that are ordinary words; by their first word."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in {each.strip() for each in (*brands, *titles) if each}:
        words = re.findall(r"[^\W_][\w'’-]*", name)
        if not 1 <= len(words) <= _MOST_WORDS_OF_NAME or len(name) < 4 or not name[0].isupper():
            continue
        if len(words) == 1 and is_spelt(words[0].lower()):
            continue
        found[words[0]].add(name)
    return {first: frozenset(names) for first, names in found.items()}
