"""Which words stand almost only with other categories' products, counted in the shop's own texts."""

from collections import Counter, defaultdict
from collections.abc import Sequence

BORROWED_SHARE, BORROWED_TURNS = 0.5, 0.12
"""A word is borrowed where its share of texts is at most this part of that in the category which uses it most, and the
turns of phrase in which it stands are at most this part."""

_FEWEST_TEXTS = 4
_FEWEST_TURNS, _MOST_TURNS = 15, 40


class CategoryWords:
    """In how many texts of each category a word stands, and between which words."""

    def __init__(self) -> None:
        self._texts = Counter[str]()
        self._words: dict[str, Counter[str]] = defaultdict(Counter)
        self._turns: dict[str, dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))

    def add(self, category: str, words: frozenset[str], tokens: Sequence[str] = ()) -> None:
        """Count a text: its different words, and all in their order where turns of phrase are wanted."""
        if not category or not words:
            return
        self._texts[category] += 1
        self._words[category].update(words)
        turns = self._turns[category]
        for before, word, after in zip(("", *tokens), tokens, (*tokens[1:], ""), strict=False):
            if len(turns[word]) < _MOST_TURNS:
                turns[word].add((before, after))

    def rarer(self, most: float, fewest_expected: float) -> dict[str, frozenset[str]]:
        """By category, words whose share is at most a part of that in the category which uses them most."""
        highest = self._highest()
        return {
            category: frozenset(
                word
                for word, (share, _) in highest.items()
                if share * self._texts[category] >= fewest_expected
                and words[word] <= most * share * self._texts[category]
            )
            for category, words in self._words.items()
        }

    def usual(self, fewest_texts: int) -> dict[str, frozenset[str]]:
        """By category with enough texts, the words in more than one of them."""
        return {
            category: frozenset(word for word, n in words.items() if n > 1)
            for category, words in self._words.items()
            if self._texts[category] >= fewest_texts
        }

    def borrowed(self) -> dict[str, frozenset[str]]:
        """By category, words that are rarer, and stand in one or two set turns where others use them in many."""
        rarer = self.rarer(BORROWED_SHARE, _FEWEST_TEXTS)
        home = {word: category for word, (_, category) in self._highest().items()}

        def is_borrowed(word: str, category: str) -> bool:
            there = len(self._turns[home[word]].get(word, ()))
            return there >= _FEWEST_TURNS and len(self._turns[category].get(word, ())) <= BORROWED_TURNS * there

        return {
            category: frozenset(word for word in words if is_borrowed(word, category))
            for category, words in rarer.items()
        }

    def _highest(self) -> dict[str, tuple[float, str]]:
        """The highest share of a word in a category, and that category."""
        highest: dict[str, tuple[float, str]] = {}
        for category, words in self._words.items():
            for word, n in words.items():
                if n >= _FEWEST_TEXTS:
                    highest[word] = max(highest.get(word, (0.0, "")), (n / self._texts[category], category))
        return highest
