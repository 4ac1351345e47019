"""One process over the spool, from its opening to its death: senders that put, and a drainer that delivers.

It tells its parent through a pipe what it offers before `put` and what was acknowledged after `put` returned. Whether
it dies by its own hand at a named point or by its parent's at any moment, the kernel keeps what was written to the pipe
and to the files.
"""

import os
import signal
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NoReturn

from experiments.faults.mutants import parts_of
from experiments.faults.payload import BULKY_FROM, HEAVY_FROM, HUGE_FROM, STRETCH, content_of
from experiments.faults.sink import Deliver, Sink, moody
from features.spool.drain import Drainer, DrainPolicy

OFFERED, ACKNOWLEDGED, REMOVED, AT_POINT = b"o", b"a", b"r", b"p"
MESSAGE = struct.Struct("<cQ")
FAILED = 70
"""Exit status of a life that ended in an error of its own (EX_SOFTWARE of sysexits.h)."""

SENDERS = 3
PUTS_EACH = 8
_PLACES_EACH = 4 * PUTS_EACH
_END_OF_LOAD = {1: HEAVY_FROM, HEAVY_FROM: BULKY_FROM, BULKY_FROM: HUGE_FROM, HUGE_FROM: STRETCH}
_POLICY = DrainPolicy(
    batch_records=12, lease_seconds=0.02, first_pause_seconds=0.001, longest_pause_seconds=0.004, idle_seconds=0.001
)


@dataclass(frozen=True, slots=True)
class Life:
    """What one process is to do, and how it is to die by itself.

    Attributes:
        folder: Where the spool and the sink lie.
        seed: Makes its choices repeatable, up to the order of its threads.
        stretch: Its own records are numbered from this many stretches on (see `payload`).
        again: Records of earlier lives that were never acknowledged; they are sent again.
        drains: Whether it delivers.
        restores: Whether it puts back what is set aside.
        sends: Whether it puts.
        load: From which place of the stretch on it numbers its records: how large they are.
        owner: Its name in the lease.
        closes: Whether it closes its files when it is done, or just ends.
        point: The named point at which it kills itself, if any.
        passing: At which passing of that point.
        mutant: The planted fault, if any.
    """

    folder: Path
    seed: int
    stretch: int
    again: tuple[int, ...] = ()
    drains: bool = True
    restores: bool = False
    sends: bool = True
    load: int = 1
    owner: str = "trial"
    closes: bool = True
    point: str | None = None
    passing: int = 1
    mutant: str | None = None


def live(life: Life, report: int) -> NoReturn:
    """Live that life in this process, and end the process without a word to whoever forked it.

    Args:
        life: What to do.
        report: Descriptor of the pipe to the parent.
    """
    status = FAILED
    try:
        _Process(life, report).run()
        status = 0
    except BaseException:  # noqa: BLE001  # the process ends here, and its parent sees the status
        traceback.print_exc()
    finally:
        os._exit(status)


class _Process:
    def __init__(self, life: Life, report: int) -> None:
        self._life, self._report = life, report
        self._random = Random(life.seed)
        self._passings = 0
        self._stopped = threading.Event()
        self._failures: list[str] = []
        self._parts = parts_of(life.mutant)
        self._spool = self._parts.open(life.folder / "spool.db", self._observe)

    def run(self) -> None:
        """Do everything there is to do; whoever kills this process does not wait for it."""
        work = [self._sender(self._numbers(place)) for place in range(SENDERS)] if self._life.sends else []
        if self._life.restores:
            work.append(self._tidy)
        delivering = [self._started(self._drain)] if self._drains_meanwhile() else []
        _join([self._started(each) for each in work])
        self._stopped.set()
        _join(delivering)
        if self._life.drains and not self._drains_meanwhile():
            self._drain()
        if self._life.closes:
            self._spool.close()
        if self._failures:
            raise RuntimeError("\n".join(self._failures))

    def _drains_meanwhile(self) -> bool:
        """Huge records are delivered when all are there, so that they fill the file first."""
        return self._life.drains and self._life.sends and self._life.load != HUGE_FROM

    def _started(self, work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except Exception:  # noqa: BLE001  # told at the end of the life, which is then a failed one
                self._failures.append(traceback.format_exc())

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def _numbers(self, place: int) -> list[int]:
        """Return what one sender is to send: what was never acknowledged before, then its own."""
        start = self._life.load + place * _PLACES_EACH
        end = min(start + _PLACES_EACH, _END_OF_LOAD[self._life.load])
        first = self._life.stretch * STRETCH
        return [*self._life.again[place::SENDERS], *range(first + start, first + end)]

    def _sender(self, numbers: Sequence[int]) -> Callable[[], None]:
        sizes = self._random.choices((1, 1, 1, 2, 4), k=PUTS_EACH + len(self._life.again))

        def send() -> None:
            for batch in _cut(numbers, sizes):
                self._tell(OFFERED, batch)
                self._spool.put([content_of(number) for number in batch])
                self._tell(ACKNOWLEDGED, batch)

        return send

    def _drain(self) -> None:
        """Deliver while the others work; without them, until nothing waits any more."""
        sink = Sink(self._life.folder / "sink.db", names_poison=not self._life.sends or self._random.random() < 0.5)
        deliver: Deliver = sink.deliver
        if self._life.sends:
            deliver = moody(deliver, Random(self._random.getrandbits(64)))
        drainer = Drainer(self._spool, self._parts.around(self._spool, deliver), owner=self._life.owner, policy=_POLICY)
        while not self._stopped.is_set() or (not self._drains_meanwhile() and self._spool.peek(1)):
            time.sleep(min(drainer.step().pause_seconds, _POLICY.longest_pause_seconds))
        if self._life.closes:
            drainer.close()
            sink.close()

    def _tidy(self) -> None:
        """Put back, or remove, some of what is set aside."""
        for record in self._spool.aside(6):
            if self._random.random() < 0.6:
                self._spool.restore(record.offset)
            else:
                self._tell(REMOVED, [int(record.content[:16], 16)])
                self._spool.drop(record.offset)

    def _observe(self, point: str) -> None:
        if point == self._life.point:
            self._passings += 1
            if self._passings >= self._life.passing:
                self._tell(AT_POINT, [0])
                os.kill(os.getpid(), signal.SIGKILL)

    def _tell(self, kind: bytes, numbers: Sequence[int]) -> None:
        """Write to the pipe in one piece, which the kernel keeps whole up to PIPE_BUF."""
        os.write(self._report, b"".join(MESSAGE.pack(kind, number) for number in numbers))


def _join(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def _cut(numbers: Sequence[int], sizes: Sequence[int]) -> Iterator[Sequence[int]]:
    start = 0
    for size in sizes:
        if start < len(numbers):
            yield numbers[start : start + size]
        start += size
