"""Reading the beginning of the queue, around whatever is damaged in it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field

from features.spool import tables
from features.spool.checksum import Checksum
from features.spool.contract import SpooledRecord
from features.spool.errors import SpoolCorrupt
from features.spool.file import SpoolFile
from features.spool.totals import read_totals


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is to be read.

    Attributes:
        limit: Sound records at most.
        after: Their offsets lie above it.
        max_bytes: Their contents beyond the first one, bytes at most; None for any.
    """

    limit: int
    after: int
    max_bytes: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What was read.

    Attributes:
        sound: Records that hold what was put.
        damaged: Offsets of records among them that do not.
    """

    sound: list[SpooledRecord] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)


def read_waiting(file: SpoolFile, checksum: Checksum, wanted: Wanted) -> Found:
    """Read waiting records, up to the first place in the file that cannot be read at all.

    Raises:
        SpoolCorrupt: If the file cannot be read from the very first record on, or records that wait are not in it.
    """
    found = Found()
    try:
        with file.reading() as connection:
            _read_into(found, connection, checksum, wanted)
    except SpoolCorrupt:
        if not found.sound:
            raise
    return found


def _read_into(found: Found, connection: sqlite3.Connection, checksum: Checksum, wanted: Wanted) -> None:
    totals, size = read_totals(connection), 0
    with closing(tables.waiting(connection, max(min(wanted.after, totals.last) + 1, totals.head))) as rows:
        for row in rows:
            if not checksum.holds(row.content, row.digest):
                found.damaged.append(row.offset)
                continue
            size += len(row.content)
            if found.sound and wanted.max_bytes is not None and size > wanted.max_bytes:
                return
            found.sound.append(SpooledRecord(row.offset, row.content))
            if len(found.sound) == wanted.limit:
                return
    missing = totals.pending - len(found.damaged)
    if wanted.after < totals.head and not found.sound and missing > 0:
        raise SpoolCorrupt(f"{missing} records that wait cannot be found")
