"""A trained model on disk: arrays, tables and a manifest with checksums, and nothing that could run code.

A folder holds `manifest.json` and the files it names: scorers as safetensors, tables as Arrow IPC. Files are named
after their content, written beside and renamed; the manifest is replaced last, in one rename. So whoever is killed at
whatever moment leaves the earlier manifest with all of its files, or the new one with all of its own. Loading maps
arrays into memory instead of copying them.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from safetensors.numpy import save_file

from recsys.errors import ArtifactError
from recsys.progress import Progress, silent

FORMAT = "shelfwise-model"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"


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
        return _map_arrays(self._path(name))

    def table(self, name: str) -> pa.Table:
        """One table, mapped into memory."""
        with pa.memory_map(str(self._path(name))) as source:
            return pa.ipc.open_file(source).read_all()

    def _path(self, name: str) -> Path:
        return self.folder / str(self.manifest["files"][name]["file"])


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
    _require_ours(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, dict[str, Any]] = {}
    n_parts = len(arrays) + len(tables)
    for name, part in arrays.items():
        progress("saving the model", len(files), n_parts)
        contiguous = {key: np.ascontiguousarray(value) for key, value in part.items()}
        files[name] = _write_part(folder, name, "safetensors", partial(save_file, contiguous))
    for name, table in tables.items():
        progress("saving the model", len(files), n_parts)
        files[name] = _write_part(folder, name, "arrow", partial(_write_table, table))
    manifest = {"format": FORMAT, "format_version": FORMAT_VERSION, **facts, "files": files}
    content = json.dumps(manifest, indent=1, sort_keys=True).encode()
    beside = folder / f".{MANIFEST}.{os.getpid()}"
    _write_synced(beside, content)
    os.replace(beside, folder / MANIFEST)
    _sync_folder(folder)
    _remove_stale(folder, {entry["file"] for entry in files.values()})
    progress("saving the model", n_parts, n_parts)
    return open_artifact(folder)


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
    except ValueError:
        raise ArtifactError(f"{path}: the manifest is damaged (it is not JSON); train the model again") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtifactError(f"{path}: this is not a Shelfwise model; give the folder that `recsys train --out` wrote")
    if manifest.get("format_version") != FORMAT_VERSION:
        found = manifest.get("format_version")
        raise ArtifactError(
            f"{path}: the model has format {found}, this version reads format {FORMAT_VERSION}; train the model again"
        )
    for name, entry in manifest["files"].items():
        file = folder / entry["file"]
        if Path(entry["file"]).name != entry["file"]:
            raise ArtifactError(
                f"{path}: the manifest points outside its folder ({entry['file']!r}); do not use this model"
            )
        if file.stat().st_size != entry["n_bytes"] or _sha256(file) != entry["sha256"]:
            raise ArtifactError(f"{file}: part {name!r} is damaged (its checksum differs); train the model again")
    return Artifact(folder, manifest, hashlib.sha256(content).hexdigest())


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


def _require_ours(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ArtifactError(f"{folder} is a file; give a folder for the model")
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


def _map_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays of a safetensors file as memory maps (the library itself would copy them).

    The format is an 8-byte little-endian header length, a JSON header, and the raw arrays.
    """
    mapped = np.memmap(path, np.uint8, mode="r")
    n_header = int.from_bytes(mapped[:8].tobytes(), "little")
    header = json.loads(mapped[8 : 8 + n_header].tobytes())
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = (8 + n_header + offset for offset in entry["data_offsets"])
            arrays[name] = mapped[first:last].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays


_DTYPES = {
    "BOOL": np.bool_,
    "I8": np.int8,
    "U8": np.uint8,
    "I16": np.int16,
    "I32": np.int32,
    "I64": np.int64,
    "F16": np.float16,
    "F32": np.float32,
    "F64": np.float64,
}
