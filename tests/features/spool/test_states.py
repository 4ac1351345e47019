"""Any order of calls, against a model in memory."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from features.spool.contract import SpoolCounters
from features.spool.durable import DurableSpool
from features.spool.errors import NoSuchRecord, SpoolBusy
from features.spool.limits import SpoolLimits

MAX_BYTES = 20_000
LIMITS = SpoolLimits(max_pending_bytes=MAX_BYTES, reserve_bytes=0)
batches = st.lists(st.builds(lambda word, times: word * times, st.binary(max_size=9), st.integers(0, 900)), max_size=4)
places = st.integers(-1, 60)


class HastySpool(DurableSpool):
    """Does not wait for the disk: nothing here is about a crash."""

    settings = (*DurableSpool.settings, "PRAGMA synchronous = OFF")


class SpoolStates(RuleBasedStateMachine):
    """What a spool holds is what a dictionary of offsets would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.spool = self.opened()
        self.pending: dict[int, bytes] = {}
        self.kept: dict[int, bytes] = {}
        self.taken = self.size = self.delivered = self.dropped = self.refused = self.last = 0

    def opened(self) -> DurableSpool:
        return HastySpool(self.folder / "spool.sqlite", limits=LIMITS, clock=lambda: 1.0)

    @rule(contents=batches)
    def put(self, contents: list[bytes]) -> None:
        size = sum(map(len, contents))
        if sum(map(len, self.pending.values())) + size > MAX_BYTES and contents:
            self.refused += len(contents)
            try:
                self.spool.put(contents)
            except SpoolBusy:
                return
            raise AssertionError("more was taken than may wait")
        for content in contents:
            self.last += 1
            self.pending[self.last] = content
        assert self.spool.put(contents) == self.last
        self.taken, self.size = self.taken + len(contents), self.size + size

    @rule(limit=st.integers(1, 9), after=places, max_bytes=st.none() | st.integers(0, 5000))
    def peek(self, limit: int, after: int, max_bytes: int | None) -> None:
        expected: list[tuple[int, bytes]] = []
        for offset in sorted(offset for offset in self.pending if offset > after)[:limit]:
            size = sum(len(content) for _, content in expected) + len(self.pending[offset])
            if expected and max_bytes is not None and size > max_bytes:
                break
            expected.append((offset, self.pending[offset]))
        found = self.spool.peek(limit, after=after, max_bytes=max_bytes)
        assert [(record.offset, record.content) for record in found] == expected

    @rule(offset=places)
    def done(self, offset: int) -> None:
        self.spool.done(offset)
        for each in [each for each in self.pending if each <= offset]:
            del self.pending[each]
            self.delivered += 1

    @rule(offset=places)
    def set_aside(self, offset: int) -> None:
        try:
            self.spool.set_aside(offset, "why")
        except NoSuchRecord:
            assert offset not in self.pending
            assert offset not in self.kept
        if offset in self.pending:
            self.kept[offset] = self.pending.pop(offset)

    @rule(offset=places)
    def restore(self, offset: int) -> None:
        try:
            found = self.spool.restore(offset)
        except NoSuchRecord:
            assert offset not in self.kept
        else:
            self.last += 1
            assert found == self.last
            self.pending[found] = self.kept.pop(offset)

    @rule(offset=places)
    def drop(self, offset: int) -> None:
        try:
            self.spool.drop(offset)
        except NoSuchRecord:
            assert offset not in self.kept
        else:
            del self.kept[offset]
            self.dropped += 1

    @rule()
    def reopen(self) -> None:
        self.spool.close()
        self.spool, self.refused = self.opened(), 0

    @invariant()
    def the_counters_are_those_of_the_model(self) -> None:
        assert self.spool.counters() == SpoolCounters(
            put=self.taken,
            put_bytes=self.size,
            done=self.delivered,
            aside=len(self.kept),
            dropped=self.dropped,
            pending=len(self.pending),
            pending_bytes=sum(map(len, self.pending.values())),
            refused=self.refused,
            oldest_us=1_000_000 if self.pending else None,
        )

    @invariant()
    def what_is_set_aside_can_be_read(self) -> None:
        found = self.spool.aside(100)
        assert [(record.offset, record.content) for record in found] == sorted(self.kept.items())

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder)


TestSpoolStates = SpoolStates.TestCase
TestSpoolStates.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
