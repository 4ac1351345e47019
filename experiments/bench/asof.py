"""Point-in-time joins: our offline store against those of Feast, all through `get_historical_features`.

Each store is a process of its own with the same definitions, rows and labels. The results are compared first, value by
value. Memory is the peak of the process after its first join, less what it held when everything was imported: labels
and result count, for both. The file store drops labels whose features are out of ttl, so it gets labels that all have
some; and it sorts versions of one event time with a sort that is not stable, so that now and then a corrected value
comes back as it was before, so it gets rows without corrections.
"""

import json
import statistics
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from experiments.bench.asof_data import NUMBER, Sizes, write_data
from experiments.bench.errors import OutputsDiffer
from experiments.bench.processes import Child, child
from experiments.bench.timing import Progress, Timing, cpu_ratio, ratio

MODULE = "experiments.bench.asof_process"


@dataclass(frozen=True, slots=True)
class Cost:
    """What joining costs one store.

    Attributes:
        timing: Time of each join.
        peak_bytes: Peak of memory of the first join, less that of the imported process.
    """

    timing: Timing
    peak_bytes: int

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {**self.timing.to_dict(), "peak_mib": round(self.peak_bytes / 2**20, 1)}


@dataclass(frozen=True, slots=True)
class AsofResult:
    """What point-in-time joins cost.

    Attributes:
        sizes: How much was joined.
        matched: Labels of the large set that have features.
        large: By store, `ours` and `duckdb`.
        fresh: By store, `ours` and `file`.
    """

    sizes: Sizes
    matched: int
    large: Mapping[str, Cost]
    fresh: Mapping[str, Cost]

    def to_dict(self) -> dict[str, Any]:  # Any: JSON
        """Return the JSON form."""
        ours, duckdb = self.large["ours"], self.large["duckdb"]
        ours_fresh, file = self.fresh["ours"], self.fresh["file"]
        return {
            "labels": self.sizes.labels,
            "rows": self.sizes.rows,
            "features": self.sizes.features,
            "assets": self.sizes.assets,
            "fresh_labels": self.sizes.fresh_labels,
            "labels_with_features": self.matched,
            "feast": version("feast"),
            "equal_outputs": True,
            "ratio": ratio(duckdb.timing, ours.timing),
            "cpu_ratio": cpu_ratio(duckdb.timing, ours.timing),
            "memory_ratio": duckdb.peak_bytes / ours.peak_bytes,
            "file_ratio": ratio(file.timing, ours_fresh.timing),
            "file_cpu_ratio": cpu_ratio(file.timing, ours_fresh.timing),
            "file_memory_ratio": file.peak_bytes / ours_fresh.peak_bytes,
            "large": {name: cost.to_dict() for name, cost in self.large.items()},
            "fresh": {name: cost.to_dict() for name, cost in self.fresh.items()},
        }


def measure_asof(sizes: Sizes, runs: int, progress: Progress | None = None) -> AsofResult:
    """Compare the results, then time the joins.

    Args:
        sizes: How much is joined.
        runs: How often each way is timed, after once to warm up.
        progress: Told after each join.

    Raises:
        OutputsDiffer: If two stores do not give the same.
    """
    total = 2 * 2 * (runs + 1)
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    with tempfile.TemporaryDirectory() as name:
        corrected, uncorrected = Path(name) / "corrected", Path(name) / "uncorrected"
        corrected.mkdir()
        write_data(sizes, corrected)
        large = _measure(("ours", "duckdb"), "labels", sizes, runs, corrected, tell)
        matched = pl.read_parquet(corrected / "ours-labels.parquet").select(sizes.names)
        with_features = int(matched.select(pl.any_horizontal(pl.all().is_not_null()).sum()).item())
        uncorrected.mkdir()
        write_data(sizes, uncorrected, corrected=0.0)
        fresh = _measure(("ours", "file"), "fresh", sizes, runs, uncorrected, tell)
    return AsofResult(sizes, with_features, large, fresh)


def require_same(expected: pl.DataFrame, found: pl.DataFrame, names: list[str], other: str) -> None:
    """Check that two results hold the same labels with the same values, whatever their order.

    Args:
        expected: Ours.
        found: That of another store; a pandas frame on its way may have turned null into not-a-number.
        names: Features.
        other: Name of the other store.

    Raises:
        OutputsDiffer: If they do not.
    """
    columns = [NUMBER, "tenant", "asset", *names]
    if expected.height != found.height:
        raise OutputsDiffer("our offline store", other, f"{expected.height} and {found.height} labels")
    one, two = (_in_order(frame.select(columns), names) for frame in (expected, found))
    differing = [name for name in columns if not one[name].equals(two[name], null_equal=True)]
    if differing:
        raise OutputsDiffer("our offline store", other, f"other values of {', '.join(differing)}")


def _in_order(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    values = [pl.col(name).cast(pl.Float32).fill_nan(None) for name in names]
    return frame.with_columns(pl.col("tenant", "asset").cast(pl.String), *values).sort(NUMBER)


def _measure(
    stores: tuple[str, str], labels: str, sizes: Sizes, runs: int, folder: Path, tell: Callable[[], None]
) -> dict[str, Cost]:
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in stores}
    with ExitStack() as stack:
        ways = {name: stack.enter_context(child(MODULE, [name, str(folder), str(sizes.features)])) for name in stores}
        for run in range(runs + 1):
            for name, way in ways.items():
                result = f"{name}-{labels}.parquet" if run == 0 else None
                taken[name].append(_ask(way, f"{labels}.parquet", result))
                tell()
            if run == 0:
                ours, theirs = (pl.read_parquet(folder / f"{name}-{labels}.parquet") for name in stores)
                require_same(ours, theirs, sizes.names, stores[1])
    return {name: _cost(each) for name, each in taken.items()}


def _ask(way: Child, labels: str, result: str | None) -> dict[str, float]:
    way.tell(json.dumps({"labels": labels, "result": result}))
    told: dict[str, float] = json.loads(way.line())
    return told


def _cost(taken: list[dict[str, float]]) -> Cost:
    """Return the cost of one store; the first join warms up, and is the one whose memory counts."""
    walls = tuple(each["wall_seconds"] for each in taken[1:])
    timing = Timing(statistics.median(walls), statistics.median(each["cpu_seconds"] for each in taken[1:]), walls)
    return Cost(timing, int(taken[0]["peak_bytes"]))
