"""What state detection says of each asset.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "asset_conditions",
        *(sa.Column(name, sa.String(128), nullable=False) for name in ("tenant", "asset")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("at", "since")),
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "asset", name="pk_asset_conditions"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("asset_conditions")
