"""Upkeep beside the ends of lives: small repairs, inspections, replaced instruments, counters that start anew."""

from dataclasses import dataclass

import numpy as np

from features.domain.events import EventKind
from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.faults.kind import FaultKind
from pipelines.simulate.machine import Machine
from pipelines.simulate.seeds import Purpose, pump_stream
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SENSORS

_INSPECTION_HOURS, _INSTRUMENT_HOURS, _CONTROLLER_HOURS = 1_700.0, 9_000.0, 16_000.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something done to a machine at a moment, in hours since the start."""

    at: float
    kind: EventKind
    component: str | None
    note: str | None
    failure_mode: str | None = None


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What is done to one pump beside its overhauls.

    Attributes:
        jobs: Small repairs, inspections, replaced instruments and controllers, by time.
        relief: Per fault kind, the share of symptoms that small repairs leave. Shape (time,).
        instrument_changes: Moments and signals at which an instrument was replaced.
        counter_resets: Moments at which the running-hours counter started anew.
    """

    jobs: tuple[Job, ...]
    relief: dict[str, FloatArray]
    instrument_changes: tuple[tuple[float, str], ...]
    counter_resets: tuple[float, ...]


def draw_upkeep(settings: FleetSettings, machine: Machine, kinds: tuple[FaultKind, ...]) -> Upkeep:
    """Draw the upkeep of a pump; it follows the calendar, not the state of the machine."""
    hours = settings.hours()
    jobs: list[Job] = []
    relief: dict[str, FloatArray] = {}
    for kind in kinds:
        rng = pump_stream(settings.seed, machine.number, Purpose.UPKEEP, name=kind.id)
        repair = kind.minor_repair
        relief[kind.id] = np.ones(len(hours))
        for at in _moments(rng, repair.every_hours, hours[-1]):
            jobs.append(Job(at, EventKind.REPAIR, repair.component, repair.note))
            since = np.maximum(hours - at, 0.0)
            eased = 1.0 - repair.relief * np.exp(-since / repair.lasts_hours)
            relief[kind.id] = relief[kind.id] * np.where(hours >= at, eased, 1.0)
    rng = pump_stream(settings.seed, machine.number, Purpose.UPKEEP)
    jobs += [Job(at, EventKind.INSPECTION, None, "round") for at in _moments(rng, _INSPECTION_HOURS, hours[-1])]
    changes = tuple(
        (at, SENSORS[int(rng.integers(len(SENSORS)))]) for at in _moments(rng, _INSTRUMENT_HOURS, hours[-1])
    )
    jobs += [Job(at, EventKind.SENSOR_REPLACED, signal, "instrument replaced") for at, signal in changes]
    resets = _moments(rng, _CONTROLLER_HOURS, hours[-1])
    jobs += [Job(at, EventKind.INSPECTION, "controller", "controller replaced") for at in resets]
    return Upkeep(tuple(sorted(jobs, key=lambda job: job.at)), relief, changes, resets)


def _moments(rng: np.random.Generator, mean_hours: float, until: float) -> tuple[float, ...]:
    moments: list[float] = []
    at = float(rng.uniform(0.1, 1.0)) * mean_hours
    while at < until:
        moments.append(at)
        at += mean_hours * float(rng.uniform(0.5, 1.5))
    return tuple(moments)
