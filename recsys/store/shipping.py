"""Presets that come with the app: brought up to date in every shop without touching what people made."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from recsys.errors import PresetError
from recsys.store import rows
from recsys.store.labels import name_key
from recsys.store.records import Measurement, ShippedPreset
from recsys.store.tables import PresetRow

BY = "Shelfwise"
"""Who saves what comes with the app."""


def ship(session: Session, shop: str, presets: Sequence[ShippedPreset], *, at: datetime) -> None:
    """Make the shipped presets of a shop exactly these; see `PresetStore.ship`."""
    wanted = {name_key(shipped.draft.name): shipped for shipped in presets}
    if len(wanted) < len(presets):
        raise PresetError("two shipped presets have the same name; give each its own")
    there = {row.shipped_key: row for row in session.scalars(select(PresetRow).where(*_shipped(shop)))}
    lost_default = False
    for key, row in there.items():
        if key not in wanted and row.deleted_at is None:
            lost_default |= row.is_default
            row.is_default, row.deleted_at = False, at
            rows.touch(row, by=BY, at=at)
    session.flush()
    for key, shipped in wanted.items():
        earlier = there.get(key)
        arrives = earlier is None or earlier.deleted_at is not None
        row = _bring_up_to_date(session, shop, key, shipped, earlier, at=at)
        if shipped.is_default and (arrives or lost_default) and not _has_default(session, shop):
            row.is_default = True
            session.flush()


def _bring_up_to_date(
    session: Session, shop: str, key: str, shipped: ShippedPreset, row: PresetRow | None, *, at: datetime
) -> PresetRow:
    own_id = None if row is None else row.preset_id
    # Whoever had the name first keeps it, and the shipped one is marked.
    name = rows.unlike_others(session, shop, shipped.draft.name, mark="shipped", own_id=own_id)
    draft = dataclasses.replace(shipped.draft, name=name)
    if row is None:
        row = rows.new_row(draft, shipped.measured, shop=shop, by=BY, at=at, shipped_key=key)
        session.add(row)
    else:
        before = rows.as_preset(row)
        measured = _news(shipped.measured, before.measured, draft.settings != before.settings)
        if draft != before.draft or measured is not None or row.deleted_at is not None:
            row.deleted_at = None
            rows.change(row, draft, measured, by=BY, at=at)
    session.flush()
    return row


def _news(measured: Measurement | None, before: Measurement | None, settings_changed: bool) -> Measurement | None:
    """What has to be saved: a measurement that is new, or that belongs to new settings."""
    return measured if settings_changed or measured != before else None


def _shipped(shop: str) -> tuple[ColumnElement[bool], ...]:
    return PresetRow.shop == shop, PresetRow.shipped_key.is_not(None)


def _has_default(session: Session, shop: str) -> bool:
    return session.scalars(select(PresetRow).where(PresetRow.shop == shop, PresetRow.is_default)).first() is not None
