"""Simulated pumps in memory, cut as a replay reads them."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from features.domain.events import EventKind, LifeEpoch
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.packs import Pack
from features.domain.time import from_microseconds
from features.packs.loader import load_pack
from features.transforms.batch import LifeRows
from features.transforms.specification import pack_signals
from models.condition.alarms.budget import AlarmBudget
from pipelines.alarms.machines import Machines
from pipelines.alarms.order import ReplayOrder
from pipelines.building.tracks import LifeTrack
from pipelines.simulate.scored import scored_pump
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS

DAY = 86_400.0
BUDGET = AlarmBudget(50.0)
ORDER = ReplayOrder(BUDGET, margin=0.0)


def pack() -> Pack:
    return load_pack("pump")


@cache
def pumps(count: int = 6, days: int = 56) -> Machines:
    """Healthy pumps behind one gateway, a row every two hours."""
    settings = FleetSettings(
        pumps=count, days=days, interval_minutes=120, fault_kinds=(), with_defects=False, pumps_per_station=count
    )
    signals = pack_signals(pack())
    tracks = []
    for number in range(count):
        pump = scored_pump(settings, number)
        values: NDArray[np.float64] = pump.values[:, [SIGNALS.index(name) for name in signals]]
        epoch = LifeEpoch(DEFAULT_TENANT, AssetId(pump.asset), 0, from_microseconds(int(pump.time_us[0])), None, None)
        tracks.append(LifeTrack(epoch, pump.time_us, LifeRows(pump.time_us / 1e6, values)))
    return Machines(tracks, gateway_by_asset={str(track.epoch.asset): "station" for track in tracks})


def with_rows(machines: Machines, kept: NDArray[np.bool_]) -> Machines:
    tracks = [
        LifeTrack(each.epoch, each.time_us[kept], LifeRows(each.rows.time[kept], each.rows.values[kept]))
        for each in machines.tracks
    ]
    return replace(machines, tracks=tracks)


def with_fault(machines: Machines, place: int, from_day: float, to_day: float, by: float = 30.0) -> Machines:
    """Heat one pump's winding for some days."""
    tracks = list(machines.tracks)
    track, column = tracks[place], pack_signals(pack()).index("winding_temperature")
    values, days = track.rows.values.copy(), (track.rows.time - track.rows.time[0]) / DAY
    values[(days >= from_day) & (days < to_day), column] += by
    tracks[place] = LifeTrack(track.epoch, track.time_us, LifeRows(track.rows.time, values))
    return replace(machines, tracks=tracks)


def ended(machines: Machines, place: int, day: float, end: EventKind) -> Machines:
    """End one pump's life on a day."""
    tracks = list(machines.tracks)
    track = tracks[place]
    at = track.epoch.started_at + timedelta(days=day)
    kept = track.rows.time <= at.timestamp()
    epoch = replace(track.epoch, ended_at=at, end=end)
    tracks[place] = LifeTrack(epoch, track.time_us[kept], LifeRows(track.rows.time[kept], track.rows.values[kept]))
    return replace(machines, tracks=tracks)
