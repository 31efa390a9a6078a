"""A trained model or a panel of test shoppers on disk: arrays, tables, a manifest with checksums; nothing that runs.

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

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a folder of this form holds.

    Parameters
    ----------
    format, version : as the manifest names them; another version is refused
    noun : what a person calls it
    verb, done : what makes one, as a person is told to do it and as it was done
    command : the command that does it
    """

    format: str
    version: int
    noun: str
    verb: str
    done: str
    command: str

    @property
    def remedy(self) -> str:
        """What to do where it cannot be used, as the end of a sentence."""
        return f"{self.verb} the {self.noun} again"


MODEL = Kind("shelfwise-model", 4, "model", "train", "trained", "recsys train")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Artifact:
    """An opened model folder.

    Parameters
    ----------
    folder : where it lies
    manifest : the JSON manifest
    model_id : sha256 of the manifest, so of everything
    kind : what the folder holds
    """

    folder: Path
    manifest: Mapping[str, Any]
    model_id: str
    kind: Kind = MODEL

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays of one part, as read-only memory maps."""
        return self._read(name, map_arrays)

    def table(self, name: str) -> pa.Table:
        """One table, mapped into memory."""
        return self._read(name, map_table)

    def _read(self, name: str, read: Callable[[Path], _T]) -> _T:
        entry = self.manifest["files"].get(name)
        if entry is None:
            raise ArtifactError(f"{self.folder}: the {self.kind.noun} has no part {name!r}; {self.kind.verb} it again")
        try:
            return read(self.folder / entry["file"])
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OSError, pa.ArrowException):
            # Its checksum is right, so whoever wrote it meant something else, or it was replaced since.
            raise ArtifactError(
                f"{self.folder / entry['file']}: part {name!r} cannot be read; {self.kind.remedy}"
            ) from None


def save_artifact(
    folder: Path,
    *,
    arrays: Mapping[str, Mapping[str, NDArray[Any]]],
    tables: Mapping[str, pa.Table],
    facts: Mapping[str, Any],
    progress: Progress = silent,
    kind: Kind = MODEL,
) -> Artifact:
    """Write a model or panel; what stood in the folder before stays whole until the very last step.

    Parameters
    ----------
    folder : made if it is missing; refused if it holds other things
    arrays : part name to its named arrays
    tables : table name to table
    facts : JSON-like content of the manifest
    """
    require_model_folder(folder, kind)
    folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder):
        _write(kind, folder, arrays, tables, facts, progress)
    return open_artifact(folder, kind)


def _write(
    kind: Kind,
    folder: Path,
    arrays: Mapping[str, Mapping[str, NDArray[Any]]],
    tables: Mapping[str, pa.Table],
    facts: Mapping[str, Any],
    progress: Progress,
) -> None:
    files: dict[str, dict[str, Any]] = {}
    n_parts = len(arrays) + len(tables)
    for name, part in arrays.items():
        progress(f"saving the {kind.noun}", len(files), n_parts)
        contiguous = {key: np.asarray(value, order="C") for key, value in part.items()}
        files[name] = _write_part(folder, name, "safetensors", partial(save_file, contiguous))
    for name, table in tables.items():
        progress(f"saving the {kind.noun}", len(files), n_parts)
        files[name] = _write_part(folder, name, "arrow", partial(_write_table, table))
    manifest = {"format": kind.format, "format_version": kind.version, **facts, "files": files}
    content = json.dumps(manifest, indent=1, sort_keys=True).encode()
    beside = folder / f".{MANIFEST}.{os.getpid()}"
    _write_synced(beside, content)
    progress(f"saving the {kind.noun}", n_parts, n_parts)  # the last moment to stop with nothing changed
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


def open_artifact(folder: Path, kind: Kind = MODEL) -> Artifact:
    """Open and check a model folder, or one of another kind.

    Raises
    ------
    ArtifactError : it is missing, not of this kind, from another version, or a file of it is missing or changed
    """
    for attempt in range(3):
        try:
            return _open_checked(folder, kind)
        except FileNotFoundError as error:
            # Another process may just have replaced the manifest and removed the files of the earlier one.
            if attempt == 2:
                raise ArtifactError(
                    f"{folder}: {Path(error.filename).name} is missing from the {kind.noun}; {kind.verb} it again"
                ) from None
        except OSError as error:
            raise ArtifactError(
                f"{error.filename or folder}: the {kind.noun} cannot be read ({error.strerror}); check the disk and "
                f"the permissions, or {kind.verb} it again"
            ) from None
    raise AssertionError("unreachable")


def _open_checked(folder: Path, kind: Kind) -> Artifact:
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtifactError(
            f"{folder}: there is no {kind.done} {kind.noun} here ({MANIFEST} is missing); run `{kind.command}` first"
        )
    content = path.read_bytes()
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        raise ArtifactError(f"{path}: the manifest is damaged (it is not JSON); {kind.remedy}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != kind.format:
        raise ArtifactError(
            f"{path}: this is not a Shelfwise {kind.noun}; give the folder that `{kind.command} --out` wrote"
        )
    if manifest.get("format_version") != kind.version:
        found = manifest.get("format_version")
        raise ArtifactError(
            f"{path}: the {kind.noun} has format {found}, this version reads format {kind.version}; {kind.remedy}"
        )
    _check_files(folder, manifest.get("files"), kind)
    return Artifact(folder, manifest, hashlib.sha256(content).hexdigest(), kind)


def _check_files(folder: Path, files: object, kind: Kind) -> None:
    """Every file that a manifest names stands in the folder, unchanged."""
    if not isinstance(files, dict) or not all(_is_entry(entry) for entry in files.values()):
        raise ArtifactError(
            f"{folder / MANIFEST}: the manifest is damaged (it does not say which files belong to the {kind.noun}); "
            f"{kind.remedy}"
        )
    for name, entry in files.items():
        if not re.fullmatch(r"[\w-][\w.-]*", entry["file"]):
            raise ArtifactError(
                f"{folder / MANIFEST}: the manifest points outside its folder ({entry['file']!r}); "
                f"do not use this {kind.noun}"
            )
        file = folder / entry["file"]
        found = file.stat()
        whole = stat.S_ISREG(found.st_mode) and found.st_size == entry["n_bytes"]
        if not whole or _sha256(file) != entry["sha256"]:
            raise ArtifactError(f"{file}: part {name!r} is damaged (its checksum differs); {kind.remedy}")


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


def require_model_folder(folder: Path, kind: Kind = MODEL) -> None:
    """Raise ArtifactError unless a model may be written here: a new or empty folder, or one that holds a model."""
    if folder.exists() and not folder.is_dir():
        raise ArtifactError(f"{folder} is a file; give a folder for the {kind.noun}")
    standing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not (standing.is_dir() and os.access(standing, os.W_OK | os.X_OK)):
        raise ArtifactError(f"{folder} cannot be written in {standing}; give another folder for the {kind.noun}")
    if folder.is_dir() and not (folder / MANIFEST).exists():
        other = [
            p.name
            for p in folder.iterdir()
            if p.suffix not in (".safetensors", ".arrow") and not p.name.startswith(".")
        ]
        if other:
            raise ArtifactError(
                f"{folder} holds other files ({other[0]}); give a new or empty folder for the {kind.noun}"
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
