"""A trained model on disk: arrays, tables and a manifest with checksums, and nothing that could run code.

A folder holds `manifest.json` and the files it names: scorers as safetensors, tables as Arrow IPC. Files are named
after their content, written beside and renamed; the manifest is replaced last, in one rename. So whoever is killed at
whatever moment leaves the earlier manifest with all of its files, or the new one with all of its own. Loading maps
arrays into memory instead of copying them.
"""

import fcntl
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from safetensors.numpy import save_file

from recsys.errors import ArtifactError
from recsys.progress import Progress, silent
from recsys.training.mapping import map_arrays, map_table

FORMAT = "shelfwise-model"
FORMAT_VERSION = 2
MANIFEST = "manifest.json"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Artifact:
    """An opened model folder.

    Parameters
    ----------
    folder : where it lies
    manifest : the JSON manifest
    model_id : sha256 of the manifest, so of everything
    """

    folder: Path
    manifest: Mapping[str, Any]
    model_id: str

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays of one part, as read-only memory maps."""
        return self._read(name, map_arrays)

    def table(self, name: str) -> pa.Table:
        """One table, mapped into memory."""
        return self._read(name, map_table)

    def _read(self, name: str, read: Callable[[Path], _T]) -> _T:
        entry = self.manifest["files"].get(name)
        if entry is None:
            raise ArtifactError(f"{self.folder}: the model has no part {name!r}; train it again")
        try:
            return read(self.folder / entry["file"])
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OSError, pa.ArrowException):
            # Its checksum is right, so whoever wrote it meant something else, or it was replaced since.
            raise ArtifactError(
                f"{self.folder / entry['file']}: part {name!r} cannot be read; train the model again"
            ) from None


def save_artifact(
    folder: Path,
    *,
    arrays: Mapping[str, Mapping[str, NDArray[Any]]],
    tables: Mapping[str, pa.Table],
    facts: Mapping[str, Any],
    progress: Progress = silent,
) -> Artifact:
    """Write a model; what stood in the folder before stays whole until the very last step.

    Parameters
    ----------
    folder : made if it is missing; refused if it holds other things than a model
    arrays : part name to its named arrays
    tables : table name to table
    facts : JSON-like content of the manifest
    """
    require_model_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder):
        _write_model(folder, arrays, tables, facts, progress)
    return open_artifact(folder)


def _write_model(
    folder: Path,
    arrays: Mapping[str, Mapping[str, NDArray[Any]]],
    tables: Mapping[str, pa.Table],
    facts: Mapping[str, Any],
    progress: Progress,
) -> None:
    files: dict[str, dict[str, Any]] = {}
    n_parts = len(arrays) + len(tables)
    for name, part in arrays.items():
        progress("saving the model", len(files), n_parts)
        contiguous = {key: np.asarray(value, order="C") for key, value in part.items()}
        files[name] = _write_part(folder, name, "safetensors", partial(save_file, contiguous))
    for name, table in tables.items():
        progress("saving the model", len(files), n_parts)
        files[name] = _write_part(folder, name, "arrow", partial(_write_table, table))
    manifest = {"format": FORMAT, "format_version": FORMAT_VERSION, **facts, "files": files}
    content = json.dumps(manifest, indent=1, sort_keys=True).encode()
    beside = folder / f".{MANIFEST}.{os.getpid()}"
    _write_synced(beside, content)
    progress("saving the model", n_parts, n_parts)  # the last moment to stop with nothing changed
    os.replace(beside, folder / MANIFEST)
    _sync_folder(folder)
    _remove_stale(folder, {entry["file"] for entry in files.values()})


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait for another process that writes here: each would take the other's new files for stale ones."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def open_artifact(folder: Path) -> Artifact:
    """Open and check a model folder.

    Raises
    ------
    ArtifactError : it is missing, not a model, from another version, or a file of it is missing or changed
    """
    for attempt in range(3):
        try:
            return _open_checked(folder)
        except FileNotFoundError as error:
            # Another process may just have replaced the manifest and removed the files of the earlier one.
            if attempt == 2:
                raise ArtifactError(
                    f"{folder}: {Path(error.filename).name} is missing from the model; train it again"
                ) from None
        except OSError as error:
            raise ArtifactError(
                f"{error.filename or folder}: the model cannot be read ({error.strerror}); check the disk and the "
                "permissions, or train it again"
            ) from None
    raise AssertionError("unreachable")


def _open_checked(folder: Path) -> Artifact:
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtifactError(
            f"{folder}: there is no trained model here ({MANIFEST} is missing); run `recsys train` first"
        )
    content = path.read_bytes()
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        raise ArtifactError(f"{path}: the manifest is damaged (it is not JSON); train the model again") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtifactError(f"{path}: this is not a Shelfwise model; give the folder that `recsys train --out` wrote")
    if manifest.get("format_version") != FORMAT_VERSION:
        found = manifest.get("format_version")
        raise ArtifactError(
            f"{path}: the model has format {found}, this version reads format {FORMAT_VERSION}; train the model again"
        )
    _check_files(folder, manifest.get("files"))
    return Artifact(folder, manifest, hashlib.sha256(content).hexdigest())


def _check_files(folder: Path, files: object) -> None:
    """Every file that a manifest names stands in the folder, unchanged."""
    if not isinstance(files, dict) or not all(_is_entry(entry) for entry in files.values()):
        raise ArtifactError(
            f"{folder / MANIFEST}: the manifest is damaged (it does not say which files belong to the model); "
            "train the model again"
        )
    for name, entry in files.items():
        if not re.fullmatch(r"[\w-][\w.-]*", entry["file"]):
            raise ArtifactError(
                f"{folder / MANIFEST}: the manifest points outside its folder ({entry['file']!r}); "
                "do not use this model"
            )
        file = folder / entry["file"]
        found = file.stat()
        whole = stat.S_ISREG(found.st_mode) and found.st_size == entry["n_bytes"]
        if not whole or _sha256(file) != entry["sha256"]:
            raise ArtifactError(f"{file}: part {name!r} is damaged (its checksum differs); train the model again")


def _is_entry(entry: object) -> bool:
    kinds = {"file": str, "sha256": str, "n_bytes": int}
    return isinstance(entry, dict) and all(isinstance(entry.get(key), kind) for key, kind in kinds.items())


def _write_part(folder: Path, name: str, ending: str, write: Callable[[Path], None]) -> dict[str, Any]:
    beside = folder / f".{name}.{os.getpid()}"
    try:
        write(beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        digest, n_bytes = _sha256(beside), beside.stat().st_size
        final = folder / f"{name}-{digest[:16]}.{ending}"
        os.replace(beside, final)
    finally:
        beside.unlink(missing_ok=True)
    return {"file": final.name, "sha256": digest, "n_bytes": n_bytes}


def _write_table(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_stale(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.name not in kept and (path.suffix in (".safetensors", ".arrow") or path.name.startswith(".")):
            path.unlink(missing_ok=True)


def require_model_folder(folder: Path) -> None:
    """Raise ArtifactError unless a model may be written here: a new or empty folder, or one that holds a model."""
    if folder.exists() and not folder.is_dir():
        raise ArtifactError(f"{folder} is a file; give a folder for the model")
    standing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not (standing.is_dir() and os.access(standing, os.W_OK | os.X_OK)):
        raise ArtifactError(f"{folder} cannot be written in {standing}; give another folder for the model")
    if folder.is_dir() and not (folder / MANIFEST).exists():
        other = [
            p.name
            for p in folder.iterdir()
            if p.suffix not in (".safetensors", ".arrow") and not p.name.startswith(".")
        ]
        if other:
            raise ArtifactError(f"{folder} holds other files ({other[0]}); give a new or empty folder for the model")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
