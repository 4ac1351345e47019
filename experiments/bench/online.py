"""Reading newest vectors: the Feast SDK on its own online stores against ours, through the SDK and without it.

All are asked for the same vectors, in turn, in the same run, after their answers were compared. A question of the SDK
ends with `to_dict`, where its caller has the values; one of the hot path ends with a vector in numpy for each asset, as
serving takes it, with its age against ttl. The SDK spends more time on turning values into messages and back than any
store on finding them, so `ratio_1` and `ratio_100` are those of the hot path; `sdk_ratio_…` are those of the SDK on our
store. Each is the lower of SQLite and Redis.
"""

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.bench.errors import PartMissing
from experiments.bench.online_latency import Latency, latencies, latency_ratio
from experiments.bench.online_redis import real_redis
from experiments.bench.online_ways import FEAST, HOT, SDK, Fleet, Ways, open_ways
from experiments.bench.timing import Progress

ONE, MANY = 1, 100
_QUESTIONS = {ONE: 200, MANY: 20}
"""Questions of one block, by the number of assets asked for."""


@dataclass(frozen=True, slots=True)
class StoreResult:
    """What reading costs with one kind of store.

    Attributes:
        by_count: By number of assets asked for, and by way of asking.
    """

    by_count: dict[int, dict[str, Latency]]

    def ratio(self, count: int, way: str) -> float:
        """Return how many times longer Feast takes with its own store."""
        return latency_ratio(self.by_count[count][FEAST], self.by_count[count][way])

    def to_dict(self) -> dict[str, Any]:  # Any: JSON
        """Return the JSON form."""
        ratios = {
            f"{name}ratio_{count}": self.ratio(count, way)
            for name, way in (("", HOT), ("sdk_", SDK))
            for count in self.by_count
        }
        timings = {
            f"{name}_{count}": latency.to_dict()
            for count, ways in self.by_count.items()
            for name, latency in ways.items()
        }
        return {**ratios, "latencies": timings}


@dataclass(frozen=True, slots=True)
class OnlineResult:
    """What reading costs.

    Attributes:
        features: Features of each vector.
        sqlite: With SQLite.
        redis: With Redis, or None.
        reason: Why there is none with Redis.
    """

    features: int
    sqlite: StoreResult
    redis: StoreResult | None
    reason: str | None

    def lower(self, count: int, way: str) -> float | None:
        """Return the lower ratio of the two kinds of store, or None where one is missing."""
        return None if self.redis is None else min(self.sqlite.ratio(count, way), self.redis.ratio(count, way))

    def to_dict(self) -> dict[str, Any]:  # Any: JSON
        """Return the JSON form."""
        return {
            "feast": version("feast"),
            "assets": MANY,
            "features": self.features,
            "equal_outputs": True,
            "ratio_of": "the hot path",
            "ratio_100": self.lower(MANY, HOT),
            "ratio_1": self.lower(ONE, HOT),
            "sdk_ratio_100": self.lower(MANY, SDK),
            "sdk_ratio_1": self.lower(ONE, SDK),
            "sqlite": self.sqlite.to_dict(),
            "redis": None if self.redis is None else self.redis.to_dict(),
            "redis_reason": self.reason,
        }


def measure_online(features: int, blocks: int, progress: Progress | None = None) -> OnlineResult:
    """Compare the answers, then the times, with SQLite and with Redis if there is one.

    Args:
        features: Features of each vector.
        blocks: How many blocks of questions each way is timed for.
        progress: Told after each block.

    Raises:
        OutputsDiffer: If the answers are not equal.
    """
    fleet = Fleet.of(MANY, features)
    total = 2 * len(_QUESTIONS) * (blocks + 1) * 3
    tell = _Steps(progress, total)
    with tempfile.TemporaryDirectory() as folder:
        sqlite = _measure(fleet, Path(folder), None, blocks, tell)
    redis, reason = None, None
    try:
        with tempfile.TemporaryDirectory() as folder, real_redis(Path(folder)) as port:
            redis = _measure(fleet, Path(folder), port, blocks, tell)
    except PartMissing as error:
        reason = str(error)
    return OnlineResult(features, sqlite, redis, reason)


@dataclass(slots=True)
class _Steps:
    """Counts blocks over several measurements."""

    progress: Progress | None
    total: int
    done: int = 0

    def __call__(self, _done: int, _total: int) -> None:
        """Tell of one more block."""
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.total)


def _measure(
    fleet: Fleet, folder: Path, port: int | None, blocks: int, tell: Callable[[int, int], None]
) -> StoreResult:
    with closing(open_ways(fleet, folder, port)) as ways:
        ways.require_same()
        return StoreResult({count: _latencies(ways, count, blocks, tell) for count in _QUESTIONS})


def _latencies(ways: Ways, count: int, blocks: int, tell: Callable[[int, int], None]) -> dict[str, Latency]:
    return latencies(ways.asks(count), blocks, _QUESTIONS[count], tell)
