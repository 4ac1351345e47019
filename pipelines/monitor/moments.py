"""When something changed: river's detectors over one number a day. Nothing else here knows river."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def changed_on(day: NDArray[np.float64], value: NDArray[np.float64], certainty: float = 0.002) -> int | None:
    """Return the day on which the mean of a stream was last seen to change, or None.

    ADWIN (Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing", SDM 2007) over the mean of
    each day; a change is seen some days after it began.

    Args:
        day: Days since 1970. Shape (batch,).
        value: NaN where unknown. Shape (batch,).
        certainty: ADWIN's delta, the probability of a false alarm.
    """
    from river.drift import ADWIN  # lazy: river takes half a second

    known = ~np.isnan(value)
    number = np.floor(day[known]).astype(np.int64)
    if not len(number):
        return None
    first = int(number.min())
    count = np.bincount(number - first)
    mean = np.bincount(number - first, value[known]) / np.maximum(count, 1)
    detector: Any = ADWIN(delta=certainty, clock=1, grace_period=5)  # type: ignore[no-untyped-call]  # river has no types
    found = None
    for offset in np.flatnonzero(count):
        detector.update(float(mean[offset]))
        if detector.drift_detected:
            found = first + int(offset)
    return found
