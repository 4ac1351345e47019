"""The lives of one pump: faults race each other and the calendar of replacements; each end begins a new life."""

from dataclasses import dataclass, replace

import numpy as np

from features.domain.events import EventKind
from pipelines.simulate.arrays import BoolArray, FloatArray, IntArray
from pipelines.simulate.faults.effects import Effects
from pipelines.simulate.faults.kind import Course, Exposure, FaultKind, draw_course
from pipelines.simulate.machine import Machine
from pipelines.simulate.seeds import Purpose, pump_stream
from pipelines.simulate.station import Station


@dataclass(frozen=True, slots=True)
class FaultCourse:
    """Truth of one kind of fault in one life.

    Attributes:
        onset_at: Hours since the start at which damage began; None where the life ended before.
        damage_at_end: Damage when the life ended.
    """

    kind: str
    onset_at: float | None
    damage_at_end: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Life:
    """Truth of one life.

    Attributes:
        number: 0 for the first.
        first_row: Its first row.
        stop_row: The row after its last.
        started_at: Hours since the start; below 0 for a life that began before the observation.
        ended_at: Hours since the start.
        back_at: When the machine could run again.
        end: What ended it.
        failure_mode: The kind that ended it, if it was a failure.
        component: What failed.
        was_early: Whether it failed below its threshold, by chance.
        running_hours: Its running age at the end.
    """

    number: int
    first_row: int
    stop_row: int
    started_at: float
    ended_at: float
    back_at: float
    end: EventKind
    failure_mode: str | None
    component: str | None
    was_early: bool
    running_hours: float
    courses: tuple[FaultCourse, ...]


@dataclass(frozen=True, slots=True)
class History:
    """All lives of one pump, and what its faults did over time.

    Attributes:
        running: Whether it ran. Shape (time,).
        life_of_row: Number of the life each row belongs to. Shape (time,).
        damage: Per kind, shape (time,); 0 in the downtime after a failure.
    """

    lives: tuple[Life, ...]
    running: BoolArray
    life_of_row: IntArray
    damage: dict[str, FloatArray]
    effects: Effects


@dataclass(frozen=True, slots=True)
class _Ending:
    row: int
    kind: FaultKind | None
    was_early: bool
    is_replacement: bool


def live(
    seed: int,
    machine: Machine,
    station: Station,
    kinds: tuple[FaultKind, ...],
    exposure: Exposure,
    relief: dict[str, FloatArray],
) -> History:
    """Run a pump through its lives until the observation ends.

    Args:
        seed: Root of the random streams.
        machine: The pump.
        station: Its station, for the replacement policy.
        kinds: The kinds that may occur.
        exposure: What it goes through, as planned: stops of its own making are not in it yet.
        relief: Per kind, the share of symptoms that small repairs leave. Shape (time,).
    """
    rows = len(exposure.running_hours)
    running = exposure.running_hours > 0
    life_of_row = np.zeros(rows, dtype=np.int64)
    damage = {kind.id: np.zeros(rows) for kind in kinds}
    effects = Effects.none(rows)
    lives: list[Life] = []
    first, started_at = 0, -machine.prior_hours / max(float(running.mean()), 0.2)
    while first < rows:
        number = len(lives)
        ahead = exposure.between(first, rows)
        if number:
            ahead = replace(ahead, prior_hours=0.0)
        courses = {kind.id: _course(seed, machine, kind, number, ahead) for kind in kinds}
        paths = {kind.id: kind.damage(courses[kind.id], ahead) for kind in kinds}
        ending = _ending(station, kinds, courses, paths, ahead)
        stop = first + ending.row
        life = _close(seed, machine, number, first, started_at, ending, ahead, courses, paths)
        for kind in kinds:
            damage[kind.id][first:stop] = paths[kind.id][: ending.row]
            short, eased = ahead.between(0, ending.row), relief[kind.id][first:stop]
            course = replace(courses[kind.id], pace=courses[kind.id].pace[: ending.row])
            effects = effects.added(kind.effects(course, short, paths[kind.id][: ending.row], eased), first, stop)
        lives.append(life)
        life_of_row[first:] = number
        back = min(max(int(np.ceil(life.back_at / exposure.step_hours)), stop), rows)
        running[stop:back] = False
        life_of_row[stop:] = number + 1
        first, started_at = (back, life.ended_at) if stop < rows else (rows, life.ended_at)
    return History(tuple(lives), running, life_of_row, damage, effects)


def _course(seed: int, machine: Machine, kind: FaultKind, number: int, ahead: Exposure) -> Course:
    rng = pump_stream(seed, machine.number, Purpose.LIFE, number, kind.id)
    return draw_course(rng, kind.ageing, ahead, machine.frailty[kind.id])


def _ending(
    station: Station,
    kinds: tuple[FaultKind, ...],
    courses: dict[str, Course],
    paths: dict[str, FloatArray],
    ahead: Exposure,
) -> _Ending:
    """Find the first row at which the life is over: a failure, a replacement, or the end of the rows."""
    rows = len(ahead.running_hours)
    best = _Ending(rows, None, was_early=False, is_replacement=False)
    for kind in (each for each in kinds if each.ends_life):
        course, path = courses[kind.id], paths[kind.id]
        rate = kind.ageing.hazard_per_hour * np.square(path / course.threshold) * ahead.running_hours
        worn, unlucky = _first(path >= course.threshold), _first(np.cumsum(rate) >= course.luck)
        row = max(min(worn, unlucky), 1)
        if row < best.row:
            best = _Ending(row, kind, was_early=unlucky < worn, is_replacement=False)
    if station.replacement_age_hours is not None:
        age = ahead.prior_hours + np.cumsum(ahead.running_hours)
        row = max(_first(age >= station.replacement_age_hours), 1)
        if row < best.row:
            best = _Ending(row, None, was_early=False, is_replacement=True)
    return best


def _close(
    seed: int,
    machine: Machine,
    number: int,
    first: int,
    started_at: float,
    ending: _Ending,
    ahead: Exposure,
    courses: dict[str, Course],
    paths: dict[str, FloatArray],
) -> Life:
    rng = pump_stream(seed, machine.number, Purpose.UPKEEP, number, "end")
    step, last = ahead.step_hours, ending.row - 1
    is_observed = ending.kind is not None or ending.is_replacement
    ended_at = (first + last) * step + (float(rng.uniform(0.02, 0.98)) * step if is_observed else 0.0)
    end, downtime = _end_of(ending, rng)
    return Life(
        number=number,
        first_row=first,
        stop_row=first + ending.row,
        started_at=started_at,
        ended_at=ended_at,
        back_at=ended_at + downtime,
        end=end,
        failure_mode=ending.kind.id if ending.kind else None,
        component=ending.kind.component if ending.kind else None,
        was_early=ending.was_early,
        running_hours=ahead.prior_hours + float(ahead.running_hours[: ending.row].sum()),
        courses=tuple(
            FaultCourse(name, _onset(paths[name], first, ending.row, step), float(paths[name][last]), course.threshold)
            for name, course in courses.items()
        ),
    )


def _end_of(ending: _Ending, rng: np.random.Generator) -> tuple[EventKind, float]:
    if ending.kind is not None:
        return EventKind.FAILURE, float(rng.uniform(24.0, 120.0))
    if ending.is_replacement:
        return EventKind.PREVENTIVE_REPLACEMENT, float(rng.uniform(6.0, 24.0))
    return EventKind.END_OF_OBSERVATION, 0.0


def _onset(path: FloatArray, first: int, stop: int, step_hours: float) -> float | None:
    row = _first(path[:stop] > 0)
    return (first + row) * step_hours if row < stop else None


def _first(condition: BoolArray) -> int:
    """Return the first row at which the condition holds, or the number of rows where it never does."""
    row = int(np.argmax(condition))
    return row if condition[row] else len(condition)
