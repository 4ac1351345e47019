"""A worker that records what the spool does to its files, and opens the spool on what lost power may leave of them.

Run as a module it does one task of a crew: `{"seed", "states", "mutant"}`.
"""

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from experiments.faults.census import aside_of, pending_of
from experiments.faults.crew import read_task, say_done, say_result, scratch_folder
from experiments.faults.disk import Disk
from experiments.faults.errors import RecorderUnavailable
from experiments.faults.ledger import Breaches
from experiments.faults.mutants import Parts, parts_of
from experiments.faults.recorder import recording
from experiments.faults.trace import Marked, Promise, Trace
from experiments.faults.workload import Workload
from features.domain.errors import ServiceError

_STATES_EACH_PLACE = 4
_TELL_EVERY = 50
SPOOL = "spool.db"


@dataclass(slots=True)
class CrashTally:
    """What a worker counted.

    Attributes:
        states: Crash states that were opened.
        traces: Recordings that they came from.
        events: Writes, syncs, cuts, creations, deletions and promises that were recorded.
        acknowledged: Records that had to be there, over all states.
        unopened: States in which the spool did not open, could not be read, or took no further record.
        breaches: What was broken.
    """

    states: int = 0
    traces: int = 0
    events: int = 0
    acknowledged: int = 0
    unopened: int = 0
    breaches: Breaches = field(default_factory=Breaches)

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON can hold it."""
        counts = {name: getattr(self, name) for name in ("states", "traces", "events", "acknowledged", "unopened")}
        return {**counts, **{name: getattr(self.breaches, name) for name in ("lost", "invented", "duplicated")}}

    def any(self) -> bool:
        """Say whether anything was broken."""
        return bool(self.unopened) or self.breaches.any()


@dataclass(frozen=True, slots=True)
class Promised:
    """What had been promised when the power went.

    Attributes:
        offered: Records that may be there.
        owed: Records that must be there: acknowledged, and not released.
    """

    offered: frozenset[int]
    owed: frozenset[int]


def run(seed: int, states: int, mutant: str | None, tell: Callable[[int], None]) -> CrashTally:
    """Record workloads and open that many crash states; a planted fault ends it as soon as it shows."""
    random, tally, parts = Random(seed), CrashTally(), parts_of(mutant)
    while tally.states < states and not (mutant is not None and tally.any()):
        workload = Workload.drawn(random, is_light=mutant is not None)
        count = min(workload.states, states - tally.states)
        trace = recorded(workload, parts)
        tally.traces += 1
        tally.events += len(trace.events)
        with tempfile.TemporaryDirectory(dir=scratch_folder(), prefix="power-") as folder:
            for disk, promised in crash_places(trace, count, random):
                _open_state(Path(folder) / "state", disk.after_crash(random), promised, tally)
                if tally.states % _TELL_EVERY == 0:
                    tell(_TELL_EVERY)
                if mutant is not None and tally.any():
                    break
    return tally


def recorded(workload: Workload, parts: Parts) -> Trace:
    """Run a workload on a new spool and return the trace of it."""
    trace = Trace()
    with tempfile.TemporaryDirectory(dir=scratch_folder(), prefix="trace-") as folder, recording(trace):
        workload.run(Path(folder) / SPOOL, trace, parts)
    return trace


def crash_places(trace: Trace, states: int, random: Random) -> Iterator[tuple[Disk, Promised]]:
    """Yield the disk, and what was promised, at places of the trace drawn by chance; some states at each place."""
    places = sorted(random.choices(range(len(trace.events) + 1), k=-(-states // _STATES_EACH_PLACE)))
    disk, passed, yielded = Disk(), 0, 0
    offered: set[int] = set()
    owed: set[int] = set()
    released: set[int] = set()
    for place in places:
        for at in range(passed, place):
            event = trace.events[at]
            disk.take(at, event)
            if isinstance(event, Marked):
                _note(event, offered, owed, released)
        passed = place
        for _ in range(min(_STATES_EACH_PLACE, states - yielded)):
            yielded += 1
            yield disk, Promised(frozenset(offered), frozenset(owed))


def judged(path: Path, promised: Promised) -> Breaches:
    """Open the spool on a crash state, read everything, put one more record, and say what is broken."""
    spool = parts_of(None).open(path)
    try:
        pending, aside = pending_of(spool), aside_of(spool)
        after = spool.put([b"after the crash"])
        survivors = {number for _, number in (*pending, *aside) if number is not None}
        strange = sum(number is None for _, number in (*pending, *aside)) + len(survivors - promised.offered)
        copies = len(pending) + len(aside) - len(survivors) - sum(number is None for _, number in (*pending, *aside))
        reused = sum(offset >= after for offset, _ in (*pending, *aside))
        return Breaches(lost=len(promised.owed - survivors), invented=strange, duplicated=copies + reused)
    finally:
        spool.close()


def _note(mark: Marked, offered: set[int], owed: set[int], released: set[int]) -> None:
    if mark.promise is Promise.OFFERED:
        offered.add(mark.number)
    elif mark.promise is Promise.RELEASED:
        released.add(mark.number)
        owed.discard(mark.number)
    elif mark.number not in released:  # it may have been delivered before its sender was told
        owed.add(mark.number)


def _open_state(folder: Path, files: dict[str, bytes], promised: Promised, tally: CrashTally) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    tally.states += 1
    tally.acknowledged += len(promised.owed)
    try:
        with_breaches = judged(folder / SPOOL, promised)
    except ServiceError:
        tally.unopened += 1
    else:
        tally.breaches.add(with_breaches)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Do one task of a crew."""
    task = read_task()
    logging.basicConfig(level=logging.CRITICAL)  # faults are planted here
    try:
        say_result(run(task["seed"], task["states"], task["mutant"], say_done).to_dict())
    except RecorderUnavailable as error:
        say_result({"unavailable": str(error)})


if __name__ == "__main__":
    main()
