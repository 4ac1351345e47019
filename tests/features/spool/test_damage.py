"""Bytes that change in the file behind the spool's back: never delivered, never passed over in silence."""

import random
from pathlib import Path

import pytest

from features.domain.errors import ServiceError
from features.spool.durable import DAMAGED, DurableSpool
from features.spool.errors import DamagedRecord, SpoolCorrupt
from features.spool.limits import SpoolLimits
from tests.features.spool.contract import balance, contents


class HastySpool(DurableSpool):
    """Does not wait for the disk: what is damaged here was never meant to last."""

    settings = (*DurableSpool.settings, "PRAGMA synchronous = OFF")


LIMITS = SpoolLimits(reserve_bytes=0)
PUT = [b"record %03d " % number + bytes([number]) * (40 + 97 * number) for number in range(80)]


def filled(path: Path) -> bytes:
    with DurableSpool(path, limits=LIMITS) as spool:
        spool.put(PUT)
    return path.read_bytes()


def test_a_damaged_record_is_set_aside_and_the_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    path.write_bytes(filled(path).replace(b"record 007", b"record 107"))
    with DurableSpool(path, limits=LIMITS) as spool:
        assert contents(spool.peek(8)) == PUT[:7] + PUT[8:9]
        assert contents(spool.peek(100)) == PUT[:7] + PUT[8:]
        (aside,) = spool.aside(10)
        assert (aside.content[:10], aside.reason) == (b"record 107", DAMAGED)
        balance(spool)
        with pytest.raises(DamagedRecord, match="looked at") as caught:
            spool.restore(aside.offset)
        assert caught.value.offset == aside.offset
        spool.drop(aside.offset)
        balance(spool)


def test_all_records_damaged_leaves_an_empty_queue(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    path.write_bytes(filled(path).replace(b"record ", b"rekord "))
    with DurableSpool(path, limits=LIMITS) as spool:
        assert spool.peek(1) == []
        assert spool.counters().aside == len(PUT)
        balance(spool)


def test_no_single_damage_anywhere_invents_or_hides_a_record(tmp_path: Path) -> None:
    path, chance = tmp_path / "spool.sqlite", random.Random(20260301)
    sound = filled(path)
    places = [chance.randrange(len(sound)) for _ in range(30)]
    heads = [page + chance.randrange(108 if page == 0 else 40) for page in range(0, 10 * 4096, 4096) for _ in range(6)]
    outcomes = {"whole": 0, "aside": 0, "refused": 0}
    for place in places + heads:
        changed = sound[place] ^ 1 << chance.randrange(8)
        path.write_bytes(sound[:place] + bytes([changed]) + sound[place + 1 :])
        outcomes[outcome_of(path)] += 1
    assert min(outcomes.values()) > 3


def outcome_of(path: Path) -> str:
    """Drain a damaged spool; everything that was put is delivered, set aside or refused aloud."""
    delivered: list[bytes] = []
    try:
        with HastySpool(path, limits=LIMITS) as spool:
            while records := spool.peek(7):
                delivered += contents(records)
                assert set(delivered) <= set(PUT)
                spool.done(records[-1].offset)
            aside = spool.counters().aside
    except ServiceError:
        return "refused"
    finally:
        assert set(delivered) <= set(PUT)
    assert len(delivered) + aside == len(PUT)
    return "aside" if aside else "whole"


def test_damaged_counts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    with DurableSpool(path, limits=LIMITS) as spool:
        spool.put(PUT)
        with spool._file.writing("done") as connection:
            connection.execute("UPDATE totals SET head = 60")
        with pytest.raises(SpoolCorrupt, match="counts are damaged"):
            spool.peek(1)


def test_records_that_vanished_are_missed_after_the_others_were_delivered(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    with DurableSpool(path, limits=LIMITS) as spool:
        spool.put(PUT)
        with spool._file.writing("done") as connection:
            connection.execute("DELETE FROM records WHERE offset IN (3, 80)")
        found = spool.peek(100)
        assert contents(found) == PUT[:2] + PUT[3:79]
        spool.done(found[-1].offset)
        with pytest.raises(SpoolCorrupt, match="2 records that wait cannot be found"):
            spool.peek(100)
