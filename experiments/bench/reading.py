"""Reading from InfluxDB: `query_data_frame` of influxdb-client against our store.

Each is fed the answer of the server that it speaks with, to the same rows: our store one in InfluxQL, the client one in
Flux. `ratio` is that of the wide form, one row for each asset and time: the answer in Flux is pivoted and holds nothing
that was not asked for, which is the quickest that the client can get. `long_ratio` is that of the long form, one row
for each reading, which is how Flux answers by itself. All end in a frame in memory; the frames are compared before
anything is timed.
"""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import polars as pl
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.warnings import MissingPivotFunction

from experiments.bench.errors import OutputsDiffer, PartMissing
from experiments.bench.fleet import PACK, TENANT, fleet_signals, fleet_table, long_form
from experiments.bench.loopback import DATABASE
from experiments.bench.servers import loopback_server, real_influxd
from experiments.bench.timing import Progress, Timing, cpu_ratio, interleaved, ratio
from features.domain.identifiers import TenantId
from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.store import InfluxTelemetryStore
from features.telemetry.line_protocol.writer import write_wide_lines

_LINES_AT_ONCE = 50_000
_LONG_FLUX = """from(bucket: "bench") |> range(start: 0) |> keep(columns: ["_time", "_value", "_field", "asset_id"])"""
_LONG_RUNS = 2
_FLUX = """from(bucket: "bench") |> range(start: 0)
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> keep(columns: ["_time", "asset_id", {signals}])"""


@dataclass(frozen=True, slots=True)
class ReadingResult:
    """What reading costs.

    Attributes:
        readings: Values read in each run.
        rows: Rows of the frames.
        peers: By way, all from loopback: `query_data_frame`, `ours` (every value, as the client gives them) and
            `ours_judged` (without those whose verdict is not good, which is what features read); then the long form,
            `query_data_frame_long` and `ours_long` (with revisions).
        real: Our store against a real InfluxDB 1.x, or None.
        reason: Why there is no figure for the real one.
    """

    readings: int
    rows: int
    peers: dict[str, Timing]
    real: Timing | None
    reason: str | None

    def to_dict(self) -> dict[str, Any]:  # Any: JSON
        """Return the JSON form."""
        ours, theirs = self.peers["ours"], self.peers["query_data_frame"]
        ours_long, theirs_long = self.peers["ours_long"], self.peers["query_data_frame_long"]
        return {
            "readings": self.readings,
            "rows": self.rows,
            "influxdb_client": version("influxdb-client"),
            "influxdb_client_has_ciso8601": find_spec("ciso8601") is not None,
            "equal_outputs": True,
            "ratio": ratio(theirs, ours),
            "cpu_ratio": cpu_ratio(theirs, ours),
            "long_ratio": ratio(theirs_long, ours_long),
            "long_cpu_ratio": cpu_ratio(theirs_long, ours_long),
            "timings": {name: timing.to_dict() for name, timing in self.peers.items()},
            "influxd": {
                "readings_per_second": None if self.real is None else self.readings / self.real.wall_seconds,
                "timing": None if self.real is None else self.real.to_dict(),
                "reason": self.reason,
            },
        }


def measure_reading(readings: int, signals: int, runs: int, progress: Progress | None = None) -> ReadingResult:
    """Compare the frames, then the times; then read from a real server, if there is one.

    Args:
        readings: Values to read, about; they are spread over the signals.
        signals: How many signals each asset has.
        runs: How often each way is timed.
        progress: Told after each run.

    Raises:
        OutputsDiffer: If the frames are not equal.
    """
    names = fleet_signals(signals)
    table = fleet_table(max(1, readings // len(names)), names)
    with tempfile.TemporaryDirectory() as folder:
        peers = _measure_peers(table, names, runs, Path(folder), progress)
    real, reason = None, None
    try:
        with tempfile.TemporaryDirectory() as folder, real_influxd(Path(folder)) as url:
            real = _measure_real(url, table, names, runs, Path(folder))
    except PartMissing as error:
        reason = str(error)
    return ReadingResult(table.height * len(names), table.height, peers, real, reason)


def fill(url: str, table: pl.DataFrame) -> None:
    """Write a table to an InfluxDB 1.x through our writer."""
    query = f"{url}/query?q=CREATE+DATABASE+{DATABASE}"
    urlopen(Request(query, data=b"", method="POST"), timeout=60).close()
    for part in table.iter_slices(_LINES_AT_ONCE):
        body = write_wide_lines(part, measurement=PACK, tenant=TENANT)
        target = Request(f"{url}/write?db={DATABASE}&precision=u", data=body, method="POST")
        urlopen(target, timeout=60).close()


def require_frame(expected: pl.DataFrame, found: pl.DataFrame, name: str) -> None:
    """Check that a frame is what was to be read.

    Raises:
        OutputsDiffer: If it is not.
    """
    if not found.equals(expected):
        raise OutputsDiffer("the table", name, f"{found.shape} of {expected.shape}, {found.schema}")


def _measure_peers(
    table: pl.DataFrame, names: list[str], runs: int, folder: Path, progress: Progress | None
) -> dict[str, Timing]:
    flux = _FLUX.format(signals=", ".join(f'"{name}"' for name in names))
    tenant = TenantId(TENANT)
    with loopback_server(table, folder) as url, _store(url, names, folder) as store, _client(url) as client:
        ask = client.query_api().query_data_frame
        wide: dict[str, Callable[[], Any]] = {  # Any: pandas ships no types
            "ours": lambda: store.read_wide(tenant, signals=names, with_suspect=True),
            "ours_judged": lambda: store.read_wide(tenant, signals=names),
            "query_data_frame": lambda: ask(flux),
        }
        long: dict[str, Callable[[], Any]] = {  # Any: as above
            "ours_long": lambda: store.read(tenant, signals=names),
            "query_data_frame_long": lambda: _ask_long(client),
        }
        for name in ("ours", "ours_judged"):
            require_frame(table, wide[name](), name)
        require_frame(table, _as_ours(wide["query_data_frame"](), table.columns), "query_data_frame")
        readings = long_form(table).drop("revision")
        require_frame(readings, long["ours_long"]().drop("revision"), "ours_long")
        require_frame(readings, _as_ours(long["query_data_frame_long"](), readings.columns), "query_data_frame_long")
        return interleaved(wide, runs, progress) | interleaved(long, min(runs, _LONG_RUNS), progress)


def _ask_long(client: InfluxDBClient) -> Any:  # Any: pandas ships no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingPivotFunction)  # the client advises against it; it is what others do
        return client.query_api().query_data_frame(_LONG_FLUX)


def _as_ours(frame: Any, columns: list[str]) -> pl.DataFrame:  # Any: pandas ships no types
    """Return a frame of the client's with our names and types, sorted by key."""
    named = pl.from_pandas(frame).rename({"asset_id": "asset", "_time": "time"})
    named = named.rename({"_field": "signal", "_value": "value"}, strict=False).select(columns)
    time = pl.col("time").dt.cast_time_unit("us").dt.convert_time_zone("UTC")
    return named.with_columns(time).sort([name for name in ("asset", "signal", "time") if name in columns])


def _measure_real(url: str, table: pl.DataFrame, names: list[str], runs: int, folder: Path) -> Timing:
    with _store(url, names, folder) as store:
        fill(url, table)
        require_frame(table, store.read_wide(TenantId(TENANT), signals=names), "our store with a real InfluxDB")
        return interleaved({"real": lambda: store.read_wide(TenantId(TENANT), signals=names)}, runs)["real"]


@contextmanager
def _store(url: str, names: list[str], folder: Path) -> Iterator[InfluxTelemetryStore]:
    grades = [(name, 1) for name in names]
    server = InfluxServer(url, DATABASE, timeout_seconds=120.0)
    with InfluxTelemetryStore(server, PACK, grades, folder / "changes.sqlite") as store:
        yield store


@contextmanager
def _client(url: str) -> Iterator[InfluxDBClient]:
    with InfluxDBClient(url, token="none", org="bench", timeout=600_000) as client:
        yield client
