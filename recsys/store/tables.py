"""The tables, as typed classes; `recsys.store.migrations` holds the steps that make them.

Their names begin with `shelfwise_`, because a database may be shared with other programs.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, PrimaryKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is put back when the moment is read."""

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


class PresetRow(Base):
    """A preset as it stands now, living or deleted.

    `name_key` is the name as names are compared; `shipped_key` is the one under which a shipped preset was handed over,
    and None for a person's own.
    """

    __tablename__ = "shelfwise_preset"
    __table_args__ = (
        PrimaryKeyConstraint("preset_id", name="shelfwise_preset_pk"),
        UniqueConstraint("shop", "shipped_key", name="shelfwise_preset_shipped"),
        Index(
            "shelfwise_preset_name",
            "shop",
            "name_key",
            unique=True,
            sqlite_where=sql("deleted_at IS NULL"),
            postgresql_where=sql("deleted_at IS NULL"),
        ),
        Index(
            "shelfwise_preset_default",
            "shop",
            unique=True,
            sqlite_where=sql("is_default"),
            postgresql_where=sql("is_default"),
        ),
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


class SaveRow(Base):
    """What a preset's settings were and how they measured, each time they were saved."""

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
