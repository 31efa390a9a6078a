"""A trained model or a panel of test shoppers on disk: arrays, tables, a manifest with checksums; nothing that runs.

A folder holds `manifest.json` and the files it names: arrays as safetensors, tables as Arrow IPC. Files are named after
their content, written beside and renamed; the manifest is replaced last, in one rename. So a writer that is killed
leaves the earlier manifest with all of its files, or the new one with all of its own. Reading maps files into memory.

A writer deletes only what a writer wrote: files that the manifest before it names, and temporary files, one of which is
the journal of a writer that was killed: the parts that it was about to name or to delete. All else is left alone.
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
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from safetensors.numpy import save

from recsys.errors import ArtifactError, InputError, SettingsError
from recsys.files import is_temporary, require_writable, temporary_beside
from recsys.progress import Progress, silent

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class FolderKind:
    """What a folder holds: its format in the manifest (another version is refused), and how messages speak of it.

    `verb`, `done`, `command`: what makes one, as an imperative, as a participle and as a command
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


MODEL = FolderKind("shelfwise-model", 7, "model", "train", "trained", "recsys train")

_T = TypeVar("_T")

_DTYPES: dict[str, Any] = {
    "BOOL": np.bool_,
    **{"I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64},
    **{"U8": np.uint8, "U16": np.uint16, "U32": np.uint32, "U64": np.uint64},
    **{"F16": np.float16, "F32": np.float32, "F64": np.float64},
}

_PART_FILE = re.compile(r"[\w-]+-[0-9a-f]{16}\.(safetensors|arrow)")
"""The name of a part: what it is and the start of its checksum."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """An opened model folder; `model_id` is the sha256 of the manifest, so of everything."""

    folder: Path
    manifest: Mapping[str, Any]
    model_id: str
    kind: FolderKind = MODEL

    @contextmanager
    def restored(self, remedy: str = "prepare it again") -> Iterator[None]:
        """Read parts in this block; raises ArtifactError where they are whole, but not as this version writes them."""
        try:
            yield
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, SettingsError) as error:
            why = f"the parts of the {self.kind.noun} do not fit together ({type(error).__name__}: {error})"
            raise ArtifactError(f"{self.folder}: {why}; {remedy}") from error

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays of one part, as read-only memory maps."""
        return self._read(name, _map_arrays)

    def table(self, name: str) -> pa.Table:
        """One table, mapped into memory."""
        return self._read(name, _map_table)

    def _read(self, name: str, read: Callable[[Path], _T]) -> _T:
        entry = self.manifest["files"].get(name)
        if entry is None:
            raise ArtifactError(f"{self.folder}: the {self.kind.noun} has no part {name!r}; {self.kind.verb} it again")
        path = self.folder / entry["file"]
        try:
            return read(path)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OSError, pa.ArrowException):
            # Its checksum is right, so whoever wrote it meant something else, or it was replaced since.
            raise ArtifactError(f"{path}: part {name!r} cannot be read; {self.kind.remedy}") from None


def _map_table(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _map_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Map a safetensors file, which the library would copy: 8-byte little-endian header length, JSON header, arrays."""
    mapped = np.memmap(path, np.uint8, mode="r")
    n_header = int.from_bytes(mapped[:8].tobytes(), "little")
    if n_header > len(mapped) - 8:
        raise ValueError("the header lies outside the file")
    header = json.loads(mapped[8 : 8 + n_header].tobytes())
    content = mapped[8 + n_header :]
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            if not 0 <= first <= last <= len(content):
                raise ValueError(f"{name} lies outside the file")
            arrays[name] = content[first:last].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def save_artifact(
    folder: Path,
    *,
    arrays: Mapping[str, Mapping[str, NDArray[Any]]],
    tables: Mapping[str, pa.Table],
    facts: Mapping[str, Any],
    progress: Progress = silent,
    kind: FolderKind = MODEL,
) -> Artifact:
    """Write a model or panel; an earlier one in the folder stays whole until the very last step.

    Parameters
    ----------
    folder : made if it is missing; refused if it holds other things
    arrays, tables : by name of the part
    facts : JSON-like content of the manifest
    """
    folder = Path(folder)
    require_model_folder(folder, kind)
    folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder) as handle:
        _write(kind, folder, handle, {**arrays, **tables}, facts, progress)
    return open_artifact(folder, kind)


def _write(
    kind: FolderKind,
    folder: Path,
    handle: int,
    contents: Mapping[str, Any],
    facts: Mapping[str, Any],
    progress: Progress,
) -> None:
    """Write a locked folder with this handle; `contents`: a table, or arrays by name, of every part."""
    earlier, temporaries = _written_before(folder, kind)
    files: dict[str, dict[str, Any]] = {}
    parts: dict[str, Path] = {}
    try:
        for name, content in contents.items():
            progress(f"saving the {kind.noun}", len(files), len(contents))
            parts[name] = part = temporary_beside(folder / name)
            ending = _write_part(content, part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            digest, n_bytes = _sha256(part), part.stat().st_size
            files[name] = {"file": f"{name}-{digest[:16]}.{ending}", "sha256": digest, "n_bytes": n_bytes}
        manifest = {"format": kind.format, "format_version": kind.version, **facts, "files": files}
        progress(f"saving the {kind.noun}", len(files), len(contents))  # the last moment to stop with nothing changed
        parts[MANIFEST] = _write_synced(folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
        # On disk before any part has its name: should we be killed, it tells the next writer which files are ours.
        names = {entry["file"] for entry in files.values()}
        ours = {"format": kind.format, "wrote": sorted(names | {path.name for path in earlier})}
        journal = _write_synced(folder / MANIFEST, json.dumps(ours).encode())
        for name, entry in files.items():
            os.replace(parts[name], folder / entry["file"])
        os.replace(parts[MANIFEST], folder / MANIFEST)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    os.fsync(handle)
    for path in (*(path for path in earlier if path.name not in names), *temporaries, journal):
        path.unlink(missing_ok=True)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[int]:
    """The open folder, once no other process writes here: each would take the other's new files for stale ones."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def open_artifact(folder: Path, kind: FolderKind = MODEL) -> Artifact:
    """Open and check a model folder, or one of another kind.

    Raises ArtifactError: it is missing, not of this kind, from another version, or a file of it is missing or changed.
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


def _open_checked(folder: Path, kind: FolderKind) -> Artifact:
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


def _check_files(folder: Path, files: object, kind: FolderKind) -> None:
    """Every file that a manifest names stands in the folder, unchanged."""
    if not isinstance(files, dict) or not all(map(_is_entry, files.values())):
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


def _write_part(content: Any, path: Path) -> str:
    """Write a table, or arrays by name; returns what the name of such a file ends in."""
    if isinstance(content, pa.Table):
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, content.schema) as writer:
            writer.write_table(content)
        return "arrow"
    # Not by the library's own `save_file`: killed, it leaves temporary files that nobody knows for ours.
    path.write_bytes(save({name: np.asarray(array, order="C") for name, array in content.items()}))
    return "safetensors"


def _write_synced(path: Path, content: bytes) -> Path:
    """Write beside `path`; returns where."""
    beside = temporary_beside(path)
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _written_before(folder: Path, kind: FolderKind) -> tuple[set[Path], list[Path]]:
    """Parts that the manifest or a killed writer's journal names, and temporary files."""
    temporaries = [path for path in folder.iterdir() if is_temporary(path)]
    names: set[str] = set()
    for path in (folder / MANIFEST, *temporaries):
        found = _manifest_of(path)
        if found.get("format") == kind.format:
            files, wrote = found.get("files"), found.get("wrote")
            names |= (
                {entry["file"] for entry in files.values() if _is_entry(entry)} if isinstance(files, dict) else set()
            )
            names |= {name for name in wrote if isinstance(name, str)} if isinstance(wrote, list) else set()
    paths = {folder / name for name in names if _PART_FILE.fullmatch(name)}
    return {path for path in paths if path.is_file() and not path.is_symlink()}, temporaries


def _manifest_of(path: Path) -> dict[str, Any]:
    """A JSON document of named values; empty where the file holds something else, or nothing can be read."""
    try:
        with path.open("rb") as file:
            # A part, which may be large, starts otherwise.
            document: dict[str, Any] = json.loads(b"{" + file.read()) if file.read(1) == b"{" else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return document


def require_model_folder(folder: Path, kind: FolderKind = MODEL) -> None:
    """Raise ArtifactError unless a model may be written here: a new or empty folder, or one that holds a model."""
    try:
        require_writable(folder, f"the {kind.noun}")
    except InputError as error:
        raise ArtifactError(str(error)) from None
    if not folder.is_dir():
        return
    if not os.path.lexists(folder / MANIFEST):
        others = [p for p in folder.iterdir() if p.suffix not in (".safetensors", ".arrow") and p.name[0] != "."]
        other = others[0].name if others else ""
    else:
        manifest = _manifest_of(folder / MANIFEST)
        damaged = not manifest and any(_PART_FILE.fullmatch(path.name) for path in folder.iterdir())
        other = "" if damaged or manifest.get("format") == kind.format else f"another {MANIFEST}"
    if other:
        raise ArtifactError(f"{folder} holds other files ({other}); give a new or empty folder for the {kind.noun}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
