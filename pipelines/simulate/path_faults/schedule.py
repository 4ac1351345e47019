"""When a station's gateway is at fault, and what that does to the rows of one pump behind it."""

import numpy as np

from pipelines.simulate.codes import code_of
from pipelines.simulate.defects import Defect
from pipelines.simulate.draft import Draft
from pipelines.simulate.episodes import draw_count, draw_kind, draw_rows
from pipelines.simulate.path_faults.kind import PathFault, PathKind, Window
from pipelines.simulate.path_faults.registry import path_kinds
from pipelines.simulate.seeds import Purpose, station_stream
from pipelines.simulate.settings import FleetSettings

_ATTEMPTS = 20


def plan_path_faults(settings: FleetSettings, station: int) -> tuple[PathFault, ...]:
    """Draw the faults of a station's gateway, by their beginning; it has one at a time."""
    kinds = path_kinds(settings.path_kinds)
    if not settings.path_fault_rate or not kinds or settings.rows < 2:
        return ()
    rng = station_stream(settings.seed, station, Purpose.PATH_FAULTS)
    planned: list[PathFault] = []
    for _ in range(draw_count(rng, settings.path_fault_rate, settings.days)):
        kind = draw_kind(rng, kinds)
        fault = _fitting(rng, settings, kind, planned)
        if fault is not None:
            planned.append(fault)
    return tuple(sorted(planned, key=lambda fault: fault.begin_us))


def damage_path(asset: str, draft: Draft, faults: tuple[PathFault, ...]) -> list[Defect]:
    """Do a gateway's faults to the rows of one pump and return what happened to them."""
    done = []
    for fault in faults:
        rows = fault.befall(draft, code_of(fault.kind))
        if len(rows):
            measured = draft.measured_us[rows]
            done.append(
                Defect(fault.kind, asset, None, int(measured.min()), int(measured.max()), len(rows), fault.note)
            )
    return done


def _fitting(
    rng: np.random.Generator, settings: FleetSettings, kind: PathKind, planned: list[PathFault]
) -> PathFault | None:
    """Plan a fault that meets no other one; None where every attempt did."""
    times = settings.microseconds_at(settings.hours())
    interval_us = settings.interval_minutes * 60_000_000
    for _ in range(_ATTEMPTS):
        rows = draw_rows(rng, kind.lasts_hours, settings.rows, settings.step_hours)
        begin_us, last_us = int(times[rows.start]), int(times[rows.stop - 1])
        fault = kind.plan(rng, Window(begin_us, last_us + interval_us, int(times[-1]) + interval_us, interval_us))
        if fault is not None and all(
            fault.over_us <= each.begin_us or each.over_us <= fault.begin_us for each in planned
        ):
            return fault
    return None
