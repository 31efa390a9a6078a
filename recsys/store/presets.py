"""The presets of one shop: made, changed, copied, deleted and put back, by several people at once."""

import dataclasses
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.orm import Session

from recsys.errors import ConflictError, PresetError, UnknownPresetError
from recsys.store import rows, shipping
from recsys.store.database import Database
from recsys.store.labels import clean_prose, label, name_key
from recsys.store.preset_settings import PresetSettings
from recsys.store.records import NOBODY, Draft, Measurement, Preset, ShippedPreset, clean_person
from recsys.store.tables import PresetRow

_LONGEST_SHOP, _LONGEST_NOTE = 500, 500


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PresetStore:
    """The presets of one shop.

    Every method is one transaction: it is kept as a whole, or nothing of it is. All of them raise StoreUnavailable when
    the database cannot be reached, and StoreError when it cannot be used; who does something may say so in `by`.

    Parameters
    ----------
    shop : which shop the presets belong to; presets of another one are neither seen nor touched
    now : the clock, in UTC
    """

    def __init__(self, database: Database, shop: str, now: Callable[[], datetime] = _utc_now) -> None:
        self._database, self._now = database, now
        self.shop = label(shop, "shop", _LONGEST_SHOP, required=True)

    def presets(self) -> tuple[Preset, ...]:
        """All living presets: the default one, then those that come with the app, then by name."""
        with self._database.reading() as session:
            found = session.scalars(self._living())
            return tuple(sorted(map(rows.as_preset, found), key=_place))

    def state(self) -> tuple[object, ...]:
        """What stays the same as long as no living preset changes; far cheaper to ask for than all of them."""
        default = func.max(case((PresetRow.is_default, PresetRow.preset_id)))
        told = select(func.count(), func.sum(PresetRow.version), func.max(PresetRow.changed_at), default)
        with self._database.reading() as session:
            living = told.where(PresetRow.shop == self.shop, PresetRow.deleted_at.is_(None))
            return tuple(session.execute(living).one())

    def deleted(self) -> tuple[Preset, ...]:
        """Presets that people deleted and can put back, the latest first."""
        deleted = (PresetRow.shop == self.shop, PresetRow.deleted_at.is_not(None), PresetRow.shipped_key.is_(None))
        with self._database.reading() as session:
            found = session.scalars(select(PresetRow).where(*deleted).order_by(PresetRow.deleted_at.desc()))
            return tuple(map(rows.as_preset, found))

    def get(self, preset_id: str) -> Preset:
        """The living preset of that id, or UnknownPresetError."""
        with self._database.reading() as session:
            return rows.as_preset(self._row(session, preset_id))

    def find(self, name: str) -> Preset | None:
        """The living preset of that name, whatever its capitals."""
        with self._database.reading() as session:
            row = session.scalars(self._living().where(PresetRow.name_key == name_key(name))).first()
            return None if row is None else rows.as_preset(row)

    def default(self) -> Preset | None:
        """The preset that lists of this shop begin with, if one was chosen."""
        with self._database.reading() as session:
            row = session.scalars(self._living().where(PresetRow.is_default)).first()
            return None if row is None else rows.as_preset(row)

    def create(self, draft: Draft, measured: Measurement, *, by: str = "") -> Preset:
        """A new preset with its first save.

        Raises
        ------
        PresetError : its name is taken, or nothing was measured
        """
        _require_metrics(draft.name, measured)
        with self._database.writing() as session:
            self._require_free(session, draft.name)
            return self._add(session, draft, measured, by=by)

    def create_all(
        self, drafts: Sequence[tuple[Draft, Measurement | None]], *, mark: str, by: str = ""
    ) -> tuple[Preset, ...]:
        """Several new presets or, when anything is wrong, none; names that are taken get the mark behind them."""
        with self._database.writing() as session:
            return tuple(
                self._add(session, self._renamed(session, draft, mark), measured, by=by) for draft, measured in drafts
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
        """Change what is given and leave the rest; a measurement is kept as a new save.

        Parameters
        ----------
        version : of the preset as it was when it was opened

        Raises
        ------
        ConflictError : somebody saved or deleted it since; nothing is overwritten
        PresetError : it comes with the app, its new name is taken, or its settings changed without being measured
        UnknownPresetError : there never was such a preset in this shop
        """
        given = {"name": name, "description": description, "tags": tags, "settings": settings, "goal": goal}
        with self._database.writing() as session:
            row = self._row(session, preset_id, version=version)
            _require_own(row)
            before = rows.as_preset(row).draft
            after = dataclasses.replace(before, **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
            if measured is not None or after.settings != before.settings:
                _require_metrics(after.name, measured)
            self._require_free(session, after.name, but=preset_id)
            if measured is not None or after != before:
                rows.change(row, after, measured, by=clean_person(by), at=self._now())
                session.flush()
            return rows.as_preset(row)

    def duplicate(self, preset_id: str, *, by: str = "") -> Preset:
        """A person's own copy, called "X (copy)", that begins with the latest measurement of the original."""
        with self._database.writing() as session:
            original = rows.as_preset(self._row(session, preset_id))
            measured = original.measured
            if measured is not None:
                note = "; ".join(filter(None, (f"copied from {original.name}", measured.note)))
                measured = dataclasses.replace(measured, note=note[:_LONGEST_NOTE])
            return self._add(session, self._renamed(session, original.draft, "copy"), measured, by=by)

    def delete(self, preset_id: str, *, by: str = "") -> None:
        """Take a preset off the list; `restore` puts it back. One that comes with the app raises PresetError."""
        with self._database.writing() as session:
            row = self._row(session, preset_id)
            _require_own(row)
            at = self._now()
            row.is_default, row.deleted_at = False, at
            rows.touch(row, by=clean_person(by), at=at)

    def restore(self, preset_id: str, *, by: str = "") -> Preset:
        """Put a deleted preset back, under another name if its own was taken meanwhile; it is not the default again."""
        with self._database.writing() as session:
            row = self._row(session, preset_id, also_deleted=True)
            if row.deleted_at is not None:
                _require_own(row)
                draft = self._renamed(session, rows.as_preset(row).draft, "restored", own_id=preset_id)
                row.deleted_at = None
                rows.change(row, draft, None, by=clean_person(by), at=self._now())
                session.flush()
            return rows.as_preset(row)

    def make_default(self, preset_id: str) -> Preset:
        """Let lists of this shop begin with this preset, instead of whichever it was."""
        with self._database.writing() as session:
            row = self._row(session, preset_id)
            if not row.is_default:
                self._clear_default(session)
                row.is_default = True
                session.flush()
            return rows.as_preset(row)

    def clear_default(self) -> None:
        """Let lists of this shop begin with no preset."""
        with self._database.writing() as session:
            self._clear_default(session)

    def ship(self, presets: Sequence[ShippedPreset]) -> None:
        """Make the presets that come with the app exactly these; people's own ones stay as they are.

        Doing it again changes nothing. One that is still shipped keeps its id and its saves, and gets a save when its
        settings or its measurement changed; the default stays the default unless it is no longer shipped.
        """
        with self._database.writing() as session:
            shipping.ship(session, self.shop, presets, at=self._now())

    def _living(self) -> Select[PresetRow]:
        return select(PresetRow).where(PresetRow.shop == self.shop, PresetRow.deleted_at.is_(None))

    def _row(
        self, session: Session, preset_id: str, *, version: int | None = None, also_deleted: bool = False
    ) -> PresetRow:
        """The row of a preset; with a version, whoever is late gets a ConflictError."""
        asked = select(PresetRow).where(PresetRow.shop == self.shop, PresetRow.preset_id == preset_id)
        # An id may come out of a link that somebody wrote; what no database can hold is in none of ours.
        row = session.scalars(asked).first() if clean_prose(preset_id) == preset_id else None
        if row is None or (row.deleted_at is not None and version is None and not also_deleted):
            raise UnknownPresetError(preset_id)
        if version is not None and (row.version != version or row.deleted_at is not None):
            done = "saved" if row.deleted_at is None else "deleted"
            raise ConflictError(row.name, done, row.changed_by or NOBODY, row.changed_at)
        return row

    def _add(self, session: Session, draft: Draft, measured: Measurement | None, *, by: str) -> Preset:
        row = rows.new_row(draft, measured, shop=self.shop, by=clean_person(by), at=self._now())
        session.add(row)
        session.flush()
        return rows.as_preset(row)

    def _renamed(self, session: Session, draft: Draft, mark: str, own_id: str | None = None) -> Draft:
        return dataclasses.replace(
            draft, name=rows.unlike_others(session, self.shop, draft.name, mark=mark, own_id=own_id)
        )

    def _require_free(self, session: Session, name: str, *, but: str | None = None) -> None:
        if rows.is_taken(session, self.shop, name, by_other_than=but):
            raise PresetError(f"name: this shop already has a preset called {name!r}; give yours another name")

    def _clear_default(self, session: Session) -> None:
        session.execute(
            update(PresetRow).where(PresetRow.shop == self.shop, PresetRow.is_default).values(is_default=False)
        )


def _place(preset: Preset) -> tuple[bool, bool, list[str | int]]:
    # As people count: "X (copy)", "X (copy 2)", "X (copy 10)".
    words = re.split(r"([0-9]+)", name_key(preset.name).replace(")", ""))
    counted = [int(word) if place % 2 else word for place, word in enumerate(words)]
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
