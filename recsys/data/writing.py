"""Write canonical data folders whole or not at all; a finished folder replaces an older one in one step."""

import ctypes
import os
import secrets
import shutil
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.data.reading import refuse_missing_columns
from recsys.errors import DataError
from recsys.files import require_writable
from recsys.schema import FILES, ITEMS, SCHEMAS, FileSchema, Kind

_AT_FDCWD = -100
_EXCHANGE = 2


def put_in_place(finished: Path, target: Path, own: Collection[str] = ()) -> None:
    """Rename `finished` to `target` and remove an older `target`; files in it that are not named in `own` move over.

    On Linux the two change names in one step, so that killing the process at any moment leaves a whole folder at
    `target`. Elsewhere an older folder first steps aside, and a kill in the instant between leaves both whole folders
    beside each other, neither of them at `target`.
    """
    for path in finished.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    if not target.exists():
        finished.rename(target)
    elif _exchange(finished, target):
        _remove(finished, target, own)
    else:
        aside = target.with_name(f"{finished.name}.old")
        target.rename(aside)
        finished.rename(target)
        _remove(aside, target, own)


def _remove(older: Path, newer: Path, own: Collection[str]) -> None:
    for path in older.iterdir():
        if path.name in own and path.is_file() and not path.is_symlink():
            path.unlink()
        elif not os.path.lexists(newer / path.name):
            path.rename(newer / path.name)
    with suppress(OSError):  # something of a name that is taken came in meanwhile; it stays where it is
        older.rmdir()


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step; returns False where the system or the file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0


_ARROW_TYPES = {
    Kind.ID: pa.large_string(),
    Kind.TEXT: pa.large_string(),
    Kind.WORD: pa.dictionary(pa.int32(), pa.string()),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
}


class FolderWriter:
    """Write a data folder piece by piece in bounded memory; it appears under its name only when all went well.

        with FolderWriter(out) as folder:
            folder.write("items", items)
            for chunk in chunks:
                folder.write("events", chunk)

    Everything goes into a hidden folder beside `out`, on the same disk, which replaces an earlier data folder at `out`
    when the block ends; a folder with any other file is never touched. When the block raises, the hidden folder is
    removed; a killed process leaves it behind.

    `extra`: names of the further files that will be written.
    Raises InputError: `out` cannot be written or replaced; DataError: a piece does not fit the schema.
    """

    def __init__(self, out: Path | str, *, extra: Sequence[str] = ()) -> None:
        self._out = Path(os.path.abspath(out))
        self._writers: dict[str, pq.ParquetWriter] = {}
        for name in extra:
            if Path(name).name != name or name in (schema.file for schema in FILES):
                raise DataError("this cannot be the name of a further file", file=name, remedy="use another plain name")
        self._own = {*(schema.file for schema in FILES), *extra}

    def __enter__(self) -> Self:
        require_replaceable(self._out, self._own)
        self._out = self._out.resolve()
        self._hidden = self._out.with_name(f".{self._out.name}.{secrets.token_hex(4)}.partial")
        self._hidden.mkdir(parents=True)
        return self

    def write(self, table: str, frame: pd.DataFrame) -> None:
        """Append rows to one of items, reviews, events, impressions; later pieces need the columns of the first.

        Times may carry a zone, be naive (UTC), or be whole seconds since 1970.
        """
        schema = SCHEMAS[table]
        writer = self._writers.get(table)
        rows = _to_arrow(frame, schema, None if writer is None else writer.schema)
        if writer is None:
            writer = pq.ParquetWriter(self._hidden / schema.file, rows.schema, compression="zstd")
            self._writers[table] = writer
        writer.write_table(rows)

    def path(self, name: str) -> Path:
        """Path at which to write the further file of this name, one of `extra`."""
        assert name in self._own, "name it in `extra`"
        return self._hidden / name

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            for writer in self._writers.values():
                writer.close()
            if kind is None:
                require_replaceable(self._out, self._own)
                if "items" not in self._writers:
                    raise DataError("no products were written", file=ITEMS.file, remedy="write at least one")
                put_in_place(self._hidden, self._out, self._own)
        finally:
            shutil.rmtree(self._hidden, ignore_errors=True)


def require_replaceable(out: Path, own: Collection[str]) -> None:
    """Raise InputError unless nothing is at `out`, an empty folder, or one with files of the names in `own` alone."""
    require_writable(out.parent, "the data")
    require_writable(out, "the data")
    present = list(out.iterdir()) if out.is_dir() else []
    others = sorted(path.name for path in present if path.name not in own or path.is_symlink() or not path.is_file())
    if others:
        raise DataError(
            f"the folder holds other files ({', '.join(others[:5])}), which would be lost",
            file=str(out),
            remedy="choose an empty or a new folder",
        )


def _to_arrow(frame: pd.DataFrame, schema: FileSchema, like: pa.Schema | None) -> pa.Table:
    """Convert rows to the Arrow types of the schema, or of the first piece of the same file."""
    refuse_missing_columns([str(name) for name in frame.columns], schema)
    names = [str(name) for name in frame.columns if schema.keeps_others or name in schema.names]
    types = {column.name: _ARROW_TYPES[column.kind] for column in schema}
    if like is not None:
        if odd := sorted(set(names) ^ set(like.names)):
            remedy = "give all pieces the same columns"
            raise DataError("this column is not in every piece", file=schema.file, column=odd[0], remedy=remedy)
        names, types = like.names, dict(zip(like.names, like.types, strict=True))
    return pa.table({name: _array(frame[name], name, types.get(name), schema) for name in names})


def _array(values: pd.Series, name: str, kind: pa.DataType | None, schema: FileSchema) -> pa.Array:
    if kind is not None and pa.types.is_timestamp(kind) and pd.api.types.is_integer_dtype(values.dtype):
        values = pd.to_datetime(values, unit="s", utc=True)
    try:
        made = pa.Array.from_pandas(values, type=None if kind is None or pa.types.is_dictionary(kind) else kind)
        return made if kind is None or made.type == kind else made.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"the values are not of the declared type: {str(error).splitlines()[0]}",
            file=schema.file,
            column=name,
            remedy=f"give {kind} values",
        ) from error
