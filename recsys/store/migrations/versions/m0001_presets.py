"""Presets and what they measured each time they were saved."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "shelfwise_preset",
        sa.Column("preset_id", sa.String(36), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("shipped_key", sa.Text(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("preset_id", name="shelfwise_preset_pk"),
        sa.UniqueConstraint("shop", "shipped_key", name="shelfwise_preset_shipped"),
    )
    for name, columns, where in (
        ("shelfwise_preset_name", ["shop", "name_key"], "deleted_at IS NULL"),
        ("shelfwise_preset_default", ["shop"], "is_default"),
    ):
        op.create_index(
            name,
            "shelfwise_preset",
            columns,
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "shelfwise_preset_save",
        sa.Column("save_id", sa.Integer(), nullable=False),
        sa.Column("preset_id", sa.String(36), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("n_users", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("panel_id", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("save_id", name="shelfwise_preset_save_pk"),
        sa.ForeignKeyConstraint(
            ["preset_id"], ["shelfwise_preset.preset_id"], name="shelfwise_preset_save_of", ondelete="CASCADE"
        ),
    )
    op.create_index("shelfwise_preset_save_by_preset", "shelfwise_preset_save", ["preset_id"])
