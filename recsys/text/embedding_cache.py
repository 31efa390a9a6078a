"""Cache of phrase vectors on disk, by content and encoder.

A shard is one immutable `.npz` of keys and vectors, written beside and renamed, so that processes that are killed, or
write at once, cannot harm each other. A shard whose checksums fail is dropped. Its modification time is that of its
last use. Files of other names are left alone.
"""

import logging
import os
import re
import sys
import time
import uuid
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.files import is_temporary, replace_file

logger = logging.getLogger(__name__)

DEFAULT_MAX_BYTES = 2 * 1024**3
_KEY_BYTES = 16
_ABANDONED_S = 3600.0
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)

_SHARD = re.compile(r"[0-9a-f]{32}\.npz")

Vectors = NDArray[np.float16]


def default_folder() -> Path:
    """Find the folder in `$RECSYS_CACHE_DIR`, or in the platform's folder for a user's caches."""
    if chosen := os.environ.get("RECSYS_CACHE_DIR"):
        return Path(chosen) / "embeddings"
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "shelfwise" / "embeddings"


class EmbeddingCache:
    """A folder of vectors, one sub-folder an encoder; made when first written to, None means `default_folder()`."""

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = default_folder() if folder is None else Path(folder)

    def lookup(self, encoder_id: str, texts: Sequence[str]) -> tuple[NDArray[np.int64], Vectors]:
        """Look up canonical phrases, without repeats: ascending positions in `texts`, and their vectors.

        int64 of shape (n_hits,) and float16 of shape (n_hits, n_dims).
        """
        wanted = {_key(text): position for position, text in enumerate(texts)}
        positions: list[NDArray[np.int64]] = []
        vectors: list[Vectors] = []
        for path in sorted((self.folder / encoder_id).glob("*.npz")):
            if not wanted:
                break
            if _SHARD.fullmatch(path.name) and (hit := _read(path, wanted)) is not None:
                positions.append(hit[0])
                vectors.append(hit[1])
                with suppress(OSError):
                    os.utime(path)
        if not positions:
            return np.empty(0, np.int64), np.empty((0, 0), np.float16)
        order = np.argsort(together := np.concatenate(positions))
        return together[order], np.concatenate(vectors)[order]

    def store(self, encoder_id: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Store vectors, float16 of shape (n_texts, n_dims); a full or read-only disk costs a warning, no more."""
        folder, shard = self.folder / encoder_id, BytesIO()
        keys = np.frombuffer(b"".join(map(_key, texts)), np.uint8).reshape(-1, _KEY_BYTES)
        np.savez(shard, keys=keys, vectors=vectors.astype(np.float16, copy=False))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(folder / f"{uuid.uuid4().hex}.npz", shard.getvalue())
        except OSError as error:
            logger.warning("phrase vectors cannot be kept in %s (%s); they will be made again next time", folder, error)

    def prune(self, max_bytes: int = DEFAULT_MAX_BYTES) -> int:
        """Drop the least recently used shards until at most `max_bytes` remain; returns the bytes dropped."""
        dropped = 0
        used: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("*/*"):
            with suppress(OSError):  # another process may prune at the same time
                stat = path.stat()
                if _SHARD.fullmatch(path.name):
                    used.append((stat.st_mtime, stat.st_size, path))
                elif is_temporary(path) and time.time() - stat.st_mtime > _ABANDONED_S:
                    path.unlink()
        excess = sum(size for _, size, _ in used) - max_bytes
        for _, size, path in sorted(used):
            if dropped >= excess:
                break
            with suppress(OSError):
                path.unlink()
                dropped += size
        return dropped


def _key(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()


def _read(path: Path, wanted: dict[bytes, int]) -> tuple[NDArray[np.int64], Vectors] | None:
    """Read what is wanted from a shard and remove it from `wanted`; None if the shard has nothing of it."""
    try:
        with np.load(path, allow_pickle=False) as shard:
            raw = _checked(shard["keys"], np.uint8).tobytes()
            keys = (raw[at : at + _KEY_BYTES] for at in range(0, len(raw), _KEY_BYTES))
            rows = [(row, wanted[key], key) for row, key in enumerate(keys) if key in wanted]
            if not rows:
                return None
            vectors = _checked(shard["vectors"], np.float16)
            if len(vectors) * _KEY_BYTES != len(raw):
                raise ValueError("keys and vectors differ in number")
    except FileNotFoundError:  # pruned by another process a moment ago
        return None
    except _UNREADABLE as error:
        logger.warning("dropping the damaged cache file %s (%s); its phrases will be encoded again", path, error)
        with suppress(OSError):
            path.unlink()
        return None
    for _, _, key in rows:
        wanted.pop(key, None)
    return np.array([position for _, position, _ in rows], np.int64), vectors[[row for row, _, _ in rows]]


def _checked(array: NDArray[Any], dtype: type) -> NDArray[Any]:
    if array.dtype != dtype or array.ndim != 2:
        raise ValueError(f"holds {array.dtype} of shape {array.shape}")
    return array
