"""The two trials of the spool: planted faults first, then the product as it is."""

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence

from experiments.faults.crew import Document, counting, run_crew
from experiments.faults.damage import damage
from experiments.faults.mutants import SEEN_BY_DAMAGE, SEEN_BY_KILLS, SEEN_BY_POWER
from experiments.faults.results import KillResult, PowerResult
from features.spool.points import POINTS
from pipelines.progress import Stages

_KILLS, _CRASHES = "experiments.faults.kills", "experiments.faults.crashes"
_MUTANT_KILLS = 200
_MUTANT_STATES = 400
_SHARE_STATES = 1000
_SEEN_AT_ONCE = tuple(point for point in POINTS if point.startswith(("put", "done", "set_aside", "peek")))
"""Named points that a small file comes by, and so all that a planted fault needs."""

_SPOOL_BY_POWER = ("fsync removed",)
_SHOWN_BY = ("lost", "invented", "duplicated", "unopened")
"""Figures that show a planted fault; a process that merely failed shows nothing."""


def kill_trial(kills: int, seed: int, stages: Stages) -> KillResult:
    """Kill processes over the spool and compare what is left with what was acknowledged."""
    started = time.perf_counter()
    with stages.stage("planted faults") as tell:
        by_kills = [_mutant_kills(name, seed) for name in SEEN_BY_KILLS]
        caught = _caught(_KILLS, SEEN_BY_KILLS, by_kills, counting(tell, None))
        caught |= _caught(_CRASHES, _SPOOL_BY_POWER, [_mutant_states(name, seed) for name in _SPOOL_BY_POWER])
        caught |= _damage_caught(seed)
    with stages.stage(f"{kills} kills") as tell:
        parts = run_crew(_KILLS, _kill_tasks(kills, seed), counting(tell, kills))
    total = _sums(parts, "kills", "acknowledged", "lost", "invented", "duplicated", "miscounted", "failed")
    points = sum((Counter(part["points"]) for part in parts), Counter[str]())
    return KillResult(
        **total,
        mutants=len(caught),
        mutants_caught=sum(caught.values()),
        escaped=tuple(name for name, is_caught in caught.items() if not is_caught),
        points={point: points[point] for point in POINTS},
        points_missed=tuple(point for point in POINTS if not points[point]),
        seconds=time.perf_counter() - started,
    )


def power_trial(states: int, seed: int, stages: Stages) -> PowerResult:
    """Open the spool on states that lost power may leave, and compare with what was acknowledged."""
    started = time.perf_counter()
    with stages.stage("planted faults") as tell:
        tasks = [_mutant_states(name, seed) for name in SEEN_BY_POWER]
        answers = run_crew(_CRASHES, tasks, counting(tell, None))
        if reasons := [answer["unavailable"] for answer in answers if "unavailable" in answer]:
            return PowerResult(reason=str(reasons[0]))
        caught = dict(zip(SEEN_BY_POWER, map(_is_broken, answers), strict=True)) | _damage_caught(seed)
    with stages.stage(f"{states} crash states") as tell:
        parts = run_crew(_CRASHES, _state_tasks(states, seed), counting(tell, states))
    figures = _sums(parts, "states", "traces", "events", "acknowledged", "lost", "invented", "duplicated", "unopened")
    return PowerResult(
        states=figures["states"],
        traces=figures["traces"],
        events=figures["events"],
        acknowledged=figures["acknowledged"],
        lost=figures["lost"],
        invented=figures["invented"],
        duplicated=figures["duplicated"],
        unopened=figures["unopened"],
        mutants=len(caught),
        mutants_caught=sum(caught.values()),
        escaped=tuple(name for name, is_caught in caught.items() if not is_caught),
        seconds=time.perf_counter() - started,
    )


def _kill_tasks(kills: int, seed: int) -> list[Document]:
    workers = len(os.sched_getaffinity(0))
    shares = [kills // workers + (place < kills % workers) for place in range(workers)]
    return [
        {
            "seed": seed * 1000 + place,
            "kills": share,
            "mutant": None,
            "points": [*POINTS[place:], *POINTS[:place]],
            "must_visit": POINTS[place::workers],
        }
        for place, share in enumerate(shares)
    ]


def _state_tasks(states: int, seed: int) -> list[Document]:
    shares = [min(_SHARE_STATES, states - start) for start in range(0, states, _SHARE_STATES)]
    return [{"seed": seed * 1000 + place, "states": share, "mutant": None} for place, share in enumerate(shares)]


def _mutant_kills(name: str, seed: int) -> Document:
    return {"seed": seed, "kills": _MUTANT_KILLS, "mutant": name, "points": _SEEN_AT_ONCE, "must_visit": ()}


def _mutant_states(name: str, seed: int) -> Document:
    return {"seed": seed, "states": _MUTANT_STATES, "mutant": name}


def _caught(
    module: str, names: Sequence[str], tasks: Sequence[Document], tell: Callable[[int], None] = lambda _: None
) -> dict[str, bool]:
    """Say of each planted fault whether it was noticed; leave out those that cannot be tried on this platform."""
    answers = zip(names, run_crew(module, tasks, tell), strict=True)
    return {name: _is_broken(answer) for name, answer in answers if "unavailable" not in answer}


def _damage_caught(seed: int) -> dict[str, bool]:
    """Say whether a removed checksum is noticed: by damage that the product as it is survives."""
    is_right = not damage(seed, None).any()
    return {name: is_right and damage(seed, name).of_records() for name in SEEN_BY_DAMAGE}


def _is_broken(answer: Document) -> bool:
    return any(answer.get(name, 0) for name in _SHOWN_BY)


def _sums(parts: Sequence[Document], *names: str) -> dict[str, int]:
    return {name: sum(part[name] for part in parts) for name in names}
