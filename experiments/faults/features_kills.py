"""The warm parent of a kill trial of the features: it forks one life after another over the same files, and compares.

It opens no store and computes nothing in parallel, so that a fork of it is whole. Run as a module it does one task of a
crew: `{"seed", "kills", "mutant"}`.
"""

import gc
import json
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from experiments.faults.crew import read_task, say_done, say_result, scratch_folder
from experiments.faults.features_life import DELIVERED, POINTS, Chain, FeatureLife, live, take_stock
from experiments.faults.features_making import assets_of, fitted, random_deliveries, random_story, small_pack
from experiments.faults.forking import forked
from experiments.faults.life import AT_POINT, MESSAGE
from features.transforms.specification import FeatureSpecification

PATIENCE_SECONDS = 60.0
"""After this a life counts as hung."""

_ORDERS, _DELIVERIES = 3, 16
_AT_POINTS = 0.5
_LOOKED_AT = 0.6
"""Share of the kills after which a worker that is started anew is compared at once, not only at the end."""
_FIRST_GUESS_SECONDS = 0.2
_SPARE_LIVES = 100


@dataclass(slots=True)
class Tally:
    """What a parent counted.

    Attributes:
        kills: Lives that ended by SIGKILL.
        lives: All lives.
        compared: Times that vectors were compared.
        differing: Vectors, states and positions that were others than without kills, or than computed anew.
        lost: Readings, vectors and states that were not there at all.
        failed: Processes that ended in an error of their own, or hung.
        points: Kills at each named point.
    """

    kills: int = 0
    lives: int = 0
    compared: int = 0
    differing: int = 0
    lost: int = 0
    failed: int = 0
    points: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON can hold it."""
        counts = ("kills", "lives", "compared", "differing", "lost", "failed")
        return {**{name: getattr(self, name) for name in counts}, "points": dict(self.points)}

    def compare(self, found: dict[str, str], wanted: dict[str, str]) -> None:
        """Count what is missing and what differs."""
        self.lost += len(wanted.keys() - found.keys())
        self.differing += len(found.keys() - wanted.keys())
        self.differing += sum(found[key] != wanted[key] for key in found.keys() & wanted.keys())


Stock = dict[str, Any]  # Any: what JSON holds


@dataclass(slots=True)
class Killer:
    """Plans lives and deaths.

    Attributes:
        random: Where its choices come from.
        specification: What is computed.
        mutant: The fault that is planted in every life.
    """

    random: Random
    specification: FeatureSpecification
    mutant: str | None = None
    tally: Tally = field(default_factory=Tally)
    _enough: int = 0
    _usual_seconds: float = _FIRST_GUESS_SECONDS

    def run(self, kills: int, tell: Callable[[int], None]) -> Tally:
        """Kill that often, chain after chain, and return what was counted."""
        self._enough = kills
        while not self._is_over():
            before = self.tally.kills
            chain = self._chain()
            with (
                tempfile.TemporaryDirectory(dir=scratch_folder(), prefix="killed-") as killed,
                tempfile.TemporaryDirectory(dir=scratch_folder(), prefix="calm-") as calm,
            ):
                begin = self._killed(chain, Path(killed))
                self._compare(chain, begin, Path(killed), Path(calm))
            tell(self.tally.kills - before)
        return self.tally

    def _is_over(self) -> bool:
        tally = self.tally
        if self.mutant is not None and (tally.differing or tally.lost):
            return True
        return tally.kills >= self._enough or tally.lives > 4 * self._enough + _SPARE_LIVES

    def _chain(self) -> Chain:
        random = np.random.default_rng(self.random.getrandbits(32))
        deliveries = random_deliveries(random_story(random), _ORDERS, _DELIVERIES, random)
        return Chain(self.specification, assets_of(_ORDERS), deliveries, self.mutant)

    def _killed(self, chain: Chain, folder: Path) -> int:
        """Kill one life after another until all is delivered and a little longer; return what was acknowledged."""
        begin, spare = 0, self.random.randint(0, 2)
        while (begin < _DELIVERIES or spare) and not self._is_over():
            spare -= begin == _DELIVERIES
            life = FeatureLife(begin, self._point(), 1 + int(self.random.expovariate(0.7)))
            reached = self._one_life(chain, folder, life)
            begin = max(begin, reached)
            if self.random.random() < _LOOKED_AT:
                self._look_at(chain, folder, begin)
        return begin

    def _point(self) -> str | None:
        return self.random.choice(POINTS) if self.random.random() < _AT_POINTS else None

    def _one_life(self, chain: Chain, folder: Path, life: FeatureLife) -> int:
        """Return up to which delivery all were acknowledged."""
        by_clock = life.point is None
        started = time.monotonic()
        patience = self.random.uniform(0, self._usual_seconds) if by_clock else PATIENCE_SECONDS
        said, status = forked(lambda report: live(chain, folder, life, report), patience)
        messages: list[tuple[bytes, int]] = list(MESSAGE.iter_unpack(said[: len(said) - len(said) % MESSAGE.size]))
        self.tally.lives += 1
        was_at_point = any(kind == AT_POINT for kind, _ in messages)
        if status == signal.SIGKILL and (by_clock or was_at_point):
            self.tally.kills += 1
        elif status != 0:
            self.tally.failed += 1
        else:
            self._usual_seconds += 0.1 * (time.monotonic() - started - self._usual_seconds)
        if was_at_point and life.point is not None:
            self.tally.points[life.point] += 1
        return max([life.begin, *(number for kind, number in messages if kind == DELIVERED)])

    def _finish(self, chain: Chain, folder: Path, life: FeatureLife) -> None:
        _, status = forked(lambda report: live(chain, folder, life, report), PATIENCE_SECONDS)
        self.tally.failed += status != 0

    def _look_at(self, chain: Chain, folder: Path, begin: int) -> Stock | None:
        """Let a worker that is started anew catch up, and compare its vectors with those computed anew."""
        said, status = forked(lambda report: take_stock(chain, folder, begin, report), PATIENCE_SECONDS)
        if status != 0:
            self.tally.failed += 1
            return None
        found: Stock = json.loads(said)
        self.tally.compared += 1
        self.tally.compare(found["vectors"], found["anew"])
        return found

    def _compare(self, chain: Chain, begin: int, killed: Path, calm: Path) -> None:
        """Let a last life finish, and compare what there is then with what there is without kills."""
        ended = []
        for folder, first in ((killed, begin), (calm, 0)):
            self._finish(chain, folder, FeatureLife(first))
            ended.append(self._look_at(chain, folder, _DELIVERIES))
        found, wanted = ended
        if found is None or wanted is None:
            return
        for name in ("readings", "vectors", "states"):
            self.tally.compare(found[name], wanted[name])
        self.tally.differing += found["position"] != wanted["position"]


def main() -> None:
    """Do one task of a crew."""
    task = read_task()
    specification = fitted(small_pack())
    gc.freeze()  # else the first collection in every fork copies all that was imported
    killer = Killer(Random(task["seed"]), specification, task["mutant"])
    say_result(killer.run(task["kills"], say_done).to_dict())


if __name__ == "__main__":
    main()
