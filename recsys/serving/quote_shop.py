"""What a shop's own texts say of words: which stand almost only with other kinds of product, which name another brand.

It keeps a sentence about a rucksack from the card of a stove, and a sentence against one brand from another's card.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.serving.category_words import CategoryWords
from recsys.text.quotable_sentence import Sentence, tokens_of, words_of
from recsys.text.quotable_words import is_spelt

FOREIGN_SHARE = 0.1
"""A word is another category's where its share of texts here is at most this part of its share there."""

FEWEST_EXPECTED, FEWEST_EXPECTED_OF_DESCRIPTION = 4.5, 3.0
"""Texts that would use it here if it were as usual as there."""

KNOWN_SHARE = 0.5
"""Of what a description speaks of, the least part that reviewers of its category speak of, too."""

_FEWEST_REVIEWS = 100
_FEWEST_SAME = 2
"""Texts that use a word before one more makes it usual."""

_MOST_WORDS_OF_NAME = 4


@dataclass(frozen=True, slots=True)
class ShopWords:
    """Words of each category that almost only other categories use, and the names of what the shop sells.

    Parameters
    ----------
    strange : by category, the words that are another category's
    unsaid : by category, the words that reviewers of other categories use and its own never: of a description they are
        strange
    said : by category, what more than one reviewer says, for categories with enough reviews
    categories : of each product, "" where it has none
    brands : of each product, "" where it has none: any name may be its own then
    names : all brands and short titles of the shop, as written, by their first word
    usual : words in more than a few texts of the shop
    """

    strange: Mapping[str, frozenset[str]]
    unsaid: Mapping[str, frozenset[str]]
    said: Mapping[str, frozenset[str]]
    categories: Sequence[str]
    brands: Sequence[str]
    names: Mapping[str, frozenset[str]]
    usual: frozenset[str]

    def allows(self, item: int, it: Sentence, is_description: bool = False) -> bool:
        """Whether a sentence speaks of this product and of no other that the shop sells."""
        strange = (self.unsaid if is_description else self.strange).get(self.categories[item], frozenset())
        if not strange.isdisjoint(it.named):
            return False
        known = self.said.get(self.categories[item])
        if is_description and known and len(it.named & known) < KNOWN_SHARE * len(it.named):
            return False
        return not (self.brands[item] and self.names_another(it))

    def ends_whole(self, it: Sentence, is_last: bool) -> bool:
        """Whether the last word is whole: used elsewhere, or no beginning of a word that is, and at the end spelt."""
        word = it.tokens[-1] if it.tokens else ""
        if word in self.usual or word in it.about:
            return True
        return not (is_last and not is_spelt(word)) and not any(
            each.startswith(word) for words in (self.usual, it.about) for each in words
        )

    def names_another(self, it: Sentence) -> bool:
        """Whether a sentence names another brand or product that the shop sells."""
        words = re.findall(r"[^\W_][\w'’-]*", it.text)
        for word in words:
            for name in self.names.get(word, ()):
                own = words_of(name)
                if not own <= it.about and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", it.text):
                    return True
        return False


def shop_words(items: Mapping[str, Sequence[Any]], reviews: Iterable[tuple[int, str]]) -> ShopWords:
    """Count what each category's texts use.

    `items`: columns title, brand, description and category; `reviews`: row of a product and the text of a review of it
    """
    categories = [each or "" for each in items["category"]]
    said, everything, usual = CategoryWords(), CategoryWords(), Counter[str]()
    described = enumerate(items["description"])
    for is_review, texts in ((True, reviews), (False, described)):
        for row, text in texts:
            words = words_of(text or "")
            usual.update(words)
            everything.add(categories[row], words)
            if is_review:
                said.add(categories[row], words, tokens_of((text or "").lower()))
    borrowed = said.borrowed()
    return ShopWords(
        strange={
            name: words | borrowed.get(name, frozenset())
            for name, words in everything.rarer(FOREIGN_SHARE, FEWEST_EXPECTED).items()
        },
        unsaid=said.rarer(0.0, FEWEST_EXPECTED_OF_DESCRIPTION),
        said=said.usual(_FEWEST_REVIEWS),
        categories=categories,
        brands=[each or "" for each in items["brand"]],
        names=_names(items["brand"], items["title"]),
        usual=frozenset(word for word, n in usual.items() if n > _FEWEST_SAME),
    )


def _names(brands: Iterable[str | None], titles: Iterable[str | None]) -> dict[str, frozenset[str]]:
    """Brands, and titles of few words, without those that are ordinary words; by their first word."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in {each.strip() for each in (*brands, *titles) if each}:
        words = re.findall(r"[^\W_][\w'’-]*", name)
        if not 1 <= len(words) <= _MOST_WORDS_OF_NAME or len(name) < 3 + (not name.isupper()) or not name[0].isupper():
            continue
        if len(words) == 1 and is_spelt(words[0].lower()):
            continue
        found[words[0]].add(name)
    return {first: frozenset(names) for first, names in found.items()}
