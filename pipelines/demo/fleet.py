"""The demonstration's fleet: the simulator's own, moved in time so that its newest reading is from now."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from features.domain.events import EventKind
from pipelines.building.build import Progress
from pipelines.simulate.files import write_fleet
from pipelines.simulate.fleet import SimulatedFleet, simulate_fleet
from pipelines.simulate.settings import FleetSettings

_HOUR = timedelta(hours=1)


def write_demo_fleet(folder: Path, settings: FleetSettings, now: datetime, progress: Progress | None = None) -> None:
    """Simulate a fleet and write it as a bring-your-own folder.

    The values are the same on every run; only the dates move with `now`, in whole hours. Its machines go on: nobody
    has stopped to look at them.
    """
    fleet = going_on(simulate_fleet(settings, progress))
    newest = settings.start + timedelta(days=settings.days)
    write_fleet(moved(fleet, (now - newest) // _HOUR * _HOUR), folder, overwrite=True)


def going_on(fleet: SimulatedFleet) -> SimulatedFleet:
    """Return the fleet without the end of the simulator's observation, so that its newest lives are open."""
    is_end = pl.col("kind") == EventKind.END_OF_OBSERVATION.value
    return replace(fleet, events=fleet.events.filter(~is_end))


def moved(fleet: SimulatedFleet, by: timedelta) -> SimulatedFleet:
    """Return the fleet with every time shifted alike."""
    return replace(
        fleet, telemetry=_moved(fleet.telemetry, by), events=_moved(fleet.events, by), assets=_moved(fleet.assets, by)
    )


def _moved(table: pl.DataFrame, by: timedelta) -> pl.DataFrame:
    times = [name for name, dtype in table.schema.items() if isinstance(dtype, pl.Datetime)]
    return table.with_columns(pl.col(times) + by)
