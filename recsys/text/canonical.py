"""One spelling for phrases that say the same: the key of de-duplication, and the very string that is encoded."""

import re
import unicodedata

CANONICAL_VERSION = 1
"""Goes into every encoder id: raise it when `canonical` changes, so that no stale vector is read from a cache."""

_OUTER = " .,;:!\"'`“”‘’«»()[]{}<>*_~|…–—·•"
_SPACES = re.compile(r"[\s\u200b\u2060\ufeff]+")
_LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")


def canonical(phrase: str) -> str:
    """Lower case, NFC, single spaces, no punctuation around it.

    The encoder is uncased and is given this form, so phrases with equal keys have equal vectors by construction.
    A question mark stays, since it turns a verdict into a question; so do signs that carry meaning (-5, $5, C++, 10%).
    The result is always valid UTF-8, and is empty only for text without a visible character.

    >>> canonical("  “Great   SOUND!!” "), canonical("Worth it?")
    ('great sound', 'worth it?')
    """
    text = _LONE_SURROGATES.sub("\ufffd", phrase)
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    text = _SPACES.sub(" ", text).strip()
    return text.strip(_OUTER) or text
