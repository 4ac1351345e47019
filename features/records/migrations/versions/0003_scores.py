"""What became of forecasts, how long lives were, and when planned work can be done.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ended_lives",
        *(_name(each) for each in ("tenant", "asset")),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        *(_moment(each) for each in ("started_at", "ended_at")),
        sa.Column("end", sa.String(64), nullable=False),
        sa.Column("failure_mode", sa.String(128), nullable=True),
        _number("length"),
        sa.PrimaryKeyConstraint("tenant", "asset", "number", name="pk_ended_lives"),
    )
    op.create_table(
        "forecast_scores",
        *(_name(each) for each in ("tenant", "forecast", "asset")),
        sa.Column("life_number", sa.Integer(), nullable=False),
        *(_moment(each) for each in ("issued_at", "until")),
        sa.Column("outcome", sa.String(64), nullable=False),
        *(_number(each) for each in ("age", "lived", "held_seconds")),
        sa.PrimaryKeyConstraint("tenant", "forecast", name="pk_forecast_scores"),
    )
    op.create_index("ix_forecast_scores_tenant_asset", "forecast_scores", ["tenant", "asset"])
    op.create_table(
        "work_windows",
        _name("tenant"),
        sa.Column("site", sa.String(256), nullable=False),
        *(_moment(each) for each in ("start", "end")),
        sa.PrimaryKeyConstraint("tenant", "site", "start", name="pk_work_windows"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("work_windows")
    op.drop_table("forecast_scores")
    op.drop_table("ended_lives")


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(128), nullable=False)


def _moment(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _number(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float(53), nullable=False)
