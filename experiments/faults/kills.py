"""The warm parent of a kill trial: it forks one life after another over the same files, kills them and counts.

It never opens SQLite and starts no thread of its own, so that a fork of it is whole. Run as a module it does one task
of a crew: `{"seed", "kills", "mutant", "points", "must_visit"}`.
"""

import gc
import logging
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from experiments.faults.census import read_census, take_census
from experiments.faults.crew import read_task, say_done, say_result, scratch_folder
from experiments.faults.forking import forked
from experiments.faults.ledger import Breaches, Ledger
from experiments.faults.life import ACKNOWLEDGED, AT_POINT, MESSAGE, OFFERED, REMOVED, Life, live
from experiments.faults.payload import BULKY_FROM, HEAVY_FROM, HUGE_FROM

CHAIN_LIVES = 50
"""Lives over the same files; then all is drained and compared, and a new chain begins."""

PATIENCE_SECONDS = 20.0
"""After this a life counts as hung."""

_FIRST_GUESS_SECONDS = 0.05
_AT_POINTS = 0.5
"""Share of the lives that end at a named point; the clock ends the others."""

_DELIVERING = ("done", "set_aside", "lease", "peek", "shrink")
_TIDYING = ("restore", "drop")
"""Beginnings of the named points that only a life which delivers, or tidies up what is set aside, comes by."""

_EVERY = {"shrink": 40, "checkpoint": 4}
"""In which turns those points are visited that take a large file, and so many times as long."""

_MISSING_FIRST = 0.8
_SPARE_LIVES = 400
"""Lives beyond twice the kills after which points that were never reached are given up."""

_SELDOM = ("shrink", "checkpoint", "lease", *_TIDYING)
_HURRIED = 0.25
"""Share of the kills by the clock that fall into the first moments, while the files are being opened."""


@dataclass(slots=True)
class Tally:
    """What a parent counted.

    Attributes:
        kills: Lives that ended by SIGKILL.
        lives: All lives.
        acknowledged: Records that were acknowledged.
        points: Kills at each named point.
        breaches: What was broken.
    """

    kills: int = 0
    lives: int = 0
    acknowledged: int = 0
    points: Counter[str] = field(default_factory=Counter)
    breaches: Breaches = field(default_factory=Breaches)

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON can hold it."""
        counts = {"kills": self.kills, "lives": self.lives, "acknowledged": self.acknowledged}
        return {**counts, "points": dict(self.points), **self.breaches.to_dict()}


@dataclass(slots=True)
class Killer:
    """Plans lives and deaths.

    Attributes:
        random: Where its choices come from.
        points: The named points, visited in turn.
        must_visit: Those at which a life must have ended before the trial ends.
        mutant: The fault that is planted in every life.
    """

    random: Random
    points: tuple[str, ...]
    must_visit: tuple[str, ...] = ()
    mutant: str | None = None
    tally: Tally = field(default_factory=Tally)
    _turn: int = 0
    _enough: int = 0
    _usual_seconds: float = _FIRST_GUESS_SECONDS

    def run(self, kills: int, tell: Callable[[int], None]) -> Tally:
        """Kill that often, chain after chain, and return what was counted."""
        self._enough = kills
        while not self._is_over():
            before = self.tally.kills
            with tempfile.TemporaryDirectory(dir=scratch_folder(), prefix="kills-") as folder:
                self._chain(Path(folder))
            tell(self.tally.kills - before)
        return self.tally

    def _is_over(self) -> bool:
        """Say whether there were kills enough and everywhere, or a planted fault has shown itself."""
        if self.mutant is not None and self.tally.breaches.of_records():
            return True
        is_futile = self.tally.lives > 2 * self._enough + _SPARE_LIVES
        return self.tally.kills >= self._enough and (not self.missing() or is_futile)

    def _chain(self, folder: Path) -> None:
        ledger = Ledger()
        for place in range(CHAIN_LIVES):
            if self._is_over():
                break
            life = self._plan(folder, place, ledger)
            self._one_life(life, ledger)
            self._examine(folder, ledger, with_sink=life.drains)
            if life.load >= BULKY_FROM:  # what it left would be read again after every kill to come
                break
        self._one_life(Life(folder, 0, CHAIN_LIVES, sends=False, mutant=self.mutant), ledger, is_last=True)
        self._examine(folder, ledger, with_sink=True, is_drained=True)
        self.tally.acknowledged += len(ledger.acknowledged)

    def _plan(self, folder: Path, place: int, ledger: Ledger) -> Life:
        chance = self.random.random
        point = self._next_point() if chance() < _AT_POINTS else None
        return Life(
            folder,
            seed=self.random.getrandbits(63),
            stretch=place,
            again=tuple(ledger.unanswered()[:6]),
            drains=chance() < (0.95 if _is_of(point, _DELIVERING) else 0.3),
            restores=chance() < (0.95 if _is_of(point, _TIDYING) else 0.3),
            load=self._load_for(point),
            owner="trial" if chance() < 0.7 else f"trial-{place}",
            closes=chance() < 0.7,
            point=point,
            passing=1 if _is_of(point, _SELDOM) else 1 + int(self.random.expovariate(0.7)),
            mutant=self.mutant,
        )

    def _next_point(self) -> str | None:
        """Take one that must be visited and was not yet, or all in turn, those in need of a large file seldom."""
        missing = self.missing()
        if missing and self.random.random() < _MISSING_FIRST:
            return self.random.choice(missing)
        around, at = divmod(self._turn, len(self.points))
        around, self._turn = around + 1, self._turn + 1
        point = self.points[at]
        return None if around % _EVERY.get(point.partition(":")[0], 1) else point

    def missing(self) -> list[str]:
        """Return the points that must be visited and were not yet."""
        return [point for point in self.must_visit if not self.tally.points[point]]

    def _load_for(self, point: str | None) -> int:
        if point is not None and point.startswith("shrink"):
            return HUGE_FROM
        if point is not None and point.startswith("checkpoint"):
            return BULKY_FROM
        return HEAVY_FROM if self.random.random() < 0.05 else 1

    def _one_life(self, life: Life, ledger: Ledger, *, is_last: bool = False) -> None:
        by_clock = life.point is None and not is_last
        started = time.monotonic()
        said, status = forked(lambda report: live(life, report), self._delay() if by_clock else PATIENCE_SECONDS)
        self._note(said, ledger, life)
        self.tally.lives += 1
        was_meant = by_clock or any(kind == AT_POINT for kind, _ in _messages(said))
        if status == signal.SIGKILL and was_meant:  # a wait status is the signal's number where one ended the process
            self.tally.kills += 1
        elif status != 0:
            self.tally.breaches.failed += 1
        elif life.load == 1 and not is_last:
            self._usual_seconds += 0.1 * (time.monotonic() - started - self._usual_seconds)

    def _delay(self) -> float:
        most = 0.01 if self.random.random() < _HURRIED else self._usual_seconds
        return self.random.uniform(0, most)

    def _note(self, said: bytes, ledger: Ledger, life: Life) -> None:
        for kind, number in _messages(said):
            if kind == OFFERED:
                ledger.offered[number] += 1
            elif kind == ACKNOWLEDGED:
                ledger.acknowledged.add(number)
            elif kind == REMOVED:
                ledger.removed.add(number)
            elif kind == AT_POINT and life.point is not None:
                self.tally.points[life.point] += 1

    def _examine(self, folder: Path, ledger: Ledger, *, with_sink: bool, is_drained: bool = False) -> None:
        said, status = forked(lambda report: take_census(folder, report, with_sink=with_sink), PATIENCE_SECONDS)
        if status != 0:
            self.tally.breaches.failed += 1
            return
        found = read_census(said.decode(), ledger.effects)
        ledger.effects = found.effects
        self.tally.breaches.add(ledger.judge_drained(found) if is_drained else ledger.judge(found))


def _is_of(point: str | None, kinds: tuple[str, ...]) -> bool:
    return point is not None and point.startswith(kinds)


def _messages(said: bytes) -> Iterator[tuple[bytes, int]]:
    whole = len(said) - len(said) % MESSAGE.size
    yield from MESSAGE.iter_unpack(said[:whole])


def main() -> None:
    """Do one task of a crew."""
    logging.basicConfig(level=logging.CRITICAL)  # what is set aside here is meant to be
    task = read_task()
    gc.freeze()  # else the first collection in every fork copies all that was imported
    killer = Killer(Random(task["seed"]), tuple(task["points"]), tuple(task["must_visit"]), task["mutant"])
    say_result(killer.run(task["kills"], say_done).to_dict())


if __name__ == "__main__":
    main()
