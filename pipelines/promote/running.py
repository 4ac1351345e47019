"""The checks of a challenger that look at what it is to run: latency, size and parity of its bundle."""

from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np

from edge_export.runtime.runtime import Runtime
from pipelines.promote.finding import Finding

_CALLS, _WARM_UP = 200, 20


@dataclass(frozen=True, slots=True)
class RunningLimits:
    """What a model may cost to run.

    Attributes:
        microseconds: Median time of one graph, from vector to survival curve, that is always allowed.
        times_champion: A slower one is allowed up to so many times the champion's time, measured in turn with it.
        bytes: Largest size of a bundle, what a gateway is sent.
    """

    microseconds: float = 500.0
    times_champion: float = 2.0
    bytes: int = 5_000_000


def check_running(
    champion: Runtime | None,
    challenger: Runtime,
    limits: RunningLimits = RunningLimits(),  # frozen
) -> tuple[Finding, ...]:
    """Check what the challenger costs to run.

    Args:
        champion: The one that serves, or None before the first promotion.
        challenger: Loaded, which it is only after it gave its golden answers on this machine: that is its parity.
        limits: What is allowed.
    """
    return _latency(champion, challenger, limits), _size(challenger, limits), _parity(challenger)


def _latency(champion: Runtime | None, challenger: Runtime, limits: RunningLimits) -> Finding:
    before, after = _in_turn(champion or challenger, challenger)
    must = f"answer within {limits.microseconds:g} µs, or {limits.times_champion:g} times the champion's time"
    allowed = max(limits.microseconds, limits.times_champion * before)
    found = f"{after:.0f} µs" + ("" if champion is None else f", champion {before:.0f} µs")
    return Finding("latency", after <= allowed, must, found)


def _in_turn(one: Runtime, other: Runtime) -> tuple[float, float]:
    """Return the median microseconds of both, called in turn so that a busy machine is busy for both."""
    taken = np.empty((_CALLS, 2))
    for call in range(-_WARM_UP, _CALLS):
        for place, runtime in enumerate((one, other)):
            vector = np.zeros((1, runtime.session.features), np.float32)
            started = perf_counter_ns()
            runtime.session.run(vector)
            if call >= 0:
                taken[call, place] = (perf_counter_ns() - started) / 1e3
    before, after = np.median(taken, axis=0)
    return float(before), float(after)


def _size(challenger: Runtime, limits: RunningLimits) -> Finding:
    size = challenger.bundle.total_bytes
    return Finding("size", size <= limits.bytes, f"have at most {limits.bytes:,} bytes", f"{size:,}")


def _parity(challenger: Runtime) -> Finding:
    golden = challenger.bundle.golden
    found = challenger.session.run_rows(np.asarray(golden.vectors, np.float32))
    difference = float(np.abs(found - np.asarray(golden.survival, np.float32)).max(initial=0.0))
    must = "give on this machine what the exporter computed, within 1e-05"
    return Finding("parity", difference <= 1e-5, must, f"{difference:.1e} on {len(found)} golden rows")
