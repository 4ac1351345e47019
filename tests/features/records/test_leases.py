from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.records.leases import Leases

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


@pytest.fixture
def leases(records: Engine) -> Leases:
    return Leases(records)


def test_a_lease_has_one_holder_until_its_time_has_run_out(leases: Leases) -> None:
    assert leases.acquire("worker", "a", 10, T0)
    assert not leases.acquire("worker", "b", 10, after(9))
    assert leases.holder("worker", after(9)) == "a"
    assert leases.holder("worker", after(10)) is None
    assert leases.acquire("worker", "b", 10, after(10))
    assert leases.acquire("other", "a", 10, after(10))


def test_the_holder_may_acquire_again(leases: Leases) -> None:
    assert leases.acquire("worker", "a", 10, T0)
    assert leases.acquire("worker", "a", 10, after(5))
    assert leases.holder("worker", after(14)) == "a"


def test_only_the_holder_renews_and_only_in_time(leases: Leases) -> None:
    leases.acquire("worker", "a", 10, T0)
    assert leases.renew("worker", "a", 10, after(9))
    assert not leases.renew("worker", "b", 10, after(9))
    assert not leases.renew("worker", "a", 10, after(19))
    assert not leases.renew("nothing", "a", 10, T0)


def test_only_the_holder_releases(leases: Leases) -> None:
    leases.acquire("worker", "a", 10, T0)
    leases.release("worker", "b")
    assert leases.holder("worker", T0) == "a"
    leases.release("worker", "a")
    assert leases.acquire("worker", "b", 10, T0)


def test_of_many_who_try_at_once_exactly_one_gets_it(leases: Leases) -> None:
    with ThreadPoolExecutor(4) as threads:
        got = list(threads.map(lambda owner: leases.acquire("worker", f"owner-{owner}", 10, T0), range(12)))
    assert got.count(True) == 1


def test_lease_that_ran_out_is_kept_unless_somebody_has_taken_it_since(leases: Leases) -> None:
    leases.acquire("worker", "a", 10, T0)
    assert leases.keep("worker", "a", 10, after(60))
    assert leases.owner("worker") == "a"
    leases.acquire("worker", "b", 10, after(90))
    assert leases.owner("worker") == "b"
    assert not leases.keep("worker", "a", 10, after(190))  # ran out too, but it was another's
    leases.release("worker", "b")
    assert leases.owner("worker") is None
    assert not leases.keep("worker", "a", 10, after(190))
