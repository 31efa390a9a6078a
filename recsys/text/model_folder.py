"""A sentence-transformers model in a folder on disk: checked, hashed and loaded; nothing is ever fetched.

Only weights as safetensors are taken, since other formats can run code when they are opened, and only the modules that
sentence-transformers brings itself.
"""

import hashlib
import json
import logging
import os
import re
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml
from numpy.typing import NDArray

from recsys.errors import EncoderFolderError
from recsys.text.language import LANGUAGES

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

_HASHED = frozenset({".safetensors", ".json", ".txt", ".model", ".spm", ".bpe"})
"""Endings of what a model's vectors depend on: weights, settings, vocabularies."""

_OTHER_FORMATS = frozenset({"onnx", "openvino"})
_PHRASES_A_BATCH = 256
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*\n", re.DOTALL)
_OTHER_CODES = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "false": "no"}  # the last is how YAML reads "no"


class FolderModel:
    """A model on disk, loaded when the first vector is asked for; safe to share between threads.

    `told_by`: the option or variable that names the folder, for messages.
    Raises EncoderFolderError where the folder holds no such model.
    """

    def __init__(self, folder: Path, told_by: str = "the encoder") -> None:
        self.folder, self._told_by = folder, told_by
        self._loading = threading.Lock()
        self._model: SentenceTransformer | None = None
        self._check()

    @cached_property
    def identity(self) -> str:
        """The folder's name, and the start of the sha256 of its weights and settings."""
        name = re.sub(r"[^A-Za-z0-9-]+", "-", self.folder.resolve().name).strip("-")[:40]
        return f"{name or 'model'}.{self.sha256[:16]}"

    @cached_property
    def sha256(self) -> str:
        """Of the weights, settings and vocabularies, with their places in the folder."""
        whole = hashlib.sha256()
        for path in self._files():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            whole.update(f"{path.relative_to(self.folder).as_posix()} {digest}\n".encode())
        return whole.hexdigest()

    @cached_property
    def reads(self) -> frozenset[str] | None:
        """Languages that the model card lists; None, for every language, where it lists none that is known here."""
        try:
            card = (self.folder / "README.md").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        found = _FRONT_MATTER.match(card)
        try:
            front = yaml.safe_load(found.group(1)) if found else None
        except yaml.YAMLError:
            return None
        listed = front.get("language") if isinstance(front, dict) else None
        codes = [
            str(code).lower().split("-")[0].split("_")[0] for code in np.atleast_1d([] if listed is None else listed)
        ]
        known = {_OTHER_CODES.get(code, code) for code in codes} & LANGUAGES.keys()
        return frozenset(known) or None

    @property
    def n_dims(self) -> int:
        """Length of a vector; loads the model."""
        return int(self.load().get_embedding_dimension() or 0)

    def batches(self, keys: list[str]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """Positions and vectors, batch by batch, those of like length together."""
        order = np.argsort([-len(key) for key in keys], kind="stable")
        for first in range(0, len(keys), _PHRASES_A_BATCH):
            at, model = order[first : first + _PHRASES_A_BATCH].astype(np.int64), self.load()
            with self._loading:  # its tokeniser is not made for several threads at once
                found = model.encode(
                    [keys[row] for row in at], batch_size=32, show_progress_bar=False, normalize_embeddings=True
                )
            yield at, np.asarray(found, np.float16)

    def pieces(self, words: list[str]) -> list[int]:
        """Into how many pieces its vocabulary cuts each word."""
        tokenizer = self.load().tokenizer
        with self._loading:
            return [len(tokenizer(word, add_special_tokens=False)["input_ids"]) for word in words]

    def load(self) -> "SentenceTransformer":
        """Load it now; raises EncoderFolderError where the library cannot."""
        with self._loading:
            if self._model is None:
                for switch in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_PROGRESS_BARS"):  # read once, as it is imported
                    os.environ.setdefault(switch, "1")
                from sentence_transformers import SentenceTransformer

                try:
                    self._model = SentenceTransformer(
                        str(self.folder),
                        device="cpu",
                        local_files_only=True,
                        trust_remote_code=False,
                        model_kwargs={"use_safetensors": True},
                    )
                    n_dims = self._model.get_embedding_dimension()
                except Exception as error:  # whatever it is, the folder is not a model that can be used
                    why = next(iter(str(error).strip().splitlines()), "")[:200]
                    raise self._refused(f"cannot be loaded ({type(error).__name__}: {why})") from error
                if not n_dims:
                    raise self._refused("does not say how long its vectors are")
                logger.info("encoder ready: %s, %d dimensions", self.folder.name, n_dims)
            return self._model

    def _files(self) -> list[Path]:
        found = (path for path in self.folder.rglob("*") if path.suffix in _HASHED and path.is_file())
        inside = ((path, path.relative_to(self.folder).parts) for path in found)
        return sorted(path for path, parts in inside if not _OTHER_FORMATS & set(parts) and parts[0][0] != ".")

    def _check(self) -> None:
        if not self.folder.is_dir():
            raise self._refused("is not a folder")
        try:
            modules = json.loads((self.folder / "modules.json").read_text(encoding="utf-8"))
            types = [module["type"] for module in modules]
        except FileNotFoundError:
            raise self._refused("holds no modules.json, so it is no sentence-transformers model") from None
        except (OSError, ValueError, TypeError, KeyError):
            raise self._refused("has a modules.json that cannot be read") from None
        foreign = [each for each in types if not str(each).startswith("sentence_transformers.")]
        if foreign or not types:
            raise self._refused(f"needs code of its own ({', '.join(map(str, foreign)) or 'it names no module'})")
        if not any(path.suffix == ".safetensors" for path in self._files()):
            raise self._refused("holds no weights as .safetensors, the only format that is taken")

    def _refused(self, why: str) -> EncoderFolderError:
        return EncoderFolderError(
            f"{self._told_by}: {self.folder} {why}; give the folder of a sentence-transformers model, or none for the "
            "packaged one"
        )


def same_encoder(one: str, other: str) -> bool:
    """Whether two encoder ids mean vectors that may be compared: the same weights, at whatever precision.

    >>> same_encoder("all-MiniLM-L6-v2.1110a243.bfloat16.canonical1", "all-MiniLM-L6-v2.1110a243.float32.canonical1")
    True
    >>> same_encoder("mine.0123456789abcdef.canonical1", "moved.0123456789abcdef.canonical1")
    True
    """
    return one == other or _essence(one) == _essence(other)


def is_of_folder(encoder_id: str) -> bool:
    """Whether an encoder id is that of a model folder.

    >>> is_of_folder("mine.0123456789abcdef.canonical1"), is_of_folder("all-MiniLM-L6-v2.1110a243.float32.canonical1")
    (True, False)
    """
    return re.fullmatch(r"[\w-]+\.[0-9a-f]{16}\.canonical\d+", encoder_id) is not None


def _essence(encoder_id: str) -> tuple[str, ...]:
    parts = encoder_id.split(".")
    return (parts[1], parts[-1]) if len(parts) > 2 else (encoder_id,)
