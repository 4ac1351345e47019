"""What every spool must do, whatever holds it. A suite for one spool inherits this class and gives the fixture."""

from collections.abc import Sequence

import pytest

from features.domain.errors import InvalidValue, NotFound
from features.spool.contract import Spool, SpooledRecord


def contents(records: Sequence[SpooledRecord]) -> list[bytes]:
    return [record.content for record in records]


def balance(spool: Spool) -> None:
    """Show that the counters agree with each other and with what lies in the spool."""
    counters = spool.counters()
    assert counters.put == counters.done + counters.aside + counters.dropped + counters.pending
    waiting = spool.peek(1_000_000)
    assert counters.pending == len(waiting)
    assert counters.pending_bytes == sum(map(len, contents(waiting)))
    assert counters.aside == len(spool.aside(1_000_000))
    assert (counters.oldest_us is None) == (counters.pending == 0)


class SpoolContract:
    """Inherit it and give a fixture `spool` that opens an empty one."""

    def test_records_come_out_in_the_order_they_went_in(self, spool: Spool) -> None:
        assert spool.put([b"a", b"b"]) < spool.put([b"c"])
        assert contents(spool.peek(10)) == [b"a", b"b", b"c"]
        balance(spool)

    def test_reading_does_not_remove(self, spool: Spool) -> None:
        spool.put([b"a"])
        assert spool.peek(1) == spool.peek(1)

    def test_the_last_offset_is_returned(self, spool: Spool) -> None:
        last = spool.put([b"a", b"b", b"c"])
        assert spool.peek(10)[-1].offset == last
        assert spool.put([]) == last

    def test_empty_and_odd_contents_are_kept_as_they_are(self, spool: Spool) -> None:
        odd = [b"", b"\x00", bytes(range(256)) * 300, "\ud7ff\U0001f600".encode()]
        spool.put(odd)
        assert contents(spool.peek(10)) == odd
        balance(spool)

    def test_done_forgets_up_to_and_with_the_offset(self, spool: Spool) -> None:
        spool.put([b"a", b"b", b"c"])
        second = spool.peek(2)[-1].offset
        spool.done(second)
        spool.done(second)
        assert contents(spool.peek(10)) == [b"c"]
        assert (spool.counters().done, spool.counters().pending) == (2, 1)
        balance(spool)

    def test_done_beyond_the_end_spares_what_comes_later(self, spool: Spool) -> None:
        spool.put([b"a"])
        spool.done(10**30)
        spool.put([b"b"])
        assert contents(spool.peek(10)) == [b"b"]
        balance(spool)

    def test_an_offset_is_never_used_twice(self, spool: Spool) -> None:
        first = spool.put([b"a"])
        spool.done(first)
        assert spool.put([b"b"]) > first

    def test_reading_goes_on_after_an_offset(self, spool: Spool) -> None:
        spool.put([b"a", b"b", b"c"])
        first, second = spool.peek(2)
        assert contents(spool.peek(10, after=first.offset)) == [b"b", b"c"]
        assert contents(spool.peek(1, after=second.offset)) == [b"c"]
        assert spool.peek(1, after=10**30) == []

    def test_a_batch_is_bounded_in_bytes_but_holds_one_record_at_least(self, spool: Spool) -> None:
        spool.put([b"aaaa", b"bb", b"cc"])
        assert contents(spool.peek(10, max_bytes=1)) == [b"aaaa"]
        assert contents(spool.peek(10, max_bytes=6)) == [b"aaaa", b"bb"]
        assert contents(spool.peek(10, max_bytes=8)) == [b"aaaa", b"bb", b"cc"]

    def test_a_record_set_aside_is_out_of_the_way_and_readable(self, spool: Spool) -> None:
        spool.put([b"a", b"bad", b"c"])
        middle = spool.peek(2)[-1].offset
        spool.set_aside(middle, "line 3, column 7: no number")
        spool.set_aside(middle, "again")
        assert contents(spool.peek(10)) == [b"a", b"c"]
        (aside,) = spool.aside(10)
        assert (aside.offset, aside.content, aside.reason) == (middle, b"bad", "line 3, column 7: no number")
        assert spool.aside(10, after=middle) == []
        balance(spool)

    def test_done_leaves_what_is_set_aside(self, spool: Spool) -> None:
        last = spool.put([b"a", b"bad", b"c"])
        spool.set_aside(last - 1, "bad")
        spool.done(last)
        assert [record.content for record in spool.aside(10)] == [b"bad"]
        assert (spool.counters().done, spool.counters().aside) == (2, 1)
        balance(spool)

    def test_a_reason_may_hold_any_character(self, spool: Spool) -> None:
        spool.set_aside(spool.put([b"a"]), "half a pair \ud800, 传感器")
        assert spool.aside(1)[0].reason == "half a pair ?, 传感器"

    def test_a_record_that_does_not_wait_cannot_be_set_aside(self, spool: Spool) -> None:
        last = spool.put([b"a"])
        spool.done(last)
        for offset in (last, last + 1, -1, 10**30):
            with pytest.raises(NotFound, match=str(offset)):
                spool.set_aside(offset, "gone")

    def test_a_restored_record_comes_last_under_a_new_offset(self, spool: Spool) -> None:
        last = spool.put([b"bad", b"b"])
        first = spool.peek(1)[0].offset
        spool.set_aside(first, "bad")
        assert spool.restore(first) > last
        assert contents(spool.peek(10)) == [b"b", b"bad"]
        assert spool.aside(10) == []
        balance(spool)

    def test_only_what_is_set_aside_is_restored_or_dropped(self, spool: Spool) -> None:
        last = spool.put([b"a"])
        for take in (spool.restore, spool.drop):
            with pytest.raises(NotFound, match="set aside"):
                take(last)

    def test_a_dropped_record_is_gone_and_counted(self, spool: Spool) -> None:
        last = spool.put([b"bad"])
        spool.set_aside(last, "bad")
        spool.drop(last)
        assert spool.aside(10) == []
        assert (spool.counters().dropped, spool.counters().aside) == (1, 0)
        balance(spool)

    def test_questions_for_nothing_are_refused(self, spool: Spool) -> None:
        for question in (spool.peek, spool.aside):
            with pytest.raises(InvalidValue, match="at least 1"):
                question(0)

    def test_one_owner_at_a_time_holds_the_lease(self, spool: Spool) -> None:
        assert spool.acquire("one", 60)
        assert spool.acquire("one", 60)
        assert not spool.acquire("two", 60)
        spool.release("two")
        assert not spool.acquire("two", 60)
        spool.release("one")
        assert spool.acquire("two", 60)

    def test_a_lease_ends_by_itself(self, spool: Spool) -> None:
        assert spool.acquire("one", 0)
        assert spool.acquire("two", 60)

    def test_closing_twice_is_allowed(self, spool: Spool) -> None:
        spool.close()
        spool.close()
