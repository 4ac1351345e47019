"""What models in the champion's shadow said.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "shadow_forecasts",
        *(sa.Column(name, sa.String(128), nullable=False) for name in ("tenant", "id", "asset", "pack")),
        sa.Column("bundle_sha256", sa.String(64), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("champion_status", sa.String(32), nullable=False),
        sa.Column("apart", sa.Float(), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_shadow_forecasts"),
    )
    op.create_index("ix_shadow_forecasts_tenant_bundle_sha256", "shadow_forecasts", ["tenant", "bundle_sha256"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("shadow_forecasts")
