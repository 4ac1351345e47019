"""One pump from its seed to its rows: surroundings, lives, response, instruments, data path."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.domain.events import EventKind
from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.changes.kind import OperationEpisode
from pipelines.simulate.changes.schedule import changed
from pipelines.simulate.defects import Defect, Route, Silence, damage_data, new_draft
from pipelines.simulate.draft import Draft
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.faults.registry import FAULT_KIND_IDS, fault_kinds, known_fault_kind_ids
from pipelines.simulate.instruments.kind import InstrumentEpisode
from pipelines.simulate.instruments.schedule import fail_instruments
from pipelines.simulate.lives import History, Life, live
from pipelines.simulate.machine import Machine, draw_machine
from pipelines.simulate.operation import exposure, operate
from pipelines.simulate.path_faults.kind import PathFault
from pipelines.simulate.path_faults.schedule import damage_path
from pipelines.simulate.response import draw_process_noise, respond
from pipelines.simulate.seeds import Purpose, pump_stream
from pipelines.simulate.sensors import count_running_hours, measure
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import COUNTER
from pipelines.simulate.station import Station, Surroundings, duty_plan
from pipelines.simulate.upkeep import Job, Upkeep, draw_upkeep
from pipelines.simulate.visibility import Twin, Visible, healthy_twin, visible_damage


@dataclass(frozen=True, slots=True)
class Site:
    """A station over time: design and surroundings, faults of its gateway, and when it is run otherwise."""

    station: Station
    surroundings: Surroundings
    silences: tuple[Silence, ...]
    path_faults: tuple[PathFault, ...]
    changes: tuple[OperationEpisode, ...] = ()


@dataclass(frozen=True, slots=True)
class PumpRecord:
    """Everything about one pump: what its maker sees, and the truth.

    Attributes:
        truth: True signals by name, before instruments and data path. Shape (time,).
        clean: What sound instruments deliver, in the order of `SIGNALS`. Shape (time, channel).
        draft: The rows as they arrive.
        jobs: What the plant reports of it, by time.
        defects: What the data path did.
        instrument_faults: What its instruments did.
        changes: When it was run otherwise.
        visible: From when on the damage of each life can be seen.
        scatter: By signal, its scatter in health beside its operating point, in its unit.
    """

    machine: Machine
    station: Station
    history: History
    truth: dict[str, FloatArray]
    clean: FloatArray
    draft: Draft
    jobs: tuple[Job, ...]
    defects: list[Defect]
    instrument_faults: tuple[InstrumentEpisode, ...]
    changes: tuple[OperationEpisode, ...]
    visible: tuple[Visible, ...]
    scatter: Mapping[str, float]


def simulate_pump(settings: FleetSettings, number: int, site: Site) -> PumpRecord:
    """Simulate one pump over the whole observation."""
    slot = number % settings.pumps_per_station
    changes = tuple(each for each in site.changes if each.concerns(slot))
    surroundings = changed(settings, site.surroundings, changes, slot)
    machine = draw_machine(settings.seed, number, slot, site.station, FAULT_KIND_IDS)
    kinds = fault_kinds(settings.fault_kinds)
    upkeep = draw_upkeep(settings, machine, kinds)
    plan = duty_plan(settings, site.station, slot) & surroundings.is_open
    healthy = operate(machine, site.station, surroundings, plan, Effects.none(settings.rows))
    undergone = exposure(machine, surroundings, healthy, settings.step_hours)
    history = live(settings.seed, machine, site.station, kinds, undergone, upkeep.relief)
    truth, twin = _true_signals(settings, machine, site.station, surroundings, history)
    visible = visible_damage(history, truth, twin, settings.step_hours)
    truth[COUNTER] = count_running_hours(
        history.running, machine.prior_hours, upkeep.counter_resets, settings.hours(), settings.step_hours
    )
    rng = pump_stream(settings.seed, number, Purpose.SENSORS)
    sound = measure(rng, truth, upkeep, settings.hours(), settings.step_hours)
    readings, codes, faulty = fail_instruments(settings, number, sound.shown, sound.delivered)
    draft = new_draft(settings, number, readings, codes)
    route = Route(machine.id, settings.days, site.silences)
    defects = damage_data(settings, number, draft, route) if settings.with_defects else []
    defects += damage_path(machine.id, draft, site.path_faults)
    jobs = _jobs(settings, machine, site, history, upkeep, changes)
    return PumpRecord(
        machine,
        site.station,
        history,
        truth,
        sound.delivered,
        draft,
        jobs,
        defects,
        faulty,
        changes,
        visible,
        twin.scatter,
    )


def _true_signals(
    settings: FleetSettings, machine: Machine, station: Station, surroundings: Surroundings, history: History
) -> tuple[dict[str, FloatArray], Twin]:
    step = settings.step_hours
    operation = operate(machine, station, surroundings, history.running, history.effects)
    rng = pump_stream(settings.seed, machine.number, Purpose.PROCESS_NOISE)
    noise = draw_process_noise(rng, settings.rows, step, history.life_of_row)
    truth = respond(machine, surroundings, operation, history.effects, noise, step)
    return truth, healthy_twin(machine, station, surroundings, history.running, noise, step)


def _jobs(
    settings: FleetSettings,
    machine: Machine,
    site: Site,
    history: History,
    upkeep: Upkeep,
    changes: tuple[OperationEpisode, ...],
) -> tuple[Job, ...]:
    """Return everything that the plant reports of the pump, by time."""
    last = float(settings.hours()[-1])
    rng = pump_stream(settings.seed, machine.number, Purpose.REPORTS)
    jobs = [*upkeep.jobs]
    jobs += [Job(begin, EventKind.PLANNED_STOP, None, "station") for begin, _ in site.surroundings.planned_stops]
    for life in history.lives:
        jobs += _end_jobs(rng, life, known_fault_kind_ids(settings.fault_kinds))
    jobs += [job for each in changes if each.is_reported for job in _change_jobs(settings, each)]
    jobs.append(Job(last, EventKind.END_OF_OBSERVATION, None, None))
    return tuple(sorted((job for job in jobs if job.at <= last), key=lambda job: job.at))


def _change_jobs(settings: FleetSettings, change: OperationEpisode) -> list[Job]:
    hours, rows = settings.hours(), change.rows
    jobs = [Job(float(hours[rows.start]), EventKind.RECIPE_CHANGED, None, f"{change.kind} changed")]
    if rows.stop < len(hours):
        jobs.append(Job(float(hours[rows.stop]), EventKind.RECIPE_CHANGED, None, f"{change.kind} as before"))
    return jobs


def _end_jobs(rng: np.random.Generator, life: Life, known: tuple[str, ...]) -> list[Job]:
    """Report the end of a life as a workshop would: now and then without its mode, now and then with a wrong one."""
    dice, other = rng.random(), known[int(rng.integers(len(known)))]
    if life.end is EventKind.PREVENTIVE_REPLACEMENT:
        return [Job(life.ended_at, life.end, None, "replaced by running age")]
    if life.end is not EventKind.FAILURE:
        return []
    found = None if dice < 0.08 else other if dice < 0.12 else life.failure_mode
    return [
        Job(life.ended_at, life.end, life.component if found == life.failure_mode else None, None, found),
        Job(life.back_at, EventKind.REPAIR, None, "overhauled and started"),
    ]
