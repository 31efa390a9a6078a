"""Read the files of a data folder as tables, whose values `validation` checks; no repair goes without a note."""

import difflib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.errors import DataError
from recsys.progress import Progress, silent
from recsys.schema import FILES, ITEMS, FileSchema, Kind

_CODED = (Kind.ID, Kind.WORD)
_REMEDY_FOLDER = "give the folder that holds items.parquet, and reviews.parquet or events.parquet"
N_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Repair:
    """One kind of repair in one column of one file, or of whole rows where `column` is "".

    `examples`: a few of the values, as shown to a person.
    """

    file: str
    column: str
    problem: str
    action: str
    n_rows: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"{self.file}, column {self.column!r}" if self.column else self.file
        shown = f" (such as {', '.join(self.examples)})" if self.examples else ""
        return f"{where}: {self.problem} in {self.n_rows:,} rows{shown}; {self.action}"


class RepairLog(list[Repair]):
    """Repairs of one set of files, in the order in which they were made."""

    def add(
        self, file: str, column: str, problem: str, action: str, n_rows: int, examples: Iterable[object] = ()
    ) -> None:
        """Note one repair, with at most N_EXAMPLES examples as `show` writes them."""
        shown = tuple(show(value) for value, _ in zip(examples, range(N_EXAMPLES), strict=False))
        self.append(Repair(file, column, problem, action, int(n_rows), shown))


def show(value: object, longest: int = 60) -> str:
    """Write a value for a message: quoted if text, cut if long."""
    text = repr(value) if isinstance(value, str | bytes) else str(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def read_frames(folder: Path, log: RepairLog, progress: Progress = silent) -> dict[str, pd.DataFrame]:
    """Read every file of the folder, by short name, with the columns that Shelfwise knows (of items: all).

    Ids and words come as categories where they are text, so that long logs stay small.
    Raises DataError: no such folder, items.parquet is missing, a file is not Parquet, lacks a column, or holds text
    that is not UTF-8.
    """
    if not folder.exists():
        raise DataError("there is no such folder", file=str(folder), remedy=_REMEDY_FOLDER)
    if not folder.is_dir():
        raise DataError("this is a file, not a folder", file=str(folder), remedy=_REMEDY_FOLDER)
    if not (folder / ITEMS.file).exists():
        present = ", ".join(sorted(path.name for path in folder.iterdir())[:N_EXAMPLES]) or "nothing"
        raise DataError(f"the file is missing (found: {present})", file=ITEMS.file, remedy=_REMEDY_FOLDER)
    frames = {}
    for done, schema in enumerate(FILES):
        path = folder / schema.file
        if path.exists():
            progress("reading files", done, len(FILES))
            frames[schema.table] = read_file(path, schema, log)
    progress("reading files", len(FILES), len(FILES))
    return frames


def read_file(path: Path, schema: FileSchema, log: RepairLog) -> pd.DataFrame:
    """Read one file with the columns that Shelfwise knows; raises DataError as `read_frames` does."""
    try:
        with pq.ParquetFile(path) as file:
            fields = file.schema_arrow
            n_rows = file.metadata.num_rows
        if twins := [name for name in fields.names if fields.names.count(name) > 1]:
            raise DataError(
                f"two columns are called {twins[0]!r}",
                file=schema.file,
                column=twins[0],
                remedy="remove or rename one of them",
            )
        if n_rows:
            refuse_missing_columns(fields.names, schema)  # here, since columns of other names are not read
        wanted = None if schema.keeps_others else [name for name in fields.names if name in schema.names]
        table = pq.read_table(path, columns=wanted, partitioning=None)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise DataError(
            f"the file cannot be read as Parquet: {str(error).splitlines()[0].rstrip('.')}",
            file=schema.file,
            remedy="it may be cut short or be another format under this name; write it as Parquet again",
        ) from error
    return pd.DataFrame({name: _to_pandas(table.column(name), name, schema, log) for name in table.column_names})


def refuse_missing_columns(names: Sequence[str], schema: FileSchema) -> None:
    """Raise DataError unless every required column is among the names of a file; a name like it is pointed out."""
    missing = [column.name for column in schema if column.required and column.name not in names]
    if not missing:
        return
    spare = [name for name in names if name not in schema.names]
    close = difflib.get_close_matches(missing[0], spare, n=1, cutoff=0.5)
    present = ", ".join(map(repr, names)) or "none"
    raise DataError(
        f"the column is missing (the file has {present})",
        file=schema.file,
        column=missing[0],
        remedy=f"rename {close[0]!r} to {missing[0]!r} if that is meant" if close else f"add a column {missing[0]!r}",
    )


def _to_pandas(column: pa.ChunkedArray, name: str, schema: FileSchema, log: RepairLog) -> pd.Series:
    """Convert one column: UTF-8 checked, bytes read as text, decimals as numbers, dates as times."""
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries().cast(column.type.value_type)
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string(), safe=False)
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        column = column.cast(pa.large_binary()).cast(pa.large_string(), safe=False)
        _check_utf8(column, name, schema)
        log.add(schema.file, name, "bytes instead of text", "read as UTF-8", len(column) - column.null_count)
    elif _is_text(kind):
        _check_utf8(column, name, schema)
        if name in schema.names and schema[name].kind in _CODED:
            return _coded(column)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if _is_text(kind.value_type):
            _check_utf8(column, name, schema)
        return pd.Series(column.to_pylist(), dtype=object)
    elif pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_date(kind):
        column = column.cast(pa.timestamp("s"))
    elif pa.types.is_null(kind):
        return pd.Series([None] * len(column), dtype=object)
    return column.to_pandas()


def _coded(column: pa.ChunkedArray) -> pd.Series:
    """Convert text to categories; Arrow's own conversion would read the dictionary again for every chunk."""
    chunks = column.dictionary_encode().chunks
    if not chunks:
        return pd.Series(pd.Categorical([]))
    codes = np.concatenate([chunk.indices.fill_null(-1).to_numpy() for chunk in chunks])
    words = pd.Index(chunks[-1].dictionary.to_pandas(), dtype="str")
    return pd.Series(pd.Categorical.from_codes(codes, categories=words))


def _check_utf8(column: pa.ChunkedArray, name: str, schema: FileSchema) -> None:
    with suppress(pa.ArrowInvalid):
        column.validate(full=True)
        return
    is_list = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
    as_bytes = column.cast(pa.large_list(pa.large_binary()) if is_list else pa.large_binary()).to_pylist()
    wrong = [(row, value) for row, value in enumerate(as_bytes) if not _is_utf8(value)]
    raise DataError(
        "the text is not UTF-8",
        file=schema.file,
        column=name,
        rows=[(row, show(value)) for row, value in wrong[:N_EXAMPLES]],
        n_rows=len(wrong),
        remedy="write the file again from the source, read with its true encoding (often Windows-1252)",
    )


def _is_utf8(value: bytes | list[bytes | None] | None) -> bool:
    try:
        for part in value if isinstance(value, list) else [value]:
            (part or b"").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
