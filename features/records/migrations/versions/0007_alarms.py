"""Alarms, what was told of them, notices of the data path, what annunciators remember, and kept thresholds.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_alarms()
    _make_entries()
    op.create_table(
        "path_notices",
        *_texts("tenant", "pack"),
        sa.Column("gateway", sa.String(256), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        *_texts("asset"),
        *_times("raised_at"),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        sa.Column("standing", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "pack", "gateway", "kind", "asset", "raised_at", name="pk_path_notices"),
    )
    op.create_table(
        "annunciators",
        *_texts("tenant", "pack"),
        sa.Column("gateway", sa.String(256), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "pack", "gateway", name="pk_annunciators"),
    )
    numbers = ("threshold", "budget", "confidence", "bound", "machine_weeks")
    op.create_table(
        "alarm_thresholds",
        *_texts("tenant", "pack", "model"),
        *(sa.Column(name, sa.Float(53), nullable=False) for name in numbers),
        *_times("fitted_at"),
        sa.PrimaryKeyConstraint("tenant", "pack", "model", name="pk_alarm_thresholds"),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("alarm_thresholds", "annunciators", "path_notices", "alarm_entries", "alarms"):
        op.drop_table(name)


def _make_alarms() -> None:
    op.create_table(
        "alarms",
        *_texts("tenant"),
        sa.Column("id", sa.String(64), nullable=False),
        *_texts("asset", "pack"),
        sa.Column("gateway", sa.String(256), nullable=False),
        *(sa.Column(name, sa.String(32), nullable=False) for name in ("stage", "cause")),
        sa.Column("lead", sa.String(128), nullable=True),
        sa.Column("score", sa.Float(53), nullable=True),
        sa.Column("threshold", sa.Float(53), nullable=False),
        *_texts("model"),
        *_times("raised_at", "stood_since", "changed_at"),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(128), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_alarms"),
    )
    for name in ("stage", "asset"):
        op.create_index(f"ix_alarms_tenant_{name}", "alarms", ["tenant", name])


def _make_entries() -> None:
    op.create_table(
        "alarm_entries",
        sa.Column("sequence", _SEQUENCE, nullable=False, autoincrement=True),
        *_texts("tenant"),
        sa.Column("alarm", sa.String(64), nullable=True),
        *_texts("asset"),
        *_times("at"),
        *(sa.Column(name, sa.String(32), nullable=False) for name in ("told", "cause")),
        sa.Column("lead", sa.String(128), nullable=True),
        sa.Column("score", sa.Float(53), nullable=True),
        sa.Column("reason", sa.String(128), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        *_times("recorded_at"),
        sa.PrimaryKeyConstraint("sequence", name="pk_alarm_entries"),
        sa.UniqueConstraint("tenant", "asset", "at", "told", name="uq_alarm_entries_tenant_asset_at_told"),
    )
    op.create_index("ix_alarm_entries_tenant_alarm", "alarm_entries", ["tenant", "alarm"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(128), nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
