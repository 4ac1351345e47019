"""Writing line protocol: ours against the two ways of influxdb-client, from what is in memory to bytes.

The sink is null: nothing is sent, only made. Each way begins with the form it likes best, made beforehand: ours with
a polars frame, `Point` with Python rows, the client's DataFrame path with a pandas frame. The three bodies are parsed
and compared before anything is timed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import polars as pl
from influxdb_client.client.write.dataframe_serializer import data_frame_to_list_of_points
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import PointSettings
from influxdb_client.domain.write_precision import WritePrecision

from experiments.bench.errors import OutputsDiffer
from experiments.bench.fleet import PACK, TENANT, fleet_signals, fleet_table, long_form
from experiments.bench.timing import Progress, Timing, cpu_ratio, interleaved, ratio
from features.domain.arrivals import Precision
from features.telemetry.line_protocol.layout import ASSET, MEASUREMENT, ROW, TIME
from features.telemetry.line_protocol.reader import read_lines
from features.telemetry.line_protocol.writer import write_lines, write_wide_lines


@dataclass(frozen=True, slots=True)
class WritingResult:
    """What writing costs.

    Attributes:
        rows: Lines written in each run.
        signals: Fields of each line.
        body_bytes: Size of our body.
        timings: By way: `ours` (a wide table), `ours_long` (readings as the stores hold them), `point`, `dataframe`.
    """

    rows: int
    signals: int
    body_bytes: int
    timings: dict[str, Timing]

    def to_dict(self) -> dict[str, Any]:  # Any: JSON
        """Return the JSON form."""
        ours, point, frame = (self.timings[name] for name in ("ours", "point", "dataframe"))
        return {
            "rows": self.rows,
            "signals": self.signals,
            "body_bytes": self.body_bytes,
            "sink": "none: bytes are made, not sent",
            "influxdb_client": version("influxdb-client"),
            "equal_outputs": True,
            "point_ratio": ratio(point, ours),
            "point_cpu_ratio": cpu_ratio(point, ours),
            "dataframe_ratio": ratio(frame, ours),
            "dataframe_cpu_ratio": cpu_ratio(frame, ours),
            "readings_per_second": self.rows * self.signals / ours.wall_seconds,
            "timings": {name: timing.to_dict() for name, timing in self.timings.items()},
        }


def measure_writing(rows: int, signals: int, runs: int, progress: Progress | None = None) -> WritingResult:
    """Compare the outputs, then the times.

    Raises:
        OutputsDiffer: If the bodies do not say the same.
    """
    names = fleet_signals(signals)
    table = fleet_table(rows, names)
    readings, python_rows, frame = long_form(table), table.rows(), _pandas(table)
    ways: dict[str, Callable[[], bytes]] = {
        "ours": lambda: write_wide_lines(table, measurement=PACK, tenant=TENANT),
        "point": lambda: point_lines(names, python_rows),
        "dataframe": lambda: dataframe_lines(frame),
        "ours_long": lambda: write_lines(readings, measurement=PACK, tenant=TENANT),
    }
    body = ways["ours"]()
    for name, way in ways.items():
        require_equal(table, way(), name)
    return WritingResult(rows, len(names), len(body), interleaved(ways, runs, progress))


def point_lines(names: list[str], rows: list[tuple[Any, ...]]) -> bytes:  # Any: cells of polars
    """Write rows of asset, time and values through the client's `Point`."""
    lines = []
    for asset, time, *values in rows:
        point = Point(PACK).tag(ASSET, asset).tag("tenant", TENANT)  # type: ignore[no-untyped-call]  # the vendor's
        for name, value in zip(names, values, strict=True):
            point.field(name, value)
        lines.append(point.time(time, WritePrecision.US).to_line_protocol())
    return "\n".join(lines).encode()


def dataframe_lines(frame: Any) -> bytes:  # Any: pandas ships no types
    """Write a pandas frame through the client's own serialiser."""
    lines: list[str] = data_frame_to_list_of_points(  # type: ignore[no-untyped-call]  # the vendor's
        frame,
        PointSettings(),
        precision=WritePrecision.US,
        data_frame_measurement_name=PACK,
        data_frame_tag_columns=[ASSET, "tenant"],
    )
    return "\n".join(lines).encode()


def require_equal(table: pl.DataFrame, body: bytes, name: str) -> None:
    """Parse a body and compare it with the table that it was made of.

    Raises:
        OutputsDiffer: If it says something else.
    """
    result = read_lines(body, Precision.MICROSECONDS, datetime.now(UTC))
    found = result.table.drop(ROW, MEASUREMENT).rename({ASSET: "asset", TIME: "time"})
    if result.faults or not found.select(table.columns).sort("asset", "time").equals(table):
        raise OutputsDiffer("ours", name, f"{len(result.faults)} faults, {found.height} of {table.height} lines")


def _pandas(table: pl.DataFrame) -> Any:  # Any: pandas ships no types
    named = table.rename({"asset": ASSET}).with_columns(pl.lit(TENANT).alias("tenant"))
    return named.to_pandas().set_index("time")
