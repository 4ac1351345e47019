"""Bringing the tables up to date with alembic, from code and without a word on standard output."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from features.records.errors import RecordsTooNew

HEAD = "0007"
"""The newest revision (a test compares it with the scripts); knowing it here keeps alembic out of a plain opening."""

Writing = Callable[[Engine], AbstractContextManager[Connection]]

_ADVISORY_LOCK = 0x4D494C4C  # "MILL": the same number in every process of an installation


def bring_to_head(engine: Engine, writing: Writing) -> None:
    """Upgrade to the newest revision, one process at a time; do nothing where it is reached.

    Args:
        engine: The database.
        writing: Opens a transaction that holds the write lock.

    Raises:
        RecordsTooNew: If the database knows a revision that we do not.
    """
    with engine.connect() as connection:
        if revision_of(connection) == HEAD:
            return
    with writing(engine) as connection:
        _lock(connection)
        move_to(connection, HEAD)


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the tables; None where there are none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def move_to(connection: Connection, revision: str) -> None:
    """Upgrade or downgrade to a revision ("base" means no tables) within the transaction under way.

    Raises:
        RecordsTooNew: If the database knows a revision that we do not.
    """
    from alembic import command  # lazy: needed only where the tables are not up to date
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]  # newest first
    current = revision_of(connection)
    if current is not None and current not in known:
        raise RecordsTooNew(current, known=HEAD)
    is_later = current is None or (revision in known and known.index(revision) <= known.index(current))
    (command.upgrade if is_later else command.downgrade)(config, revision)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # on SQLite the write lock of the transaction does it
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK})
