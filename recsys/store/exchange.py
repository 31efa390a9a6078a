"""Presets as one JSON document that people hand to each other, and the door through which one comes in."""

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from recsys.errors import InputError, PresetError
from recsys.store.labels import shown
from recsys.store.preset_settings import PresetSettings
from recsys.store.presets import PresetStore
from recsys.store.records import Draft, Measurement, Preset

FORMAT = "shelfwise-presets"
FORMAT_VERSION = 1

LARGEST_DOCUMENT = 1_000_000
"""Bytes of a document that is read at all."""

MOST_PRESETS = 200
_LONGEST_NOTE = 500
_FAULTS_SHOWN = 3


class _Form(BaseModel):
    # What a field may hold is checked where the records are made, once for every way in; here only its kind.
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Weights(_Form):
    collaborative: float
    content: float
    semantic: float
    context: float


class _Settings(_Form):
    weights: _Weights
    diversity: float
    method: str
    k: int
    scenario: dict[str, str] = {}
    only_available: bool
    categories: list[str] = []
    segment: dict[str, str] = {}


class _Estimate(_Form):
    mean: float | None
    low: float | None
    high: float | None


class _Measured(_Form):
    metrics: dict[str, _Estimate]
    n_users: int = 0
    protocol: str = ""
    panel_id: str = ""
    note: str = ""
    saved_at: str = ""


class _Preset(_Form):
    name: str
    settings: _Settings
    description: str = ""
    tags: list[str] = []
    goal: str = ""
    measured: _Measured | None = None
    # Nobody's document decides these; whoever wrote them in by hand is not stopped for it.
    is_default: Any = None
    is_shipped: Any = None


def export_presets(presets: Iterable[Preset]) -> str:
    """One JSON document of presets, each with how it measured last; who saved them stays here."""
    document = {"format": FORMAT, "version": FORMAT_VERSION, "presets": [_as_json(preset) for preset in presets]}
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def import_presets(store: PresetStore, document: str | bytes, *, by: str = "") -> tuple[Preset, ...]:
    """Create every preset of a document, or none when anything in it is wrong.

    Names that are taken get "(imported)" behind them. Measurements are kept, marked as imported; what is default or
    shipped is decided here and not by a document.

    Raises
    ------
    PresetError : the document cannot be read, or a preset in it is not one; the message names preset and field
    """
    return store.create_all(read_document(document), mark="imported", by=by)


def read_document(document: str | bytes) -> tuple[tuple[Draft, Measurement | None], ...]:
    """The presets of a document, checked.

    Raises
    ------
    PresetError : as for `import_presets`
    """
    entries = _entries(document)
    if not 1 <= len(entries) <= MOST_PRESETS:
        raise PresetError(f"the document holds {len(entries):,} presets; give 1 to {MOST_PRESETS}")
    return tuple(_read(entry, f"preset {number}{_name(entry)}") for number, entry in enumerate(entries, 1))


def _as_json(preset: Preset) -> dict[str, Any]:
    latest = preset.saves[0] if preset.saves else None
    measured = None if latest is None else {**_measured(latest.measured), "saved_at": latest.saved_at.isoformat()}
    return {
        "name": preset.name,
        "description": preset.description,
        "tags": list(preset.tags),
        "goal": preset.goal,
        "settings": preset.settings.as_json(),
        "measured": measured,
    }


def _measured(measured: Measurement) -> dict[str, Any]:
    return {field.name: getattr(measured, field.name) for field in dataclasses.fields(measured)}


def _entries(document: str | bytes) -> list[Any]:
    """The list of presets in a document, whatever they are."""
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
            f"the document has version {shown(version)} of its format, and this Shelfwise reads {FORMAT_VERSION};"
            " export it from the same version, or update Shelfwise"
        )
    entries = read.get("presets")
    if not isinstance(entries, list):
        raise PresetError(
            f"the document's 'presets' is {shown(entries)}, not a list; give a file that Shelfwise exported"
        )
    return entries


def _read(entry: Any, where: str) -> tuple[Draft, Measurement | None]:
    try:
        form = _Preset.model_validate(entry)
    except ValidationError as error:
        raise PresetError(f"{where}: {_faults(error)}; nothing was imported: correct the document") from None
    try:
        draft = Draft(
            name=form.name,
            settings=PresetSettings.from_json(form.settings.model_dump()),
            description=form.description,
            tags=tuple(form.tags),
            goal=form.goal,
        )
        return draft, None if form.measured is None else _marked(form.measured)
    except InputError as error:
        raise PresetError(f"{where}: {error}; nothing was imported") from None


def _marked(form: _Measured) -> Measurement:
    """A measurement, with a note that it was not made here."""
    given = form.model_dump()
    saved_at = given.pop("saved_at")
    told = f"imported, measured {saved_at[:16]}" if saved_at else "imported"
    note = "; ".join(filter(None, (told, given.pop("note"))))
    return Measurement(**given, note=note[:_LONGEST_NOTE])


def _name(entry: Any) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return f" ({shown(name)})" if isinstance(name, str) else ""


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False)
    said = [
        f"{'.'.join(map(str, fault['loc'])) or 'it'}: {fault['msg'][:1].lower()}{fault['msg'][1:]}"
        + ("" if fault["type"] == "missing" else f" (given {shown(fault['input'])})")
        for fault in faults[:_FAULTS_SHOWN]
    ]
    more = len(faults) - len(said)
    return "; ".join(said) + (f"; and {more} more" if more > 0 else "")
