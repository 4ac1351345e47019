"""Whether an exchange of two signals could be told at all, by an observer who knows when it began and what was true.

An exchange turns the difference of the two round, so that it jumps. A sound machine's difference jumps as well, with
noise, weather and load. An exchange can be told if its jump, between the means of as many rows before and after, is
larger than nearly all of those that the same machine makes by itself. Whoever judges as rows come, without the truth,
can hardly do better; but the bound is one of the difference alone, so that other signals may still help.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

WINDOWS = (5, 20, 80)
"""Rows on each side of a jump; the best of them counts."""
USUAL = 0.999
"""Share of a machine's own jumps that an exchange must exceed."""
_FEWEST_WINDOWS = 4


def is_tellable(difference: FloatArray, begin: int, rows: int) -> bool:
    """Say whether the jump at the beginning of an exchange stands out.

    Args:
        difference: True difference of the two signals of one machine, in the rows that can tell. Shape (row,).
        begin: First exchanged row.
        rows: How many are exchanged.

    Examples:
        >>> noise = np.random.default_rng(1).standard_normal(1_000)
        >>> is_tellable(3.0 + noise, 500, 50), is_tellable(noise, 500, 50)
        (True, False)
    """
    return any(_stands_out(difference, begin, min(window, rows)) for window in WINDOWS)


def _stands_out(difference: FloatArray, begin: int, window: int) -> bool:
    if not window or begin < window or len(difference) < _FEWEST_WINDOWS * window:
        return False
    before, after = difference[begin - window : begin].mean(), difference[begin : begin + window].mean()
    usual = np.quantile(np.abs(_jumps(difference, window)), USUAL)
    return bool(abs(after + before) > usual)


def _jumps(difference: FloatArray, window: int) -> FloatArray:
    """Return by how much the mean of the next rows differs from that of the rows before. Shape (row,)."""
    sums = np.concatenate([[0.0], np.cumsum(difference)])
    means = (sums[window:] - sums[:-window]) / window
    return np.asarray(means[window:] - means[:-window])
