"""The code of an error, in the key of an event: a machine may report several at one moment.

Revision ID: 0005
Revises: 0004
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEY = ["tenant", "asset", "at", "kind", "failure_mode", "component"]


def upgrade() -> None:
    """Add the column, empty for events of before, and put it into the key."""
    with op.batch_alter_table("events") as table:
        table.add_column(sa.Column("code", sa.String(128), nullable=False, server_default=""))
    _rekey([*_KEY, "code"])
    with op.batch_alter_table("events") as table:
        table.alter_column("code", existing_type=sa.String(128), server_default=None)


def downgrade() -> None:
    """Forget the errors, which the versions of before do not know, and their codes."""
    op.execute("DELETE FROM events WHERE kind = 'error' OR code <> ''")
    _rekey(_KEY)
    with op.batch_alter_table("events") as table:
        table.drop_column("code")


def _rekey(columns: Sequence[str]) -> None:
    with op.batch_alter_table("events") as table:
        table.drop_constraint("pk_events", type_="primary")
        table.create_primary_key("pk_events", list(columns))
