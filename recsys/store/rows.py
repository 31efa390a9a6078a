"""Between rows of the tables and the records that the rest of the app sees."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from recsys.errors import InputError, StoreError
from recsys.store.labels import free_name, name_key
from recsys.store.preset_settings import PresetSettings
from recsys.store.records import LONGEST_NAME, Draft, Measurement, Preset, Save
from recsys.store.tables import PresetRow, SaveRow


def as_preset(row: PresetRow) -> Preset:
    """The record of a row.

    Raises
    ------
    StoreError : somebody else wrote into the table what no Shelfwise would
    """
    try:
        return Preset(
            preset_id=row.preset_id,
            shop=row.shop,
            name=row.name,
            description=row.description,
            tags=tuple(row.tags),
            settings=PresetSettings.from_json(row.settings),
            goal=row.goal,
            is_shipped=row.shipped_key is not None,
            is_default=row.is_default,
            version=row.version,
            changed_at=row.changed_at,
            changed_by=row.changed_by,
            saves=tuple(_as_save(save) for save in row.saves),
        )
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(
            f"preset {row.name!r} (row {row.preset_id!r} of shelfwise_preset) was changed outside Shelfwise and cannot"
            f" be read ({error}); nothing was overwritten: correct that row, or delete it"
        ) from error


def new_row(
    draft: Draft, measured: Measurement | None, *, shop: str, by: str, at: datetime, shipped_key: str | None = None
) -> PresetRow:
    """A row for a draft, with its first save if it has been measured."""
    row = PresetRow(
        preset_id=str(uuid.uuid4()),
        shop=shop,
        shipped_key=shipped_key,
        is_default=False,
        version=1,
        changed_at=at,
        changed_by=by,
        deleted_at=None,
        saves=[],
        **_columns(draft),
    )
    if measured is not None:
        add_save(row, measured, by=by, at=at)
    return row


def change(row: PresetRow, draft: Draft, measured: Measurement | None, *, by: str, at: datetime) -> None:
    """Put a draft in place of what a row holds."""
    for name, value in _columns(draft).items():
        setattr(row, name, value)
    if measured is not None:
        add_save(row, measured, by=by, at=at)
    touch(row, by=by, at=at)


def add_save(row: PresetRow, measured: Measurement, *, by: str, at: datetime) -> None:
    """Write down what a row's settings are now and how they measured."""
    save = SaveRow(
        saved_at=at,
        saved_by=by,
        settings=row.settings,
        metrics={name: dict(bounds) for name, bounds in measured.metrics.items()},
        n_users=measured.n_users,
        protocol=measured.protocol,
        panel_id=measured.panel_id,
        note=measured.note,
    )
    row.saves.insert(0, save)


def touch(row: PresetRow, *, by: str, at: datetime) -> None:
    """Count a change."""
    row.version, row.changed_by, row.changed_at = row.version + 1, by, at


def is_taken(session: Session, shop: str, name: str, *, by_other_than: str | None = None) -> bool:
    """Whether a living preset of the shop, other than the one given, has that name."""
    found = select(PresetRow.preset_id).where(
        PresetRow.shop == shop,
        PresetRow.name_key == name_key(name),
        PresetRow.deleted_at.is_(None),
        PresetRow.preset_id != (by_other_than or ""),
    )
    return session.scalars(found).first() is not None


def unlike_others(session: Session, shop: str, wanted: str, *, mark: str, own_id: str | None = None) -> str:
    """The wanted name, with a mark and a number behind it as far as it is taken."""
    return free_name(
        wanted,
        lambda name: is_taken(session, shop, name, by_other_than=own_id),
        mark=mark,
        longest=LONGEST_NAME,
    )


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "name": draft.name,
        "name_key": name_key(draft.name),
        "description": draft.description,
        "tags": list(draft.tags),
        "settings": draft.settings.as_json(),
        "goal": draft.goal,
    }


def _as_save(row: SaveRow) -> Save:
    return Save(
        saved_at=row.saved_at,
        saved_by=row.saved_by,
        settings=PresetSettings.from_json(row.settings),
        measured=Measurement(row.metrics, row.n_users, row.protocol, row.panel_id, row.note),
    )
