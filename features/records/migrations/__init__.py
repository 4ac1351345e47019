"""The alembic scripts of the records."""
