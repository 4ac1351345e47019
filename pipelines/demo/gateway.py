"""Runs the gateway's program on the telemetry of the centre and compares its forecasts with the centre's."""

import json
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import IO, Any

from features.domain.events import Event, LifeEpoch, events_by_asset
from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import format_time, from_microseconds, microseconds
from features.records.database import open_records
from features.records.events import EventRecords
from features.records.lives import LifeRecords
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.specification import FeatureSpecification
from pipelines.building.tracks import read_life
from pipelines.errors import GatewayDiffers

LARGEST_DIFFERENCE = 1e-5


@dataclass(frozen=True, slots=True)
class GatewayReport:
    """What the gateway's program gave.

    Attributes:
        compared: Assets for which both sides gave numbers.
        max_abs_diff: Largest difference of any probability, or of any remaining life as a share of the cap.
        p50_us: Median time from a feature vector to a forecast, microseconds.
        bundle_bytes: Size of the bundle.
    """

    compared: int
    max_abs_diff: float
    p50_us: float
    bundle_bytes: int


def run_gateway(home: Home, tenant: TenantId, bundle: Path, central: Sequence[dict[str, Any]]) -> GatewayReport:
    """Feed the current life of every asset to the gateway's program, as JSON lines.

    Args:
        home: Where the telemetry is.
        tenant: Whose machines.
        bundle: The champion.
        central: Forecasts of the service for the same assets.

    Returns:
        The comparison.

    Raises:
        GatewayDiffers: If a status or a number differs.
    """
    as_of = max(str(forecast["issued_at"]) for forecast in central)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        for line in telemetry_lines(home, tenant, bundle):
            lines.write(line)
        lines.seek(0)
        output = _runtime(
            ["run", str(bundle), "--last", "--forecasts-alone", "--tenant", tenant, "--as-of", as_of], lines
        )
    answers = [json.loads(line) for line in output.splitlines()]
    edge = {answer["asset"]: answer for answer in answers if "asset" in answer}
    compared, largest = compare(central, edge)
    bench = json.loads(_runtime(["bench", str(bundle), "--json"], None))
    size = sum(file.stat().st_size for file in bundle.iterdir())
    return GatewayReport(compared, largest, float(bench["vector_to_forecast_us"]["p50"]), size)


def telemetry_lines(home: Home, tenant: TenantId, bundle: Path) -> Iterator[str]:
    """Yield the readings of every current life, in time order for each asset, as a gateway would hear them.

    Where features ask for events, those of the asset come between the readings, the ones before this life first.
    """
    specification, records = _specification(bundle), open_records(home.records_url)
    signals = specification.signals
    lives = LifeRecords(records).list_all(tenant)
    happened = events_by_asset(EventRecords(records).list_all(tenant)) if specification.layout.events else {}
    current: dict[str, LifeEpoch] = {life.asset: life for life in lives}
    with SqliteTelemetryStore(home.telemetry) as store:
        for asset, life in current.items():
            rows = read_life(store, tenant, life, signals)
            times = rows["time"].dt.timestamp("us").to_list()
            coming = deque(sorted(happened.get(AssetId(asset), ()), key=lambda event: event.at))
            for time_us, values in zip(times, rows.select(signals).iter_rows(), strict=True):
                while coming and microseconds(coming[0].at) < time_us:
                    yield event_line(coming.popleft())
                moment = format_time(from_microseconds(time_us))
                record = {"asset_id": asset, "time": moment, "signals": dict(zip(signals, values, strict=True))}
                yield json.dumps(record) + "\n"


def event_line(event: Event) -> str:
    """Return an event as the line of JSON that a gateway reads."""
    texts = {name: getattr(event, name) for name in ("failure_mode", "component", "code", "note")}
    said = {name: text for name, text in texts.items() if text is not None}
    return json.dumps({"asset_id": event.asset, "time": format_time(event.at), "event": event.kind.value} | said) + "\n"


def compare(central: Sequence[dict[str, Any]], edge: dict[str, dict[str, Any]]) -> tuple[int, float]:
    """Return how many forecasts carry numbers on both sides, and the largest difference among them.

    Raises:
        GatewayDiffers: If one side has a forecast and the other has none, or they differ by more than 1e-5.
    """
    compared, largest = 0, 0.0
    for forecast in central:
        other = edge.get(forecast["asset"], {"status": "insufficient"})
        if forecast["status"] != other["status"]:
            raise GatewayDiffers(
                f"Centre and gateway must agree on {forecast['asset']}; "
                f"found {forecast['status']} and {other['status']} ({other.get('reason')})."
            )
        if forecast["status"] == "ok":
            compared += 1
            largest = max(largest, difference(forecast, other))
    if largest > LARGEST_DIFFERENCE:
        raise GatewayDiffers(f"Centre and gateway must differ by at most {LARGEST_DIFFERENCE}; found {largest:.2e}.")
    return compared, largest


def difference(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return the largest difference of two forecasts: of probabilities, and of lives as shares of the cap."""
    pairs = zip(one["horizons"], other["horizons"], strict=True)
    parts = [abs(first["p_fail"] - second["p_fail"]) for first, second in pairs]
    names = ("p05", "p50", "p95", "mean")
    parts += [abs(one["life"][name] - other["life"][name]) / one["life"]["cap"] for name in names]
    shares, others = one.get("per_mode") or {}, other.get("per_mode") or {}
    parts += [abs(shares.get(mode, inf) - others.get(mode, -inf)) for mode in sorted({*shares, *others})]
    return float(max(parts))


def _specification(bundle: Path) -> FeatureSpecification:
    from edge_export.runtime.runtime import Runtime  # lazy: onnxruntime

    return Runtime.load(bundle).specification


def _runtime(arguments: list[str], lines: IO[str] | None) -> str:
    command = [sys.executable, "-m", "edge_export.runtime", *arguments]
    done = subprocess.run(command, stdin=lines or subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GatewayDiffers(f"The gateway's program must end well; it said: {done.stderr[-2000:]}")
    return done.stdout
