import json
from itertools import islice

import pytest

from features.domain.events import EventKind
from features.domain.time import parse_time
from pipelines.simulate.errors import InvalidFleetSettings
from pipelines.simulate.fleet import simulate_fleet
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS
from pipelines.simulate.stream import stream_fleet

SETTINGS = FleetSettings(pumps=2, days=90)


class Watch:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def test_the_stream_carries_every_row_and_event_of_the_batch() -> None:
    records = [json.loads(line) for line in stream_fleet(SETTINGS, 0)]
    fleet = simulate_fleet(SETTINGS)
    readings = [record for record in records if "signals" in record]
    events = [record for record in records if "event" in record]
    assert [record["asset_id"] for record in readings] == fleet.telemetry["asset_id"].to_list()
    assert [parse_time(record["time"]) for record in readings] == fleet.telemetry["time"].to_list()
    assert [record["event"] for record in events] == fleet.events["kind"].to_list()
    assert list(readings[0]["signals"]) == list(SIGNALS)
    assert {EventKind(record["event"]) for record in events} >= {EventKind.END_OF_OBSERVATION}
    assert set(events[0]) == {"asset_id", "time", "event", "failure_mode", "component", "note"}


def test_the_stream_keeps_the_chosen_pace() -> None:
    watch = Watch()
    lines = stream_fleet(SETTINGS, 3_600.0, clock=watch.clock, wait=watch.wait)
    assert len(list(islice(lines, 200))) == 200
    arrivals = simulate_fleet(SETTINGS).truth.arrivals["arrived_at"]
    expected = (arrivals[199] - arrivals[0]).total_seconds() / 3_600.0
    assert watch.now - 100.0 == pytest.approx(expected, rel=0.05)


def test_at_speed_up_zero_nobody_waits() -> None:
    watch = Watch()
    assert len(list(islice(stream_fleet(SETTINGS, 0, clock=watch.clock, wait=watch.wait), 50))) == 50
    assert watch.now == 100.0


def test_a_negative_speed_up_is_refused_at_once() -> None:
    with pytest.raises(InvalidFleetSettings, match="speed_up"):
        stream_fleet(SETTINGS, -1.0)


def test_arrivals_are_told_where_asked_for_and_lie_in_order() -> None:
    settings = FleetSettings(pumps=2, days=60, path_fault_rate=30.0)
    records = [json.loads(line) for line in stream_fleet(settings, 0, with_arrival=True)]
    arrivals = [parse_time(record["arrived_at"]) for record in records]
    assert arrivals == sorted(arrivals)
    times = [parse_time(record["time"]) for record in records]
    assert times != sorted(times)
