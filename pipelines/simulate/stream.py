"""A fleet as a live stream: readings and events as JSON lines, in the order in which they arrive."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from features.domain.time import format_time
from pipelines.simulate.errors import InvalidFleetSettings
from pipelines.simulate.fleet import SimulatedFleet, simulate_fleet
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS

_CHUNK_ROWS = 5_000

_Record = tuple[datetime, dict[str, object]]


def stream_fleet(
    settings: FleetSettings,
    speed_up: float,
    *,
    with_arrival: bool = False,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """Yield the fleet's records as JSON lines at a chosen speed-up.

    A reading that is not finite is written as `NaN` or `Infinity`, as gateways in the field do, although strict JSON
    has no such words.

    Args:
        settings: Which fleet.
        speed_up: Simulated seconds per second; 0 is as fast as possible.
        with_arrival: Whether every record says when it arrived, under `arrived_at`: for whoever scores. Ingest
            refuses such records, since nothing in the field knows it.
        clock: Tells the seconds that have passed.
        wait: Waits some seconds.

    Raises:
        InvalidFleetSettings: If `speed_up` is negative.
    """
    if not speed_up >= 0:
        raise InvalidFleetSettings(
            "speed_up", must="be 0 or more", found=speed_up, remedy="Use 0 for as fast as possible."
        )
    records = _records(simulate_fleet(settings))
    if with_arrival:
        records = ((arrived_at, {**record, "arrived_at": format_time(arrived_at)}) for arrived_at, record in records)
    return _paced(records, speed_up, clock, wait)


def _paced(
    records: Iterator[_Record],
    speed_up: float,
    clock: Callable[[], float],
    wait: Callable[[float], None],
) -> Iterator[str]:
    begun, first = clock(), None
    for arrived_at, record in records:
        first = first or arrived_at
        if speed_up:
            ahead = (arrived_at - first).total_seconds() / speed_up - (clock() - begun)
            if ahead > 0:
                wait(ahead)
        yield json.dumps(record)


def _records(fleet: SimulatedFleet) -> Iterator[_Record]:
    """Merge readings and events by arrival."""
    events = _events(fleet)
    waiting = next(events, None)
    for arrived_at, record in _readings(fleet):
        while waiting is not None and waiting[0] <= arrived_at:
            yield waiting
            waiting = next(events, None)
        yield arrived_at, record
    while waiting is not None:
        yield waiting
        waiting = next(events, None)


def _readings(fleet: SimulatedFleet) -> Iterator[_Record]:
    table = fleet.telemetry.with_columns(fleet.truth.arrivals["arrived_at"])
    for chunk in table.iter_slices(_CHUNK_ROWS):
        for row in chunk.iter_rows(named=True):
            signals = {signal: row[signal] for signal in SIGNALS}
            yield row["arrived_at"], {"asset_id": row["asset_id"], "time": format_time(row["time"]), "signals": signals}


def _events(fleet: SimulatedFleet) -> Iterator[_Record]:
    table = fleet.events.with_columns(fleet.truth.event_arrivals["arrived_at"])
    for row in table.rename({"kind": "event"}).iter_rows(named=True):
        arrived_at = row.pop("arrived_at")
        yield arrived_at, {**row, "time": format_time(row["time"])}
