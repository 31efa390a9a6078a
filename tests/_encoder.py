"""An encoder for tests of what comes after encoding: quick, deterministic, and similar for texts that share words."""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recsys.progress import Progress, silent

N_DIMS = 64


class WordEncoder:
    """Unit sum of a fixed random vector for each word; the real encoder has tests of its own."""

    encoder_id = "words-for-tests"
    reads: frozenset[str] | None = None

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Vectors of shape (n_texts, N_DIMS)."""
        if not len(texts):
            return np.empty((0, N_DIMS), np.float32)
        vectors = np.array(
            [sum((_word(word) for word in re.findall(r"\w+", text.lower())), _word("")) for text in texts]
        )
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@lru_cache(maxsize=100_000)
def _word(word: str) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
    return np.random.default_rng(seed).standard_normal(N_DIMS)
