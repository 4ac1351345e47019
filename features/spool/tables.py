"""The tables of the spool and every statement on them. Each function runs inside a transaction of its caller.

Records stay where they were put until they are forgotten: what is set aside gets a row in `asides` and keeps its
content in place, so that little has to be written when the disk is nearly full.
"""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace

from features.spool.contract import AsideRecord
from features.spool.totals import TABLE, Totals, read_totals, write_totals

FORMAT = 1
"""Version of the tables below, kept in the file as `user_version`."""

_TABLES = (
    """CREATE TABLE records (
        offset INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, digest BLOB NOT NULL, content BLOB NOT NULL)""",
    "CREATE TABLE asides (offset INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, reason TEXT NOT NULL)",
    TABLE,
    """CREATE TABLE lease (
        id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL,
        since_us INTEGER NOT NULL, until_us INTEGER NOT NULL)""",
    f"PRAGMA user_version = {FORMAT}",
)

_CLOCK_STEP_US = 1_000_000
"""A lease that began further ahead than this was made before the clock was set back."""

_OFFSET_BYTES = 8

_WAITS = "NOT EXISTS (SELECT 1 FROM asides WHERE asides.offset = records.offset)"
_CONTENT = "offset, CAST(digest AS BLOB), CAST(content AS BLOB)"  # damage may have changed the type as well


@dataclass(frozen=True, slots=True)
class Row:
    """One record as it lies in the file."""

    offset: int
    digest: bytes
    content: bytes


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty spool."""
    for statement in _TABLES:
        connection.execute(statement)
    write_totals(connection, Totals())


def oldest_us(connection: sqlite3.Connection, head: int) -> int | None:
    """Return when the oldest waiting record came."""
    question = f"""SELECT CAST(at_us AS INTEGER) FROM records WHERE offset >= ? AND {_WAITS}
        ORDER BY offset LIMIT 1"""
    found = connection.execute(question, (head,)).fetchone()
    return None if found is None else int(found[0] or 0)


def append(connection: sqlite3.Connection, last: int, at_us: int, records: Sequence[tuple[bytes, bytes]]) -> int:
    """Append records, each with its digest, after the offset `last`; return the new last offset."""
    rows = (
        (offset, at_us, _bound(digest, offset), content) for offset, (digest, content) in enumerate(records, last + 1)
    )
    with closing(connection.cursor()) as cursor:
        cursor.executemany("INSERT INTO records (offset, at_us, digest, content) VALUES (?, ?, ?, ?)", rows)
    return last + len(records)


def waiting(connection: sqlite3.Connection, first: int) -> Generator[Row, None, None]:
    """Read waiting records one by one, in order; close the iterator to end its reading."""
    question = f"SELECT {_CONTENT} FROM records WHERE offset >= ? AND {_WAITS} ORDER BY offset"
    with closing(connection.execute(question, (first,))) as cursor:
        for offset, digest, content in cursor:
            yield Row(offset, _bound(digest or b"", offset), content or b"")


def forget(connection: sqlite3.Connection, upto: int, *, most: int, most_bytes: int) -> bool:
    """Forget waiting records up to an offset, about `most` of them at once; say whether any are left."""
    totals = read_totals(connection)
    end = min(upto, totals.last)
    if end < totals.head:
        return False  # nothing to write, and so nothing to bring to the disk
    question = f"SELECT offset, length(content) FROM records WHERE offset >= ? AND offset <= ? AND {_WAITS} ORDER BY 1"
    count, size = 0, 0
    with closing(connection.execute(question, (totals.head, end))) as cursor:
        for offset, length in cursor:
            count, size = count + 1, size + (length or 0)
            if count == most or size >= most_bytes:
                end = offset
                break
    if count:
        connection.execute(f"DELETE FROM records WHERE offset >= ? AND offset <= ? AND {_WAITS}", (totals.head, end))
    after = replace(totals, head=end + 1, done=totals.done + count, done_bytes=totals.done_bytes + size)
    write_totals(connection, after)
    return end < min(upto, totals.last)


def put_aside(connection: sqlite3.Connection, offset: int, at_us: int, reason: str) -> bool:
    """Take a waiting record out of the way; say whether it waited."""
    question = f"SELECT length(content) FROM records WHERE offset = ? AND {_WAITS}"
    found = connection.execute(question, (offset,)).fetchone()
    if found is None:
        return False
    connection.execute("INSERT INTO asides (offset, at_us, reason) VALUES (?, ?, ?)", (offset, at_us, reason))
    totals = read_totals(connection)
    after = replace(totals, aside=totals.aside + 1, aside_bytes=totals.aside_bytes + (found[0] or 0))
    write_totals(connection, after)
    return True


def is_aside(connection: sqlite3.Connection, offset: int) -> bool:
    """Say whether a record is set aside."""
    return connection.execute("SELECT 1 FROM asides WHERE offset = ?", (offset,)).fetchone() is not None


def asides(connection: sqlite3.Connection, limit: int, after: int) -> list[AsideRecord]:
    """Read what is set aside."""
    question = """SELECT offset, CAST(content AS BLOB), CAST(reason AS BLOB), CAST(asides.at_us AS INTEGER)
        FROM asides LEFT JOIN records USING (offset) WHERE offset > ? ORDER BY offset LIMIT ?"""
    return [
        AsideRecord(offset, content or b"", (reason or b"").decode("utf-8", "replace"), at_us or 0)
        for offset, content, reason, at_us in connection.execute(question, (after, limit)).fetchall()
    ]


def aside_row(connection: sqlite3.Connection, offset: int) -> Row | None:
    """Read one record that is set aside."""
    question = f"SELECT {_CONTENT} FROM asides JOIN records USING (offset) WHERE offset = ?"
    found = connection.execute(question, (offset,)).fetchone()
    return None if found is None else Row(found[0], _bound(found[1] or b"", found[0]), found[2] or b"")


def extent(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the first and the last offset that may be found in a damaged file."""
    first, last = 1, 0
    with suppress(sqlite3.DatabaseError):
        first = connection.execute("SELECT min(offset) FROM records").fetchone()[0] or 1
    try:
        last = connection.execute("SELECT max(offset) FROM records").fetchone()[0] or 0
    except sqlite3.DatabaseError:
        last = connection.execute("SELECT last FROM totals").fetchone()[0]
    return first, last


def any_row(connection: sqlite3.Connection, offset: int) -> tuple[Row | None, str | None]:
    """Read one record of a damaged file, and the reason if it is set aside."""
    found = connection.execute(f"SELECT {_CONTENT} FROM records WHERE offset = ?", (offset,)).fetchone()
    if found is None:
        return None, None
    question = "SELECT CAST(reason AS BLOB) FROM asides WHERE offset = ?"
    why = connection.execute(question, (offset,)).fetchone()
    row = Row(found[0], _bound(found[1] or b"", found[0]), found[2] or b"")
    return row, None if why is None else (why[0] or b"").decode("utf-8", "replace")


def requeue(connection: sqlite3.Connection, row: Row) -> int:
    """Move a record that is set aside to the end of the queue; return its new offset."""
    totals = read_totals(connection)
    after = replace(
        totals, last=totals.last + 1, aside=totals.aside - 1, aside_bytes=totals.aside_bytes - len(row.content)
    )
    write_totals(connection, after)
    connection.execute("DELETE FROM asides WHERE offset = ?", (row.offset,))
    statement = "UPDATE records SET offset = ?, digest = ? WHERE offset = ?"
    connection.execute(statement, (after.last, _bound(row.digest, after.last), row.offset))
    return after.last


def remove(connection: sqlite3.Connection, offset: int) -> None:
    """Remove a record that is set aside, for good."""
    found = connection.execute("SELECT length(content) FROM records WHERE offset = ?", (offset,)).fetchone()
    size = (found[0] or 0) if found else 0
    totals = read_totals(connection)
    after = replace(
        totals,
        aside=totals.aside - 1,
        aside_bytes=totals.aside_bytes - size,
        dropped=totals.dropped + 1,
        dropped_bytes=totals.dropped_bytes + size,
    )
    write_totals(connection, after)
    connection.execute("DELETE FROM asides WHERE offset = ?", (offset,))
    connection.execute("DELETE FROM records WHERE offset = ?", (offset,))


def take_lease(connection: sqlite3.Connection, owner: str, now_us: int, until_us: int) -> bool:
    """Take or prolong the lease; one that began in the future is from before the clock was set back, and ended."""
    statement = """INSERT INTO lease (id, owner, since_us, until_us) VALUES (1, ?1, ?2, ?3)
        ON CONFLICT (id) DO UPDATE SET owner = ?1, since_us = ?2, until_us = ?3
        WHERE owner = ?1 OR until_us <= ?2 OR since_us > ?2 + ?4 RETURNING 1"""
    return bool(connection.execute(statement, (owner, now_us, until_us, _CLOCK_STEP_US)).fetchall())


def end_lease(connection: sqlite3.Connection, owner: str) -> None:
    """Give the lease back if this owner holds it."""
    connection.execute("DELETE FROM lease WHERE owner = ?", (owner,))


def _bound(digest: bytes, offset: int) -> bytes:
    """Bind a digest to an offset, or free it again: a record that turns up under another offset is damaged."""
    if len(digest) < _OFFSET_BYTES:
        return digest
    mixed = int.from_bytes(digest[-_OFFSET_BYTES:], "big") ^ (offset % 2**64)
    return digest[:-_OFFSET_BYTES] + mixed.to_bytes(_OFFSET_BYTES, "big")
