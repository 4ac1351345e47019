"""Puts one fault into some rows of a history; pure, and the same seed gives the same fault."""

import warnings
from dataclasses import replace

import numpy as np

from experiments.errors import InjectionImpossible
from experiments.injection.injected import FloatArray, Injected, Truth
from experiments.injection.kinds import KINDS, Place
from models.condition.history import History

_LEAST_BEFORE = 10


def inject(history: History, kind: str, rows: slice, *, severity: float = 3.0, seed: int = 0) -> Injected:
    """Put one fault into a history.

    Args:
        history: Telemetry without a fault; left as it is.
        kind: One of `KINDS`.
        rows: Where the fault lies: a start and a stop, with at least ten rows before.
        severity: Size in standard deviations that the signal has before the fault; kinds without a size ignore it.
        seed: Draws signal, direction and the rest. One seed draws the same at every severity.

    Returns:
        All rows, with the fault and its truth.

    Raises:
        InjectionImpossible: If the rows do not lie within the history, or the kind cannot be put there.
        KeyError: If there is no such kind.
    """
    if not (_LEAST_BEFORE <= rows.start < rows.stop <= len(history)):
        raise InjectionImpossible(
            f"A fault must lie within the history, with {_LEAST_BEFORE} rows before it; found rows {rows.start} to"
            f" {rows.stop} of {len(history)}. Put it elsewhere."
        )
    drawn = KINDS[kind]
    before = history.readings[: rows.start]
    place = Place(before, history.readings[rows], _scale(before), severity, history.interval())
    change = drawn.change(place, np.random.default_rng(seed))
    readings, written = history.readings.copy(), history.seconds.copy()
    readings[rows] = change.readings
    written[rows] += change.offset
    covered = np.zeros(readings.shape, dtype=np.bool_)
    covered[rows, list(change.signals)] = True
    truth = Truth(
        kind=kind,
        verdict=drawn.verdict,
        from_seconds=float(history.seconds[rows.start]),
        to_seconds=float(history.seconds[rows.stop - 1]),
        signals=change.signals,
        severity=severity if drawn.has_size else None,
    )
    injected = Injected(written, history.seconds.copy(), readings, covered, truth)
    return _without(injected, rows) if change.is_missing else injected


def _without(injected: Injected, rows: slice) -> Injected:
    kept = np.ones(len(injected.seconds), dtype=np.bool_)
    kept[rows] = False
    return replace(
        injected,
        seconds=injected.seconds[kept],
        true_seconds=injected.true_seconds[kept],
        readings=injected.readings[kept],
        covered=injected.covered[kept],
    )


def _scale(before: FloatArray) -> FloatArray:
    """Return the standard deviation of every signal; 0 where it never moved or is not known. Shape (signal,)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a signal that was never measured
        deviation, level = np.nanstd(before, axis=0), np.abs(np.nanmean(before, axis=0))
    return np.where(deviation > 1e-9 * np.maximum(level, 1.0), deviation, 0.0)
