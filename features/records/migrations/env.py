"""What alembic runs: the scripts, on the connection and in the transaction that `features.records.migration` gives."""

from alembic import context

from features.records.tables import metadata


def run() -> None:
    """Run the scripts that alembic was asked for."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        render_as_batch=True,  # SQLite cannot alter a column in place
    )
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # alembic loads this file under that name; a plain import does nothing
    run()
