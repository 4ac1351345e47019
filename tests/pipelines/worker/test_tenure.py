from collections.abc import Iterator
from pathlib import Path

import pytest

from features.records.database import open_records
from features.records.leases import Leases
from pipelines.errors import WorkerRunning
from pipelines.shards import Shard
from pipelines.worker.tenure import Tenure


@pytest.fixture
def leases(tmp_path: Path) -> Iterator[Leases]:
    engine = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    yield Leases(engine)
    engine.dispose()


def tenure(leases: Leases, shard: str, owner: str = "one", seconds: float = 30.0) -> Tenure:
    return Tenure(leases, Shard.parse(shard), owner, seconds)


def test_shares_of_one_number_work_beside_one_another_and_each_once(leases: Leases) -> None:
    for number in range(3):
        tenure(leases, f"{number}/3").take()
    with pytest.raises(WorkerRunning, match="1/3"):
        tenure(leases, "1/3", "two").take()
    tenure(leases, "1/3").take()  # its own


@pytest.mark.parametrize(("there", "newcomer"), [("0/1", "0/2"), ("1/2", "0/1"), ("0/2", "1/4")])
def test_another_number_of_shares_is_refused_until_all_of_the_first_have_ended(
    leases: Leases, there: str, newcomer: str
) -> None:
    first, second = tenure(leases, there), tenure(leases, newcomer, "two")
    first.take()
    with pytest.raises(WorkerRunning, match="same number"):
        second.take()
    first.take()  # and the attempt left no trace
    first.release()
    second.take()
    with pytest.raises(WorkerRunning, match="same number"):
        first.take()


def test_worker_that_slept_past_its_lease_finds_that_the_shares_have_changed(leases: Leases) -> None:
    slept = tenure(leases, "0/1", seconds=0.0)
    slept.take()
    tenure(leases, "0/2", "two").take()
    with pytest.raises(WorkerRunning, match="same number"):
        slept.take()
    tenure(leases, "0/2", "two").take()


def test_who_was_overtaken_may_neither_write_nor_begin_again_though_nobody_works_now(leases: Leases) -> None:
    slept = tenure(leases, "0/1", seconds=0.0)
    slept.take()
    slept.confirm()  # it ran out, but nobody else came
    other = tenure(leases, "0/1", "two")
    other.take()
    with pytest.raises(WorkerRunning, match="has taken it"):
        slept.confirm()
    other.release()
    for again in (slept.confirm, slept.take):
        with pytest.raises(WorkerRunning, match="has taken it"):
            again()
    tenure(leases, "0/1", "three").take()


def test_who_was_overtaken_by_another_number_of_shares_may_not_write(leases: Leases) -> None:
    slept = tenure(leases, "0/1", seconds=0.0)
    slept.take()
    tenure(leases, "1/2", "two").take()
    with pytest.raises(WorkerRunning, match="same number"):
        slept.confirm()


@pytest.mark.parametrize(("before", "since"), [("0/1", "1/2"), ("1/2", "0/1"), ("0/2", "3/4")])
def test_who_was_overtaken_by_another_number_of_shares_stays_so_after_these_have_ended(
    leases: Leases, before: str, since: str
) -> None:
    slept = tenure(leases, before, seconds=0.0)
    slept.take()
    other = tenure(leases, since, "two")
    other.take()
    other.release()
    for again in (slept.confirm, slept.take):
        with pytest.raises(WorkerRunning, match="has taken it"):
            again()
    tenure(leases, before, "three").take()


def test_worker_that_begins_leaves_those_beside_it_their_shares(leases: Leases) -> None:
    slept = tenure(leases, "0/2", seconds=0.0)
    slept.take()
    tenure(leases, "1/2", "two").take()
    slept.confirm()
    slept.take()
