"""What receiving keeps: how data arrives, what no pack claims, and how the measuring points are.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LATE = ("under_1m", "under_10m", "under_1h", "under_6h", "under_1d", "under_7d", "7d_or_more")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "arrivals",
        *(_key(name) for name in ("tenant", "asset", "channel")),
        *(_whole(name) for name in ("first_at", "last_at", "newest_time", "readings")),
        *(_whole(f"late_{bound}") for bound in _LATE),
        sa.PrimaryKeyConstraint("tenant", "asset", "channel", name="pk_arrivals"),
    )
    op.create_table(
        "quarantine",
        *(_key(name) for name in ("tenant", "asset", "signal", "pack")),
        *(_whole(name) for name in ("first_at", "last_at", "readings")),
        sa.PrimaryKeyConstraint("tenant", "asset", "signal", "pack", name="pk_quarantine"),
    )
    op.create_table(
        "signal_states",
        *(_key(name) for name in ("tenant", "asset", "signal")),
        sa.Column("namur", sa.String(1), nullable=False),
        sa.Column("verdict", sa.Integer(), nullable=False),
        _whole("since"),
        sa.PrimaryKeyConstraint("tenant", "asset", "signal", name="pk_signal_states"),
    )
    op.create_table(
        "clock_states",
        *(_key(name) for name in ("tenant", "asset")),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "asset", name="pk_clock_states"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("clock_states")
    op.drop_table("signal_states")
    op.drop_table("quarantine")
    op.drop_table("arrivals")


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(128), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
