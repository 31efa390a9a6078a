"""The presets of one shop: created, changed, copied, deleted and restored by several people at once."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import ColumnExpressionArgument, case, func, select, update
from sqlalchemy.orm import Session

from recsys.errors import ConflictError, PresetError, UnknownPresetError
from recsys.store.database import Database
from recsys.store.labels import clean_prose, free_name, label, name_key
from recsys.store.records import LONGEST_NAME, NOBODY, Draft, Measurement, Preset, PresetSettings, ShippedPreset
from recsys.store.tables import PresetRow

SHIPPER = "Shelfwise"
"""Name under which presets that come with the app are saved."""

_LONGEST_SHOP = 500
_IS_LIVING = PresetRow.deleted_at.is_(None)
_UTC_NOW = partial(datetime.now, UTC)


class PresetStore:
    """The presets of one shop.

    Every method is one transaction. All of them raise StoreUnavailable when the database cannot be reached, and
    StoreError when it cannot be used; `by` is the name of who does something.

    `shop`: which one the presets belong to; those of another are neither seen nor touched. `now`: the clock, in UTC.
    """

    def __init__(self, database: Database, shop: str, now: Callable[[], datetime] = _UTC_NOW) -> None:
        self._database, self._now = database, now
        self.shop = label(shop, "shop", _LONGEST_SHOP, required=True)

    def presets(self) -> tuple[Preset, ...]:
        """All living presets: the default one, then those that come with the app, then by name."""
        with self._database.reading() as session:
            return tuple(sorted((row.record() for row in self._rows(session, _IS_LIVING)), key=_order))

    def state(self) -> tuple[object, ...]:
        """A cheap fingerprint, the same as long as no living preset changes."""
        default = func.max(case((PresetRow.is_default, PresetRow.preset_id)))
        facts = select(func.count(), func.sum(PresetRow.version), func.max(PresetRow.changed_at), default)
        with self._database.reading() as session:
            return tuple(session.execute(facts.where(PresetRow.shop == self.shop, _IS_LIVING)).one())

    def deleted(self) -> tuple[Preset, ...]:
        """Presets that people deleted and can restore, the latest first."""
        with self._database.reading() as session:
            rows = self._rows(session, PresetRow.deleted_at.is_not(None), PresetRow.shipped_key.is_(None))
            return tuple(row.record() for row in sorted(rows, key=lambda row: str(row.deleted_at), reverse=True))

    def get(self, preset_id: str) -> Preset:
        """The living preset of that id, or UnknownPresetError."""
        with self._database.reading() as session:
            return self._row(session, preset_id).record()

    def default(self) -> Preset | None:
        """The preset that lists of this shop begin with, or None."""
        with self._database.reading() as session:
            return next((row.record() for row in self._rows(session, _IS_LIVING, PresetRow.is_default)), None)

    def create(self, draft: Draft, measured: Measurement, *, by: str = "") -> Preset:
        """A new preset with its first save.

        Raises PresetError: its name is taken, or nothing was measured.
        """
        _require_metrics(draft.name, measured)
        with self._database.writing() as session:
            self._require_free(session, draft.name)
            return self._add(session, draft, measured, by=by).record()

    def create_all(
        self, drafts: Sequence[tuple[Draft, Measurement | None]], *, mark: str, by: str = ""
    ) -> tuple[Preset, ...]:
        """Several new presets or, when anything is wrong, none; names that are taken get the mark as a suffix."""
        with self._database.writing() as session:
            return tuple(
                self._add(session, self._renamed(session, draft, mark), measured, by=by).record()
                for draft, measured in drafts
            )

    def update(
        self,
        preset_id: str,
        *,
        version: int,
        name: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
        settings: PresetSettings | None = None,
        goal: str | None = None,
        measured: Measurement | None = None,
        by: str = "",
    ) -> Preset:
        """Change what is given and leave the rest; a measurement becomes a new save.

        `version`: of the preset as it was when it was opened.
        Raises ConflictError: somebody saved or deleted it since, and nothing is overwritten; PresetError: it comes with
        the app, its new name is taken, or its settings changed without being measured; UnknownPresetError: there never
        was such a preset in this shop.
        """
        given = {"name": name, "description": description, "tags": tags, "settings": settings, "goal": goal}
        with self._database.writing() as session:
            row = self._row(session, preset_id, version=version)
            _require_own(row)
            before = row.record().draft
            after = replace(before, **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
            if measured is not None or after.settings != before.settings:
                _require_metrics(after.name, measured)
            self._require_free(session, after.name, own_id=preset_id)
            if measured is not None or after != before:
                row.put(after, measured, by=by, at=self._now())
                session.flush()
            return row.record()

    def duplicate(self, preset_id: str, *, by: str = "") -> Preset:
        """A person's own copy, called "X (copy)", that begins with the latest measurement of the original."""
        with self._database.writing() as session:
            original = self._row(session, preset_id).record()
            measured = original.measured and original.measured.with_note(f"copied from {original.name}")
            return self._add(session, self._renamed(session, original.draft, "copy"), measured, by=by).record()

    def delete(self, preset_id: str, *, by: str = "") -> None:
        """Delete a preset, which `restore` undoes. One that comes with the app raises PresetError."""
        with self._database.writing() as session:
            row = self._row(session, preset_id)
            _require_own(row)
            row.delete(by=by, at=self._now())

    def restore(self, preset_id: str, *, by: str = "") -> Preset:
        """Undo a deletion, under another name if its own was taken meanwhile; it is not the default again."""
        with self._database.writing() as session:
            row = self._row(session, preset_id, also_deleted=True)
            if row.deleted_at is not None:
                _require_own(row)
                draft = self._renamed(session, row.record().draft, "restored", own_id=preset_id)
                row.deleted_at = None
                row.put(draft, None, by=by, at=self._now())
                session.flush()
            return row.record()

    def make_default(self, preset_id: str) -> Preset:
        """Make this preset the one that lists of this shop begin with."""
        with self._database.writing() as session:
            row = self._row(session, preset_id)
            if not row.is_default:
                self._clear_default(session)
                row.is_default = True
                session.flush()
            return row.record()

    def clear_default(self) -> None:
        """Have lists of this shop begin with no preset."""
        with self._database.writing() as session:
            self._clear_default(session)

    def ship(self, presets: Sequence[ShippedPreset]) -> None:
        """Replace the presets that come with the app by these; people's own ones stay as they are.

        One that is still shipped keeps its id and its saves, and gets a save when its settings or its measurement
        changed; the default stays the default unless it is no longer shipped.
        """
        by_key = {name_key(shipped.draft.name): shipped for shipped in presets}
        if len(by_key) < len(presets):
            raise PresetError("two shipped presets have the same name; give each its own")
        with self._database.writing() as session:
            rows = {row.shipped_key: row for row in self._rows(session, PresetRow.shipped_key.is_not(None))}
            gone = [row for key, row in rows.items() if key not in by_key and row.deleted_at is None]
            needs_default = any(row.is_default for row in gone)
            for row in gone:
                row.delete(by=SHIPPER, at=self._now())
            session.flush()
            for key, shipped in by_key.items():
                earlier = rows.get(key)
                arrives = earlier is None or earlier.deleted_at is not None
                row = self._ship_one(session, key, shipped, earlier)
                if shipped.is_default and (arrives or needs_default):
                    row.is_default = not self._rows(session, PresetRow.is_default)
                    session.flush()

    def _ship_one(self, session: Session, key: str, shipped: ShippedPreset, row: PresetRow | None) -> PresetRow:
        # Whoever had the name first keeps it, and the shipped one is marked.
        draft = self._renamed(session, shipped.draft, "shipped", own_id=row.preset_id if row else "")
        if row is None:
            return self._add(session, draft, shipped.measured, by=SHIPPER, shipped_key=key)
        before = row.record()
        is_news = draft.settings != before.settings or shipped.measured != before.measured
        measured = shipped.measured if is_news else None
        if draft != before.draft or measured is not None or row.deleted_at is not None:
            row.deleted_at = None
            row.put(draft, measured, by=SHIPPER, at=self._now())
        session.flush()
        return row

    def _rows(self, session: Session, *where: ColumnExpressionArgument[bool]) -> Sequence[PresetRow]:
        """Rows of this shop, living and deleted."""
        return session.scalars(select(PresetRow).where(PresetRow.shop == self.shop, *where)).all()

    def _row(
        self, session: Session, preset_id: str, *, version: int | None = None, also_deleted: bool = False
    ) -> PresetRow:
        """The row of a preset; with a version, whoever is late gets a ConflictError."""
        # An id may come out of a link that somebody wrote; what no database can hold is in none of ours.
        is_sound = clean_prose(preset_id) == preset_id
        row = next(iter(self._rows(session, PresetRow.preset_id == preset_id)), None) if is_sound else None
        if row is None or (row.deleted_at is not None and version is None and not also_deleted):
            raise UnknownPresetError(preset_id)
        if version is not None and (row.version != version or row.deleted_at is not None):
            done = "saved" if row.deleted_at is None else "deleted"
            raise ConflictError(row.name, done, row.changed_by or NOBODY, row.changed_at)
        return row

    def _add(
        self, session: Session, draft: Draft, measured: Measurement | None, *, by: str, shipped_key: str | None = None
    ) -> PresetRow:
        row = PresetRow(
            preset_id=str(uuid.uuid4()), shop=self.shop, shipped_key=shipped_key, is_default=False, version=0, saves=[]
        )
        row.put(draft, measured, by=by, at=self._now())
        session.add(row)
        session.flush()
        return row

    def _renamed(self, session: Session, draft: Draft, mark: str, own_id: str = "") -> Draft:
        """The draft under a name that is free, with a mark and a number as suffix where its own is taken."""
        is_taken = partial(self._is_taken, session, own_id)
        return replace(draft, name=free_name(draft.name, is_taken, mark=mark, longest=LONGEST_NAME))

    def _is_taken(self, session: Session, own_id: str, name: str) -> bool:
        """Whether a living preset, other than the one of that id, has this name."""
        same = PresetRow.name_key == name_key(name)
        return bool(self._rows(session, same, _IS_LIVING, PresetRow.preset_id != own_id))

    def _require_free(self, session: Session, name: str, *, own_id: str = "") -> None:
        if self._is_taken(session, own_id, name):
            raise PresetError(f"name: this shop already has a preset called {name!r}; give yours another name")

    def _clear_default(self, session: Session) -> None:
        session.execute(
            update(PresetRow).where(PresetRow.shop == self.shop, PresetRow.is_default).values(is_default=False)
        )


def _order(preset: Preset) -> tuple[bool, bool, list[str | int]]:
    # As people count: "X (copy)", "X (copy 2)", "X (copy 10)".
    words = re.split(r"([0-9]+)", name_key(preset.name).replace(")", ""))
    counted = [int(word) if position % 2 else word for position, word in enumerate(words)]
    return not preset.is_default, not preset.is_shipped, counted


def _require_own(row: PresetRow) -> None:
    if row.shipped_key is not None:
        raise PresetError(
            f"preset {row.name!r} comes with Shelfwise and cannot be changed or deleted; duplicate it and change that"
        )


def _require_metrics(name: str, measured: Measurement | None) -> None:
    if measured is None or not measured.metrics:
        raise PresetError(
            f"preset {name!r} would be saved without how its settings measure; measure them, then save both together"
        )
