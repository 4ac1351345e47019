"""Courses: what a running quantity is after every row of a stretch of rows, for many lives at once.

The axis of time comes first, that of the lives last. A stretch of many rows gives the bits of its rows one by one.
"""

import numpy as np
from numpy.typing import NDArray

_NARROW = 64
"""Numbers of a row below which one call along time beats one call for each row."""

_Array = NDArray[np.float64]


def accumulated(operation: np.ufunc, start: _Array, values: _Array) -> _Array:
    """Return after[t] = operation(after[t - 1], values[t]).

    Args:
        operation: Of two arguments, such as `np.add`.
        start: What was before the first row. Shape (..., batch).
        values: Shape (time, ..., batch).

    Examples:
        >>> accumulated(np.add, np.array([1.0]), np.array([[2.0], [3.0]])).ravel().tolist()
        [3.0, 6.0]
    """
    if len(values) == 1:
        return np.asarray(operation(start, values), np.float64)
    course = np.empty_like(values)
    operation(start, values[0], out=course[0])
    if start.size < _NARROW:
        course[1:] = values[1:]
        return np.asarray(operation.accumulate(course, axis=0, out=course), np.float64)
    for row in range(1, len(values)):
        operation(course[row - 1], values[row], out=course[row])
    return course


def held(start: _Array, values: _Array, is_known: NDArray[np.bool_] | None) -> _Array:
    """Return the last known value before the first row, and after every row.

    Args:
        start: What was known before the first row. Shape (..., batch).
        values: Shape (time, ..., batch), as the next.
        is_known: Whether the value of the row counts; None if all do.

    Returns:
        Shape (time + 1, ..., batch).

    Examples:
        >>> held(np.array([1.0]), np.array([[2.0], [3.0]]), np.array([[False], [True]])).ravel().tolist()
        [1.0, 1.0, 3.0]
    """
    course = np.empty((len(values) + 1, *start.shape))
    course[0], course[1:] = start, values
    if is_known is not None:
        is_unknown = ~is_known
        for row in range(len(values)):
            np.copyto(course[row + 1], course[row], where=is_unknown[row])
    return course


def decayed(start: _Array, decay: _Array, gained: _Array) -> _Array:
    """Return after[t] = after[t - 1] · decay[t] + gained[t].

    Args:
        start: Weighted sums before the first row. Shape (quantity, window, batch).
        decay: Shape (time, window, batch).
        gained: Shape (time, quantity, window or 1, batch).

    Returns:
        Shape (time, quantity, window, batch).
    """
    course, before = np.empty((len(decay), *start.shape)), start
    for now, fading, more in zip(course, decay, gained, strict=True):
        np.multiply(before, fading, out=now)
        now += more
        before = now
    return course


def running_mean(count: _Array, mean: _Array, values: _Array, is_in: NDArray[np.bool_]) -> tuple[_Array, _Array]:
    """Return number and mean of what was seen.

    The mean is kept as it is, not as a sum: mean += (z - mean) / n (Welford, Technometrics 4, 1962), which loses
    no digits however old the machine is.

    Args:
        count: How many were seen before. Shape (quantity, batch), or (1, batch) where all are seen together.
        mean: Their mean. Shape (quantity, batch).
        values: Shape (time, quantity, batch).
        is_in: Which of them count. Shape (time, quantity, batch), or (time, 1, batch).

    Returns:
        With the axis of time first; its length is 1 where nothing counts, so that they stay as they were.
    """
    if not is_in.any():
        return count[None], mean[None]
    counts, means = accumulated(np.add, count, is_in.astype(np.float64)), np.empty_like(values)
    divisor, is_out = np.maximum(counts, 1.0), None if is_in.all() else ~is_in
    for row, now in enumerate(means):
        np.subtract(values[row], mean, out=now)
        now /= divisor[row]
        if is_out is not None:
            np.copyto(now, 0.0, where=is_out[row])
        now += mean
        mean = now
    return counts, means
