"""The tables of presets and their saves, and their rows as records; `recsys.store.migrations` makes them.

Their names begin with `shelfwise_`, because a database may be shared with other programs.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, PrimaryKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from recsys.documents import from_json, to_json
from recsys.errors import InputError, StoreError
from recsys.store.labels import name_key
from recsys.store.records import Draft, Measurement, Preset, PresetSettings, Save, clean_person


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite stores no zone, so it is set again when the moment is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables of the store."""

    type_annotation_map = {str: Text(), datetime: UtcTime(), dict[str, Any]: JSON(), list[str]: JSON()}  # noqa: RUF012


def _unique_where(condition: str, name: str, *columns: str) -> Index:
    where = sql(condition)
    return Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


class PresetRow(Base):
    """A preset, living or deleted.

    `name_key` is the name as names are compared; `shipped_key` is that of the preset that came with the app, and None
    for a person's own.
    """

    __tablename__ = "shelfwise_preset"
    __table_args__ = (
        PrimaryKeyConstraint("preset_id", name="shelfwise_preset_pk"),
        UniqueConstraint("shop", "shipped_key", name="shelfwise_preset_shipped"),
        _unique_where("deleted_at IS NULL", "shelfwise_preset_name", "shop", "name_key"),
        _unique_where("is_default", "shelfwise_preset_default", "shop"),
    )

    preset_id: Mapped[str] = mapped_column(String(36))
    shop: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str]
    description: Mapped[str]
    tags: Mapped[list[str]]
    settings: Mapped[dict[str, Any]]
    goal: Mapped[str]
    shipped_key: Mapped[str | None]
    is_default: Mapped[bool]
    version: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
    deleted_at: Mapped[datetime | None]
    saves: Mapped[list["SaveRow"]] = relationship(order_by="SaveRow.save_id.desc()", lazy="selectin")

    def record(self) -> Preset:
        """The row as a preset.

        Raises StoreError: another program wrote into the table.
        """
        same = ("preset_id", "shop", "name", "description", "goal", "is_default", "version", "changed_at", "changed_by")
        try:
            return Preset(
                **{name: getattr(self, name) for name in same},
                tags=tuple(self.tags),
                settings=from_json(PresetSettings, self.settings, "settings"),
                is_shipped=self.shipped_key is not None,
                saves=tuple(save.record() for save in self.saves),
            )
        except (InputError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(
                f"preset {self.name!r} (row {self.preset_id!r} of shelfwise_preset) was changed outside Shelfwise and"
                f" cannot be read ({error}); nothing was overwritten: correct that row, or delete it"
            ) from error

    def put(self, draft: Draft, measured: Measurement | None, *, by: str, at: datetime) -> None:
        """Replace what a person edits; a measurement becomes a new save."""
        by = clean_person(by)
        self.name, self.name_key, self.goal = draft.name, name_key(draft.name), draft.goal
        self.description, self.tags, self.settings = draft.description, list(draft.tags), to_json(draft.settings)
        if measured is not None:
            self.saves.insert(0, SaveRow(saved_at=at, saved_by=by, settings=self.settings, **to_json(measured)))
        self._count_change(by, at)

    def delete(self, *, by: str, at: datetime) -> None:
        """Mark it as deleted."""
        self.is_default, self.deleted_at = False, at
        self._count_change(clean_person(by), at)

    def _count_change(self, by: str, at: datetime) -> None:
        self.version, self.changed_by, self.changed_at = self.version + 1, by, at


class SaveRow(Base):
    """Settings and measurement of a preset, each time they were saved."""

    __tablename__ = "shelfwise_preset_save"
    __table_args__ = (
        PrimaryKeyConstraint("save_id", name="shelfwise_preset_save_pk"),
        Index("shelfwise_preset_save_by_preset", "preset_id"),
    )

    save_id: Mapped[int]
    preset_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("shelfwise_preset.preset_id", name="shelfwise_preset_save_of", ondelete="CASCADE")
    )
    saved_at: Mapped[datetime]
    saved_by: Mapped[str]
    settings: Mapped[dict[str, Any]]
    metrics: Mapped[dict[str, Any]]
    n_users: Mapped[int]
    protocol: Mapped[str]
    panel_id: Mapped[str]
    note: Mapped[str]

    def record(self) -> Save:
        """The row as a save."""
        measured = Measurement(self.metrics, self.n_users, self.protocol, self.panel_id, self.note)
        return Save(self.saved_at, self.saved_by, from_json(PresetSettings, self.settings, "settings"), measured)
