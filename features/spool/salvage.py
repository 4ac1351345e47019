"""Taking out of a damaged spool what can still be read; the damaged file is left as it is."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from features.spool import tables
from features.spool.checksum import Blake2Checksum, Checksum
from features.spool.contract import Spool
from features.spool.errors import SpoolUnavailable
from features.spool.faults import translated


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of the records of a damaged spool.

    Attributes:
        waiting: Sound records that wait in the other spool now.
        aside: Sound records that are set aside in the other spool now, with their reasons.
        damaged: Records whose checksum does not fit; they remain in the damaged file alone.
        unreadable: Offsets that could not be read at all; each may have been a record, or already forgotten.
    """

    waiting: int = 0
    aside: int = 0
    damaged: int = 0
    unreadable: int = 0


_CHECKSUM = Blake2Checksum()


def salvage(damaged: Path, into: Spool, *, checksum: Checksum = _CHECKSUM) -> Salvaged:
    """Put every sound record of a damaged spool, which nobody has open, into another one, in order.

    What was delivered from the damaged spool but not yet forgotten is delivered again. Done twice, it puts twice.

    Raises:
        SpoolUnavailable: If there is no such file.
        SpoolCorrupt: If nothing at all can be read.
    """
    if not damaged.is_file():
        raise SpoolUnavailable(f"{damaged} is no file")
    waiting = aside = broken = unreadable = 0
    with translated(damaged), closing(sqlite3.connect(damaged, isolation_level=None)) as connection:
        first, last = tables.extent(connection)
        for offset in range(first, last + 1):
            try:
                row, reason = tables.any_row(connection, offset)
            except sqlite3.DatabaseError:
                unreadable += 1
                continue
            if row is None:
                continue
            if not checksum.holds(row.content, row.digest):
                broken += 1
                continue
            place = into.put([row.content])
            if reason is None:
                waiting += 1
            else:
                into.set_aside(place, reason)
                aside += 1
    return Salvaged(waiting, aside, broken, unreadable)
