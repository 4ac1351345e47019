import logging
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from features.domain.errors import Unavailable
from features.spool.contract import SpooledRecord
from features.spool.drain import Drainer, DrainOutcome, DrainPolicy
from features.spool.durable import DurableSpool
from features.spool.errors import PoisonedRecords
from features.spool.limits import SpoolLimits
from tests.features.spool.contract import balance, contents

POLICY = DrainPolicy(batch_records=64, failures_to_open=2, first_pause_seconds=1.0, longest_pause_seconds=8.0)


class HastySpool(DurableSpool):
    """Does not wait for the disk: nothing here is about a crash."""

    settings = (*DurableSpool.settings, "PRAGMA synchronous = OFF")


class Store:
    """Takes everything but what is poison, unless it is told to fail."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.sizes: list[int] = []
        self.failure: Exception | None = None
        self.names_poison = False

    def __call__(self, records: Sequence[SpooledRecord]) -> None:
        self.sizes.append(len(records))
        if self.failure is not None:
            raise self.failure
        poison = {record.offset: "no number" for record in records if record.content.startswith(b"bad")}
        if poison and self.names_poison:
            raise PoisonedRecords(poison)
        if poison:
            raise ValueError("no number")
        self.taken += contents(records)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[DurableSpool]:
    with HastySpool(tmp_path / "spool.sqlite", limits=SpoolLimits(reserve_bytes=0)) as opened:
        yield opened


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def drainer(spool: DurableSpool, store: Store, clock: Clock) -> Drainer:
    return Drainer(spool, store, owner="one", policy=POLICY, clock=clock, sleep=clock.sleep, random=lambda: 1.0)


def drain(drainer: Drainer) -> list[DrainOutcome]:
    outcomes = [drainer.step()]
    while outcomes[-1].pending:
        outcomes.append(drainer.step())
    return outcomes


def test_everything_is_delivered_once_and_in_order(spool: DurableSpool, store: Store, drainer: Drainer) -> None:
    spool.put([b"%d" % number for number in range(150)])
    outcomes = drain(drainer)
    assert [outcome.delivered for outcome in outcomes] == [64, 64, 22]
    assert store.taken == [b"%d" % number for number in range(150)]
    assert spool.counters().done == 150
    assert drainer.step() == DrainOutcome(pause_seconds=POLICY.idle_seconds)


@pytest.mark.parametrize("names_poison", [True, False])
def test_all_good_records_arrive_and_all_bad_ones_are_set_aside(
    spool: DurableSpool, store: Store, drainer: Drainer, names_poison: bool
) -> None:
    store.names_poison, chance = names_poison, random.Random(1)
    put = [b"%s %d" % (b"bad" if chance.random() < 0.05 else b"good", number) for number in range(1500)]
    spool.put(put)
    drain(drainer)
    assert store.taken == [content for content in put if content.startswith(b"good")]
    aside = spool.aside(1000)
    assert [record.content for record in aside] == [content for content in put if content.startswith(b"bad")]
    reason = "no number" if names_poison else "ValueError: no number"
    assert {record.reason for record in aside} == {reason}
    balance(spool)


def test_one_bad_record_in_a_batch_costs_twice_the_logarithm_at_most(
    spool: DurableSpool, store: Store, drainer: Drainer
) -> None:
    for place in range(64):
        store.sizes.clear()
        spool.put([b"bad" if number == place else b"good" for number in range(64)])
        assert drainer.step().aside == 1
        assert len(store.sizes) <= 1 + 2 * 6


def test_a_batch_of_bad_records_ends(spool: DurableSpool, store: Store, drainer: Drainer) -> None:
    spool.put([b"bad"] * 64)
    assert drain(drainer)[-1].aside == 64
    assert store.taken == []
    balance(spool)


@pytest.mark.parametrize("failure", [Unavailable("store", "down"), ConnectionError("cut off"), MemoryError()])
def test_nothing_is_set_aside_because_the_store_is_down(
    spool: DurableSpool, store: Store, drainer: Drainer, clock: Clock, failure: Exception
) -> None:
    spool.put([b"good"] * 100)
    store.failure = failure
    for _ in range(2000):
        outcome = drainer.step()
        assert (outcome.delivered, outcome.aside, outcome.pending) == (0, 0, 100)
        clock.now += 0.3
    assert outcome.waited_seconds == pytest.approx(600, rel=0.01)
    assert len(store.sizes) < 90
    store.failure = None
    clock.now += 8.0
    drain(drainer)
    assert len(store.taken) == 100
    balance(spool)


def test_an_open_breaker_lets_single_probes_through(
    spool: DurableSpool, store: Store, drainer: Drainer, clock: Clock
) -> None:
    spool.put([b"good"] * 100)
    store.failure = Unavailable("store", "down")
    assert drainer.step().pause_seconds == 1.0
    assert drainer.step().reason == "the store is left alone for a while"
    clock.now += 1.0
    outcome = drainer.step()
    assert (outcome.is_open, outcome.pause_seconds) == (True, 2.0)
    clock.now += 2.0
    assert drainer.step().pause_seconds == 4.0
    clock.now += 4.0
    store.failure = None
    outcome = drainer.step()
    assert (outcome.is_open, outcome.delivered) == (False, POLICY.probe_records)
    assert drainer.step().delivered == 64
    assert store.sizes == [64, 64, 1, 1, 64]


def test_an_outage_in_the_middle_of_halving_keeps_what_was_delivered(
    spool: DurableSpool, store: Store, drainer: Drainer, clock: Clock
) -> None:
    spool.put([b"good"] * 40 + [b"bad"] + [b"good"] * 23)
    whole = store.__call__

    def deliver(records: Sequence[SpooledRecord]) -> None:
        if len(store.sizes) >= 3:
            raise Unavailable("store", "down")
        whole(records)

    second = Drainer(spool, deliver, owner="one", policy=POLICY, clock=clock, random=lambda: 1.0)
    outcome = second.step()
    assert (outcome.delivered, outcome.aside, outcome.pending) == (32, 0, 32)
    clock.now += 5.0
    drain(drainer)
    assert len(store.taken) == 63
    assert spool.counters().aside == 1


def test_state_changes_are_logged_once(
    spool: DurableSpool, store: Store, drainer: Drainer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    spool.put([b"good"])
    store.failure = Unavailable("store", "down")
    for _ in range(200):
        drainer.step()
        clock.now += 1.0
    store.failure = None
    clock.now += 8.0
    drainer.step()
    assert [record.message for record in caplog.records] == [
        "the lease of the spool changed hands",
        "the store does not answer",
        "the store answers again",
    ]


def test_who_does_not_hold_the_lease_delivers_nothing(spool: DurableSpool, store: Store, drainer: Drainer) -> None:
    spool.put([b"good"])
    spool.acquire("another", 60)
    outcome = drainer.step()
    assert (outcome.is_leader, outcome.delivered, store.sizes) == (False, 0, [])
    spool.release("another")
    assert drainer.step().delivered == 1


def test_a_lease_lost_in_the_middle_stops_the_delivery(spool: DurableSpool, store: Store, clock: Clock) -> None:
    spool.put([b"good"] * 32 + [b"bad"] + [b"good"] * 31)

    def deliver(records: Sequence[SpooledRecord]) -> None:
        if len(store.sizes) == 1:
            clock.now += 20.0
            spool.release("one")
            spool.acquire("another", 60)
        store(records)

    slow = Drainer(spool, deliver, owner="one", policy=POLICY, clock=clock, random=lambda: 1.0)
    outcome = slow.step()
    assert (outcome.delivered, outcome.aside, outcome.is_leader) == (32, 0, False)
    assert len(store.sizes) == 2


def test_a_drainer_runs_until_it_is_stopped_and_gives_the_lease_back(spool: DurableSpool, store: Store) -> None:
    stop = threading.Event()
    policy = DrainPolicy(idle_seconds=0.01)
    thread = threading.Thread(target=Drainer(spool, store, owner="one", policy=policy).run, args=(stop,))
    thread.start()
    for number in range(20):
        spool.put([b"%d" % number])
    while spool.counters().pending:
        pass
    stop.set()
    thread.join(10)
    assert store.taken == [b"%d" % number for number in range(20)]
    assert spool.acquire("another", 1)


def test_a_spool_that_is_gone_does_not_end_the_run(
    spool: DurableSpool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool.sqlite").rename(tmp_path / "away.sqlite")
    stop, naps = threading.Event(), iter(range(5))

    def sleep(_: float) -> None:
        if next(naps, None) is None:
            stop.set()

    clock = Clock()
    Drainer(spool, Store(), owner="one", policy=POLICY, clock=clock, sleep=sleep).run(stop)
    assert [record.message for record in caplog.records].count("the spool cannot be drained") == 1
