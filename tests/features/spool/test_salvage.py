from pathlib import Path

import pytest

from features.spool.durable import DurableSpool
from features.spool.errors import SpoolCorrupt, SpoolUnavailable
from features.spool.limits import SpoolLimits
from features.spool.salvage import Salvaged, salvage
from tests.features.spool.contract import contents

LIMITS = SpoolLimits(reserve_bytes=0)
PUT = [b"record %03d " % number + bytes(900) for number in range(100)]


def test_what_can_be_read_of_a_damaged_spool_is_put_into_another(tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite"
    with DurableSpool(old, limits=LIMITS) as spool:
        spool.put(PUT)
        spool.set_aside(4, "bad")
        spool.done(2)
    raw = bytearray(old.read_bytes().replace(b"record 011", b"record 111"))
    leaf = raw.index(b"record 050") // 4096 * 4096
    raw[leaf] ^= 0xFF  # the kind of the page
    old.write_bytes(raw)
    with DurableSpool(tmp_path / "new.sqlite", limits=LIMITS) as new:
        found = salvage(old, new)
        assert (found.aside, found.damaged) == (1, 1)
        assert 1 <= found.unreadable <= 4
        assert found == Salvaged(96 - found.unreadable, 1, 1, found.unreadable)
        read = contents(new.peek(1000))
        assert read == [content for content in PUT if content in read]
        assert [(each.content, each.reason) for each in new.aside(10)] == [(PUT[3], "bad")]


def test_a_file_that_is_not_there_or_no_spool_cannot_be_salvaged(tmp_path: Path) -> None:
    (tmp_path / "letter").write_bytes(b"dear grandmother\n" * 1000)
    with DurableSpool(tmp_path / "new.sqlite", limits=LIMITS) as new:
        with pytest.raises(SpoolUnavailable, match="is no file"):
            salvage(tmp_path / "nothing", new)
        with pytest.raises(SpoolCorrupt, match="not a database"):
            salvage(tmp_path / "letter", new)
