"""Presets exported as one JSON document, and imported from one."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from pydantic import with_config

from recsys.documents import DOCUMENT, from_json, to_json
from recsys.errors import InputError, PresetError, quoted
from recsys.store.presets import PresetStore
from recsys.store.records import Draft, Measurement, Preset

FORMAT = "shelfwise-presets"
FORMAT_VERSION = 1

LARGEST_DOCUMENT = 1_000_000
"""Bytes of a document that is read at all."""

MOST_PRESETS = 200


_T = TypeVar("_T")


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class _Measured(Measurement):
    saved_at: str = ""


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class _Entry(Draft):
    measured: _Measured | None = None


def export_presets(presets: Iterable[Preset]) -> str:
    """One JSON document of presets, each with its last measurement; who saved them is left out."""
    entries = []
    for preset in presets:
        latest = preset.saves[0] if preset.saves else None
        measured = latest and {**to_json(latest.measured), "saved_at": latest.saved_at.isoformat()}
        entries.append({**to_json(preset.draft), "measured": measured})
    document = {"format": FORMAT, "version": FORMAT_VERSION, "presets": entries}
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def import_presets(store: PresetStore, document: str | bytes, *, by: str = "") -> tuple[Preset, ...]:
    """Create every preset of a document, or none when anything in it is wrong.

    Names that are taken get "(imported)" behind them, and notes of measurements say so, too. Imported presets are
    neither default nor shipped.

    Raises PresetError: the document cannot be read, or a preset in it is not one; the message names preset and field.
    """
    return store.create_all(read_document(document), mark="imported", by=by)


def read_document(document: str | bytes) -> tuple[tuple[Draft, Measurement | None], ...]:
    """The presets of a document, checked; errors are those of `import_presets`."""
    entries = _entries(document)
    if not 1 <= len(entries) <= MOST_PRESETS:
        raise PresetError(f"the document holds {len(entries):,} presets; give 1 to {MOST_PRESETS}")
    return tuple(_read(entry, f"preset {number}{_name(entry)}") for number, entry in enumerate(entries, 1))


def _entries(document: str | bytes) -> list[Any]:
    raw = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    if len(raw) > LARGEST_DOCUMENT:
        raise PresetError(
            f"the document has {len(raw):,} bytes; give at most {LARGEST_DOCUMENT:,}, in several if need be"
        )
    try:
        read = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        raise PresetError(f"the document is not JSON in UTF-8{where}; give a file that Shelfwise exported") from None
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise PresetError(
            f"the document does not say format {FORMAT!r}; give a file of presets that Shelfwise exported"
        )
    version = read.get("version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise PresetError(
            f"the document has version {quoted(version)} of its format, and this Shelfwise reads {FORMAT_VERSION};"
            " export it from the same version, or update Shelfwise"
        )
    entries = read.get("presets")
    if not isinstance(entries, list):
        raise PresetError(
            f"the document's 'presets' is {quoted(entries)}, not a list; give a file that Shelfwise exported"
        )
    return entries


def _read(entry: Any, where: str) -> tuple[Draft, Measurement | None]:
    if isinstance(entry, dict):  # no document decides these; whoever wrote them in by hand is not stopped for it
        entry = {name: value for name, value in entry.items() if name not in ("is_default", "is_shipped")}
    try:
        read = from_json(_Entry, entry)
        if (measured := read.measured) is None:
            return _as(Draft, read), None
        when = f", measured {measured.saved_at[:16]}" if measured.saved_at else ""
        return _as(Draft, read), _as(Measurement, measured).with_note(f"imported{when}")
    except InputError as error:
        raise PresetError(f"{where}: {error}; nothing was imported: correct the document") from None


def _as(kind: type[_T], record: _T) -> _T:
    """A record as one of its base class."""
    return kind(**{each.name: getattr(record, each.name) for each in fields(kind)})  # type: ignore[arg-type]


def _name(entry: Any) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return f" ({quoted(name)})" if isinstance(name, str) else ""
