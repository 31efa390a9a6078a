"""Encode phrases, with the packaged MiniLM or another model; torch is imported with the first phrase, not before."""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.errors import EncoderFolderError
from recsys.progress import Progress, silent
from recsys.text.embedding_cache import EmbeddingCache
from recsys.text.model_folder import FolderModel, is_of_folder, same_encoder
from recsys.text.packaged import MODEL_NAME, PackagedModel
from recsys.text.phrasebook import CANONICAL_VERSION, Phrasebook, build_phrasebook, canonical
from recsys.text.precision import Precision, fastest_precision, settled_precision

VARIABLE = "RECSYS_ENCODER"
"""Names the folder of the model to encode with; the packaged one where it is empty or not set."""

_PHRASES_A_FLUSH = 4096


class PhraseEncoder:
    """Encode phrases as sentence vectors: the same phrase always gets the same one, from the model or the cache.

    Safe to share between threads. Never uses the network. `precision` "auto" takes what this processor is fastest at,
    where the packaged model is used; `cache` keeps vectors between runs; `model` is the packaged one unless given.
    """

    def __init__(
        self,
        precision: Literal["auto", "bfloat16", "float32"] = "auto",
        cache: EmbeddingCache | None = None,
        model: FolderModel | None = None,
    ) -> None:
        self._wanted, self._cache = precision, cache
        self._model: PackagedModel | FolderModel = model or PackagedModel(lambda: self.precision)

    @cached_property
    def precision(self) -> Precision:
        """The arithmetic in use; finding it out may import torch."""
        if isinstance(self._model, FolderModel):
            return "float32"
        if self._wanted != "auto":
            return self._wanted
        return fastest_precision() if self._cache is None else settled_precision(self._cache.folder)

    @property
    def reads(self) -> frozenset[str] | None:
        """Codes of the languages that the model reads; None for every language."""
        return self._model.reads

    @property
    def encoder_id(self) -> str:
        """Model, revision, precision and version of the canonical form; vectors mix only under one id."""
        return f"{self._model.identity}.canonical{CANONICAL_VERSION}"

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Encode phrases, each different canonical form once.

        What is new goes to the cache every few thousand phrases, so a run that is killed or cancelled resumes there.
        `canonical` is applied here; `progress` counts different phrases, and may raise Cancelled.

        Returns float32 of shape (n_texts, n_dims), unit length, rows as in `texts`.
        Raises EncoderError: the model is missing, or is not the one that was published, or cannot be loaded.
        """
        rows: dict[str, int] = {}
        row_of_text = np.array([rows.setdefault(canonical(text), len(rows)) for text in texts], np.int64)
        return self._unique(list(rows), progress)[row_of_text]

    def encode_now(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode a few phrases as float32 of shape (n_texts, n_dims), unit length; not cached on disk."""
        keys = [canonical(text) for text in texts]
        vectors = np.empty((len(texts), self._model.n_dims), np.float32)
        for at, batch in self._model.batches(keys):
            vectors[at] = _unit(batch)
        return vectors

    def pieces(self, words: Sequence[str]) -> list[int]:
        """Into how many pieces the vocabulary cuts each word: 1 for words that the model knows whole."""
        return self._model.pieces([canonical(word) for word in words])

    def warm_up(self) -> None:
        """Load the model now, so that the first typed words need not wait for it, and a bad one is refused."""
        self.encode_now(["ready"])

    def require_usable(self) -> None:
        """Load a model of one's own now, so that one that cannot be used is refused before any work starts."""
        if isinstance(self._model, FolderModel):
            self._model.load()

    def _unique(self, keys: list[str], progress: Progress) -> NDArray[np.float32]:
        stage, missing = "encoding phrases", np.arange(len(keys))
        known, cached = np.empty(0, np.int64), np.empty((0, 0), np.float16)
        if self._cache is not None and keys:
            known, cached = self._cache.lookup(self.encoder_id, keys)
            missing = np.setdiff1d(missing, known, assume_unique=True)
        # All known: no model is needed, not even to say how long its vectors are.
        vectors = np.empty((len(keys), cached.shape[1] if len(known) else self._model.n_dims), np.float16)
        if len(known):
            vectors[known] = cached
        done = len(keys) - len(missing)
        progress(stage, done, len(keys))
        for first in range(0, len(missing), _PHRASES_A_FLUSH):
            rows = missing[first : first + _PHRASES_A_FLUSH]
            chunk = [keys[row] for row in rows]
            for at, batch in self._model.batches(chunk):
                vectors[rows[at]] = batch
                done += len(at)
                progress(stage, done, len(keys))
            if self._cache is not None:
                self._cache.store(self.encoder_id, chunk, vectors[rows])
        if self._cache is not None and len(missing):
            self._cache.prune()
        return _unit(vectors)


def _unit(vectors: NDArray[np.float16]) -> NDArray[np.float32]:
    """Convert to float32 and unit length, cached and fresh vectors alike."""
    wide = vectors.astype(np.float32)
    wide /= np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return wide


def chosen_encoder(folder: str = "", cache: EmbeddingCache | None = None) -> PhraseEncoder:
    """Find the encoder to use: that of a folder, else of RECSYS_ENCODER, else the packaged one.

    Raises EncoderFolderError where the folder holds no sentence-transformers model; nothing is loaded yet.
    """
    given, told_by = (folder, "--encoder") if folder else (os.environ.get(VARIABLE, "").strip(), VARIABLE)
    cache = cache or EmbeddingCache()
    return PhraseEncoder(cache=cache, model=FolderModel(Path(given), told_by) if given else None)


def is_chosen(encoder_id: str) -> bool:
    """Whether what was made with an encoder still holds for the one that is chosen now.

    Where none is chosen, every encoder does that is not a folder's, so that asking costs nothing.
    """
    if not os.environ.get(VARIABLE, "").strip():
        return not is_of_folder(encoder_id)
    return same_encoder(chosen_encoder().encoder_id, encoder_id)


def encoder_of(encoder_id: str) -> PhraseEncoder:
    """Find the encoder that a model was trained with; raises EncoderFolderError where another one is chosen."""
    found = chosen_encoder()
    if not same_encoder(found.encoder_id, encoder_id):
        name, *rest = encoder_id.split(".")
        packaged = encoder_id.startswith(f"{MODEL_NAME}.")
        remedy = (
            f"start without {VARIABLE}, since this is the packaged encoder"
            if packaged
            else f"set {VARIABLE} to the folder of {name} whose hash begins {rest[0] if rest else '...'}"
        )
        raise EncoderFolderError(
            f"this model was trained with the encoder {encoder_id}, and {found.encoder_id} is at hand, so typed words "
            f"cannot be read; {remedy}, or train again (lists without typed words need no encoder)"
        )
    return found


def make_phrasebook(data: Dataset, progress: Progress = silent, encoder: PhraseEncoder | None = None) -> Phrasebook:
    """Find, encode and collect the phrases of a data set, with the chosen encoder and the cache on disk."""
    return build_phrasebook(data, encoder or chosen_encoder(), progress)
