"""The first tables: assets and their names, events, labels, lives, forecasts, and what the worker keeps.

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_assets()
    _make_history()
    _make_forecasts()
    _make_set_aside()
    _make_worker()


def downgrade() -> None:
    """Drop the tables."""
    for name in (
        "cursors",
        "leases",
        "set_aside",
        "forecasts",
        "lives",
        "labels",
        "events",
        "identifiers",
        "components",
        "assets",
    ):
        op.drop_table(name)


def _key(name: str, length: int = 128) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _of_asset(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant", "asset"], ["assets.tenant", "assets.id"], name=f"fk_{table}_assets", ondelete="CASCADE"
    )


def _make_assets() -> None:
    op.create_table(
        "assets",
        _key("tenant"),
        _key("id"),
        _key("pack"),
        sa.Column("model", sa.String()),
        sa.Column("batch", sa.String()),
        sa.Column("site", sa.String()),
        sa.Column("commissioned", sa.BigInteger()),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_assets"),
    )
    op.create_table(
        "components",
        _key("tenant"),
        _key("asset"),
        _key("id"),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "asset", "id", name="pk_components"),
        _of_asset("components"),
    )
    op.create_table(
        "identifiers",
        _key("tenant"),
        _key("scheme", 32),
        _key("value", 1024),
        _key("asset"),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "scheme", "value", name="pk_identifiers"),
        _of_asset("identifiers"),
    )
    op.create_index("ix_identifiers_tenant_asset", "identifiers", ["tenant", "asset"])


def _make_history() -> None:
    op.create_table(
        "events",
        _key("tenant"),
        _key("asset"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _key("kind", 64),
        _key("failure_mode"),
        _key("component"),
        sa.Column("note", sa.String()),
        sa.PrimaryKeyConstraint("tenant", "asset", "at", "kind", "failure_mode", "component", name="pk_events"),
    )
    op.create_table(
        "labels",
        _key("tenant"),
        _key("asset"),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        _key("target"),
        _key("value", 1024),
        sa.PrimaryKeyConstraint("tenant", "asset", "start", "end", "target", "value", name="pk_labels"),
    )
    op.create_table(
        "lives",
        _key("tenant"),
        _key("asset"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("end", sa.String(64)),
        sa.Column("failure_mode", sa.String(128)),
        sa.PrimaryKeyConstraint("tenant", "asset", "number", name="pk_lives"),
    )


def _make_forecasts() -> None:
    op.create_table(
        "forecasts",
        sa.Column("sequence", _SEQUENCE, nullable=False, autoincrement=True),
        _key("tenant"),
        _key("id"),
        _key("asset"),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_forecasts"),
        sa.UniqueConstraint("tenant", "id", name="uq_forecasts_tenant_id"),
    )
    op.create_index("ix_forecasts_tenant_asset_issued_at", "forecasts", ["tenant", "asset", "issued_at"])
    op.create_index("ix_forecasts_tenant_valid_until", "forecasts", ["tenant", "valid_until"])


def _make_set_aside() -> None:
    op.create_table(
        "set_aside",
        sa.Column("sequence", _SEQUENCE, nullable=False, autoincrement=True),
        _key("tenant"),
        _key("digest", 64),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("signal", sa.String()),
        _key("reason", 64),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_set_aside"),
        sa.UniqueConstraint("tenant", "digest", name="uq_set_aside_tenant_digest"),
    )
    op.create_index("ix_set_aside_tenant_reason", "set_aside", ["tenant", "reason"])


def _make_worker() -> None:
    op.create_table(
        "leases",
        _key("name"),
        _key("owner", 256),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "cursors",
        _key("name"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursors"),
    )
