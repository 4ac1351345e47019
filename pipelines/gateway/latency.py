"""How long two bundles take from a feature vector to a forecast, called in turn: a busy machine is busy for both."""

from time import perf_counter_ns

import numpy as np

from edge_export.runtime.bench import vector_call
from edge_export.runtime.runtime import Runtime

_WARM_UP = 50


def forecast_microseconds(one: Runtime, other: Runtime, calls: int = 1000) -> tuple[float, float]:
    """Return the median time of a forecast of each.

    Args:
        one: A loaded bundle.
        other: Another one.
        calls: Forecasts by each.
    """
    forecasts = vector_call(one), vector_call(other)
    taken = np.empty((calls, 2))
    for call in range(-_WARM_UP, calls):
        for place, forecast in enumerate(forecasts):
            started = perf_counter_ns()
            forecast(call)
            if call >= 0:
                taken[call, place] = (perf_counter_ns() - started) / 1e3
    first, second = np.median(taken, axis=0)
    return float(first), float(second)
