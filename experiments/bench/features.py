"""Features: our step against pandas and tsfresh on the same statistics, then its own speed and growth.

`pandas_ratio` and `tsfresh_ratio` are times on one core for the same statistics of the same rows, which are compared
first; pandas gives all that our step does, tsfresh four of it, and our step computes the rest all the same.
`tsfresh_once_ratio` asks tsfresh for one vector of each asset's whole history while our step still gives one for every
row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.bench.features_fleet import (
    Fleet,
    fleet_lives,
    frame_of,
    sensor_names,
    specification_of_peers,
    whole_specification,
)
from experiments.bench.features_peers import (
    compare_pandas,
    compare_tsfresh,
    pandas_statistics,
    tsfresh_once,
    tsfresh_statistics,
    versions,
)
from experiments.bench.timing import Progress, Timing, cpu_ratio, interleaved, ratio
from features.transforms.batch import LifeRows, compute
from features.transforms.specification import FeatureSpecification
from features.transforms.state import initial_state
from features.transforms.step import StepPlan, step

_GROWTH_ROWS, _GROWTH_RUNS = 50, 3


@dataclass(frozen=True, slots=True)
class FeaturesResult:
    """What features cost.

    Attributes:
        fleet: What pandas is measured on, and the whole set.
        small: What tsfresh is measured on.
        timings: By way: `ours` and `pandas` on the fleet; `ours_small`, `tsfresh` and `tsfresh_once` on the small one;
            the whole set in `batch`, `streaming` (all assets report in one step) and `streaming_alone` (one asset).
        growth: Seconds for each reading, streaming, by assets, signals and history; bytes of state of an asset.
    """

    fleet: Fleet
    small: Fleet
    timings: dict[str, Timing]
    growth: dict[str, dict[str, float]]

    def to_dict(self) -> dict[str, Any]:  # Any: JSON
        """Return the JSON form."""
        told, fleet = self.timings, self.fleet
        alone = fleet.rows * fleet.signals
        return {
            "readings": fleet.readings,
            "readings_tsfresh": self.small.readings,
            "versions": versions(),
            "equal_outputs": True,
            "pandas_ratio": ratio(told["pandas"], told["ours"]),
            "pandas_cpu_ratio": cpu_ratio(told["pandas"], told["ours"]),
            "tsfresh_ratio": ratio(told["tsfresh"], told["ours_small"]),
            "tsfresh_cpu_ratio": cpu_ratio(told["tsfresh"], told["ours_small"]),
            "tsfresh_once_ratio": ratio(told["tsfresh_once"], told["ours_small"]),
            "features_of_whole_set": len(whole_specification(fleet.signals).names),
            "readings_per_second": {
                "batch": fleet.readings / told["batch"].cpu_seconds,
                "streaming": fleet.readings / told["streaming"].cpu_seconds,
                "streaming_alone": alone / told["streaming_alone"].cpu_seconds,
                "shared_statistics": fleet.readings / told["ours"].cpu_seconds,
            },
            "growth": self.growth,
            "timings": {name: timing.to_dict() for name, timing in told.items()},
        }


def measure_features(fleet: Fleet, small: Fleet, runs: int, progress: Progress | None = None) -> FeaturesResult:
    """Compare the outputs, then the times; then see how they grow.

    Args:
        fleet: For pandas and for our whole set.
        small: For tsfresh, which needs a history for every row.
        runs: How often each way is timed.
        progress: Told after each run.

    Raises:
        OutputsDiffer: If a peer does not find the same.
    """
    ways = {**_shared(fleet), **_rolled(small), **_whole(fleet)}
    return FeaturesResult(fleet, small, interleaved(ways, runs, progress), measure_growth(fleet))


def measure_growth(fleet: Fleet) -> dict[str, dict[str, float]]:
    """Return seconds for each reading, streaming, as the fleet, its signals and its history grow tenfold."""
    signals = fleet.signals
    by_assets = {str(assets): _seconds(Fleet(assets, _GROWTH_ROWS, signals)) for assets in (1, 10, 100, 1_000)}
    by_signals = {str(count): _seconds(Fleet(100, _GROWTH_ROWS, count)) for count in (signals, 10 * signals)}
    histories = (_GROWTH_ROWS, 10 * _GROWTH_ROWS)
    return {
        "seconds_per_reading_by_assets": by_assets,
        "seconds_per_reading_by_signals": by_signals,
        "seconds_per_reading_by_rows": {str(rows): _seconds(Fleet(100, rows, signals)) for rows in histories},
        "state_bytes_per_asset_by_rows": {
            str(rows): float(_state_bytes(Fleet(2, rows, signals))) for rows in histories
        },
    }


def stream(specification: FeatureSpecification, lives: Sequence[LifeRows]) -> None:
    """Give rows to the step one by one, all assets at once."""
    plan, state = StepPlan.of(specification), initial_state(specification, len(lives))
    times, values = np.stack([rows.time for rows in lives], 1), np.stack([rows.values for rows in lives], 1)
    for time, row in zip(times, values, strict=True):
        state, _ = step(plan, state, time, row)


def _shared(fleet: Fleet) -> dict[str, Callable[[], object]]:
    specification = specification_of_peers(fleet.signals)
    lives = fleet_lives(fleet, specification)
    table = frame_of(lives, sensor_names(fleet.signals))
    compare_pandas(compute(specification, lives), specification.names, pandas_statistics(table))
    return {"ours": lambda: compute(specification, lives), "pandas": lambda: pandas_statistics(table)}


def _rolled(small: Fleet) -> dict[str, Callable[[], object]]:
    specification = specification_of_peers(small.signals)
    lives = fleet_lives(small, specification)
    table = frame_of(lives, sensor_names(small.signals))
    compare_tsfresh(compute(specification, lives), specification.names, tsfresh_statistics(table))
    return {
        "ours_small": lambda: compute(specification, lives),
        "tsfresh": lambda: tsfresh_statistics(table),
        "tsfresh_once": lambda: tsfresh_once(table),
    }


def _whole(fleet: Fleet) -> dict[str, Callable[[], object]]:
    specification = whole_specification(fleet.signals)
    lives = fleet_lives(fleet, specification)
    return {
        "batch": lambda: compute(specification, lives),
        "streaming": lambda: stream(specification, lives),
        "streaming_alone": lambda: stream(specification, lives[:1]),
    }


def _seconds(fleet: Fleet) -> float:
    specification = whole_specification(fleet.signals)
    lives = fleet_lives(fleet, specification)
    return interleaved({"it": lambda: stream(specification, lives)}, _GROWTH_RUNS)["it"].cpu_seconds / fleet.readings


def _state_bytes(fleet: Fleet) -> int:
    specification = whole_specification(fleet.signals)
    return compute(specification, fleet_lives(fleet, specification))[0].state.nbytes
