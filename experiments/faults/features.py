"""The two trials of the real-time path of features: planted faults first, then random orders and kills."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass

from experiments.faults.crew import Document, counting, run_crew
from experiments.faults.features_life import POINTS
from experiments.faults.features_mutants import MUTANTS, SEEN_BY_KILLS, SEEN_BY_ORDERS
from pipelines.progress import Stages

_ORDERS, _KILLS = "experiments.faults.features_orders", "experiments.faults.features_kills"
_MUTANT_ORDERS, _MUTANT_KILLS = 200, 60
_SHARE_ORDERS, _SHARE_KILLS = 500, 125
"""What one process does; a fault that takes many tries shows in any of them."""


@dataclass(frozen=True, slots=True)
class FeaturesResult:
    """What `faults features` found.

    Attributes:
        permutations: Orders in which late, repeated, corrected and shuffled readings and events arrived.
        permutations_differing: Those after which the online vector, the newest offline row, the one computed anew
            and the one by what was told were not the same, bit for bit.
        kills: Workers that were killed.
        compared: Times that the vectors of a worker that was started anew were compared with those computed anew.
        differing: Vectors, states and positions that were others than without kills, or than computed anew.
        lost: Readings, vectors and states that were not there at all.
        failed: Processes that ended in an error of their own, or hung.
        mutants: Faults that were planted on purpose.
        mutants_caught: Those that were noticed.
        escaped: The names of the others.
        points: Kills at each named point.
        points_missed: Named points at which no process could be killed.
        seconds: How long it took.
    """

    permutations: int
    permutations_differing: int
    kills: int
    compared: int
    differing: int
    lost: int
    failed: int
    mutants: int
    mutants_caught: int
    escaped: tuple[str, ...]
    points: dict[str, int]
    points_missed: tuple[str, ...]
    seconds: float

    @property
    def is_sound(self) -> bool:
        """Say whether all vectors were the same, every point was visited and every planted fault caught."""
        broken = self.permutations_differing or self.differing or self.lost or self.failed
        return not broken and not self.escaped and not self.points_missed

    def to_dict(self) -> dict[str, object]:
        """Return everything by name."""
        return asdict(self)


def features_trial(permutations: int, kills: int, seed: int, stages: Stages) -> FeaturesResult:
    """Show first that planted faults are noticed, then try every order and kill."""
    started = time.perf_counter()
    caught = _caught(seed, stages)
    with stages.stage(f"{permutations} permutations") as tell:
        orders = _run(_ORDERS, "orders", permutations, _SHARE_ORDERS, seed, tell)
    with stages.stage(f"{kills} kills") as tell:
        parts = _run(_KILLS, "kills", kills, _SHARE_KILLS, seed, tell)
    points = sum((Counter(part["points"]) for part in parts), Counter[str]())
    total = {name: sum(part[name] for part in parts) for name in ("kills", "compared", "differing", "lost", "failed")}
    return FeaturesResult(
        permutations=permutations,
        permutations_differing=sum(part["differing"] for part in orders),
        **total,
        mutants=len(caught),
        mutants_caught=sum(caught.values()),
        escaped=tuple(name for name, is_caught in caught.items() if not is_caught),
        points={point: points[point] for point in POINTS},
        points_missed=tuple(point for point in POINTS if not points[point]),
        seconds=time.perf_counter() - started,
    )


def _caught(seed: int, stages: Stages) -> dict[str, bool]:
    """Say of each planted fault whether the trials that must see it did."""
    caught = dict.fromkeys(MUTANTS, True)
    with stages.stage("planted faults") as tell:
        add = counting(tell, None)
        tasks = [{"seed": seed, "orders": _MUTANT_ORDERS, "mutant": name} for name in (None, *SEEN_BY_ORDERS)]
        without, *answers = run_crew(_ORDERS, tasks, add)
        for name, answer in zip(SEEN_BY_ORDERS, answers, strict=True):
            caught[name] &= answer["differing"] > without["differing"]
        tasks = [{"seed": seed, "kills": _MUTANT_KILLS, "mutant": name} for name in SEEN_BY_KILLS]
        for name, answer in zip(SEEN_BY_KILLS, run_crew(_KILLS, tasks, add), strict=True):
            caught[name] &= answer["differing"] + answer["lost"] > 0
    return caught


def _run(module: str, what: str, count: int, share: int, seed: int, tell: Callable[[int, int], None]) -> list[Document]:
    """Cut the work into tasks, so that every core has one until the end."""
    share = min(share, -(-count // len(os.sched_getaffinity(0))))
    counts = [min(share, count - start) for start in range(0, count, share)]
    tasks = [{"seed": seed * 100_000 + place, what: each, "mutant": None} for place, each in enumerate(counts)]
    return run_crew(module, tasks, counting(tell, count))
