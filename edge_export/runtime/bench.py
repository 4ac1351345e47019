"""How long one forecast takes here, and what it costs in memory."""

import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter_ns

import numpy as np

from edge_export.bundle.golden import GoldenCondition
from edge_export.runtime.condition import ConditionStreams
from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.stream import AssetStreams, StreamVector
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.transforms.condition.model import ConditionModel
from features.transforms.specification import FeatureSpecification

_ASSET = AssetId("bench")
_START = datetime(2026, 1, 1, tzinfo=UTC)
_WARM_UP = 50


def bench(runtime: Runtime, repeats: int) -> dict[str, object]:
    """Measure one vector → forecast and one reading → forecast.

    Args:
        runtime: A loaded bundle.
        repeats: Number of measured calls of each kind.

    Returns:
        Microseconds at the 50th and 99th percentile of each, resident memory, and the size of the bundle; of one row →
        state of the machine too. Null for what the bundle does not do.
    """
    forecasts = runtime.graph is not None
    model, rows = runtime.condition, runtime.bundle.golden.condition
    judging = None if model is None or rows is None else _measure(condition_call(model, rows), repeats)
    return {
        "model": runtime.model.name,
        "version": runtime.model.version,
        "bundle_sha256": runtime.model.bundle_sha256,
        "bundle_bytes": runtime.bundle.total_bytes,
        "repeats": repeats,
        "vector_to_forecast_us": _measure(vector_call(runtime), repeats) if forecasts else None,
        "reading_to_forecast_us": _measure(_reading_call(runtime), repeats) if forecasts else None,
        "row_to_condition_us": judging,
        "resident_bytes": resident_bytes(),
    }


def vector_call(runtime: Runtime) -> Callable[[int], object]:
    """Return a call that makes a forecast from a vector of the bundle's own."""
    rows = np.asarray(runtime.bundle.golden.vectors, np.float32)
    complete = rows[np.isfinite(rows).all(axis=1)]
    values = (complete if len(complete) else np.nan_to_num(rows))[0]
    life = max(runtime.calibration.minimum_life, 1.0)
    requests = [VectorRequest(DEFAULT_TENANT, _ASSET, StreamVector(_START, values, life, 0), _START)]
    return lambda _: runtime.forecast(requests, _START)


def resident_bytes() -> int | None:
    """Return the memory that this process holds, or None where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), None)


def _reading_call(runtime: Runtime) -> Callable[[int], object]:
    streams, signals = AssetStreams(runtime.specification), _typical_signals(runtime.specification)
    unit = timedelta(seconds=runtime.calibration.seconds_per_unit)

    def call(number: int) -> object:
        moment = _START + number * unit
        streams.take(_ASSET, moment, signals)
        return runtime.forecast([VectorRequest(DEFAULT_TENANT, _ASSET, streams.newest(_ASSET), moment)], moment)

    return call


def condition_call(model: ConditionModel, golden: GoldenCondition) -> Callable[[int], object]:
    """Return a call that judges the golden rows of state detection, over and over, each later than all before."""
    streams, step = ConditionStreams(model), timedelta(seconds=model.table.interval_seconds)
    rows = [dict(zip(model.table.signals, row, strict=True)) for row in golden.values]
    return lambda number: streams.take(_ASSET, _START + number * step, rows[number % len(rows)])


def _typical_signals(specification: FeatureSpecification) -> dict[str, float]:
    """Return the middle of the largest regime: a row that the machine could have sent."""
    table, rule = specification.regimes, specification.regime_rule
    signals = dict.fromkeys(specification.signals, 0.0)
    if rule.running_signal is not None:
        signals[rule.running_signal] = rule.running_above + 1.0
    signals |= dict(zip(specification.sensors, table.means[0], strict=True))
    middles = zip(specification.conditions, table.centers[0], table.spans, strict=True)
    return signals | {name: center * span for name, center, span in middles}


def _measure(call: Callable[[int], object], repeats: int) -> dict[str, float]:
    for number in range(_WARM_UP):
        call(number)
    times = np.empty(repeats)
    gc.collect()
    for index in range(repeats):
        start = perf_counter_ns()
        call(_WARM_UP + index)
        times[index] = perf_counter_ns() - start
    return {name: round(float(np.percentile(times, q)) / 1000, 1) for name, q in (("p50", 50), ("p99", 99))}
