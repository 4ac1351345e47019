from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from features.quality.verdicts import Namur, Verdict
from features.records.arrivals import LATE_BOUNDS
from features.records.signal_states import SignalState
from serving.points import abnormal_points, age_of, count_abnormal, read_quality, usual_lateness
from tests.serving.fake_readings import FakeArrivals
from tests.serving.fakes import LOCAL, NOW, RIVAL, asset, fleet_house, pump_pack, small_house

P01 = asset("p-01").id
WEEK = timedelta(days=7)


def arrivals(*late: tuple[int, ...]) -> FakeArrivals:
    made = FakeArrivals()
    for number, each in enumerate(late):
        made.put(LOCAL, P01, f"way-{number}", late=each)
    return made


def test_the_usual_lateness_is_that_of_nineteen_in_twenty() -> None:
    assert usual_lateness(arrivals((95, 5, 0, 0, 0, 0, 0)).counts) == (timedelta(minutes=1), 100)
    assert usual_lateness(arrivals((94, 6, 0, 0, 0, 0, 0)).counts) == (timedelta(minutes=10), 100)
    assert usual_lateness(arrivals((50, 0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0, 50)).counts) == (None, 100)


def test_of_life_counts_no_lateness_is_known() -> None:
    assert usual_lateness(arrivals((0,) * 7).counts) is None


@given(st.lists(st.integers(0, 50), min_size=7, max_size=7))
def test_at_least_that_share_arrived_in_time(late: list[int]) -> None:
    usual = usual_lateness(arrivals(tuple(late)).counts)
    assert (usual is None) == (sum(late) == 0)
    if usual is not None and usual[0] is not None:
        within = sum(late[: LATE_BOUNDS.index(usual[0]) + 1])
        assert within >= 0.95 * sum(late)
        assert within - late[LATE_BOUNDS.index(usual[0])] < 0.95 * sum(late)


def test_failures_come_first_then_the_order_of_the_pack() -> None:
    states = {
        name: SignalState(name, namur, Verdict.FLAT, NOW)
        for name, namur in (
            ("seal_temperature", Namur.FAILURE),
            ("speed", Namur.MAINTENANCE_REQUIRED),
            ("flow", Namur.FAILURE),
            ("motor_current", Namur.NORMAL),
        )
    }
    found = [signal.id for signal, _ in abnormal_points(pump_pack(), states)]
    assert found == ["flow", "seal_temperature", "speed"]


def test_counts_are_of_one_tenant() -> None:
    made = fleet_house(2)
    counts = count_abnormal(made.parts(), LOCAL)
    assert {asset: count for asset, count in counts.items() if count} == {asset("p-001").id: 5}
    assert count_abnormal(made.parts(), RIVAL) == {}


def test_readings_after_the_last_forecast_are_looked_at_too() -> None:
    made = small_house()
    made.telemetry.last = NOW
    made.telemetry.spoil("speed", [335], Verdict.SPIKE, 1.0)
    made.arrivals.put(LOCAL, P01, "http", newest=NOW)
    quality = read_quality(made.parts(), LOCAL, P01, WEEK)
    assert quality.newest == NOW
    assert quality.points[0].suspect == {Verdict.SPIKE: 1}


def test_an_age_is_never_negative() -> None:
    assert age_of(small_house().parts(), NOW + timedelta(minutes=2)) == timedelta()
