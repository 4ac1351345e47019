"""The counts of a spool: one row, changed in the transaction of what it counts, under a checksum of its own."""

import sqlite3
from dataclasses import astuple, dataclass, fields
from hashlib import blake2b

from features.spool.errors import SpoolCorrupt

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Totals:
    """What went in, out and aside since the spool was made.

    Attributes:
        last: The last offset that was used.
        head: The lowest offset that may still wait.
        put: Records taken.
        put_bytes: Their contents, bytes.
        done: Records delivered.
        done_bytes: Their contents, bytes.
        aside: Records that are set aside now.
        aside_bytes: Their contents, bytes.
        dropped: Records set aside that a person has removed.
        dropped_bytes: Their contents, bytes.
    """

    last: int = 0
    head: int = 1
    put: int = 0
    put_bytes: int = 0
    done: int = 0
    done_bytes: int = 0
    aside: int = 0
    aside_bytes: int = 0
    dropped: int = 0
    dropped_bytes: int = 0

    @property
    def pending(self) -> int:
        """Records that wait."""
        return self.put - self.done - self.aside - self.dropped

    @property
    def pending_bytes(self) -> int:
        """Their contents, bytes; damage to the file may have changed what was once counted, hence never below 0."""
        return max(0, self.put_bytes - self.done_bytes - self.aside_bytes - self.dropped_bytes)


_NAMES = tuple(field.name for field in fields(Totals))

TABLE = f"""CREATE TABLE totals (
    id INTEGER PRIMARY KEY CHECK (id = 1), {", ".join(f"{name} INTEGER NOT NULL" for name in _NAMES)},
    digest BLOB NOT NULL)"""


def read_totals(connection: sqlite3.Connection) -> Totals:
    """Read the counts.

    Raises:
        SpoolCorrupt: If they are not what was written: a wrong `head` would hide records that wait.
    """
    question = f"SELECT {', '.join(_NAMES)}, CAST(digest AS BLOB) FROM totals WHERE id = 1"
    found = connection.execute(question).fetchone()
    if found is None or _digest(found[:-1]) != found[-1]:
        raise SpoolCorrupt("its counts are damaged")
    return Totals(*found[:-1])


def write_totals(connection: sqlite3.Connection, totals: Totals) -> None:
    """Write the counts over those before."""
    values = astuple(totals)
    statement = f"INSERT OR REPLACE INTO totals VALUES (1, {', '.join('?' * len(values))}, ?)"
    connection.execute(statement, (*values, _digest(values)))


def _digest(values: tuple[object, ...]) -> bytes:
    return blake2b(repr(values).encode(), digest_size=_DIGEST_BYTES).digest()
