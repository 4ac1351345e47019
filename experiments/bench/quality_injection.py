"""Faults of instruments put into telemetry that has none known: pure functions on arrays, with the truth.

Kinds and sizes are those of the simulator (`pipelines/simulate/instruments`), as shares of the plausible range.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.quality.rules import QualityRules

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_SPIKE_SHARE = (0.15, 1.0)
_SPIKES_APART = 4
_NOISE_TIMES = (4.0, 12.0)


@dataclass(frozen=True, slots=True)
class Injected:
    """Telemetry with one fault.

    Attributes:
        values: Shape (row, signal).
        altered: Readings that differ from what was measured. Shape (row, signal).
        signals: Places of the signals concerned.
    """

    kind: str
    values: FloatArray
    altered: BoolArray
    signals: tuple[int, ...]


def inject(
    kind: str, rules: QualityRules, values: FloatArray, rows: slice, rng: np.random.Generator
) -> Injected | None:
    """Put one fault into some rows of a machine; None where no signal can have it.

    Args:
        kind: One of `KINDS`.
        rules: Ranges, conversions and swappable pairs of the signals.
        values: Left as they are. Shape (row, signal).
        rows: Where the fault lies.
        rng: Draws signal and size.
    """
    measured = [place for place, signal in enumerate(rules.signals) if signal.is_measured]
    moving = [place for place in measured if np.ptp(values[:, place]) > 0.0]
    changed = values.copy()
    signals = KINDS[kind](rules, changed, rows, rng, moving)
    return None if signals is None else Injected(kind, changed, changed != values, signals)


def _stuck(
    _rules: QualityRules, values: FloatArray, rows: slice, rng: np.random.Generator, moving: list[int]
) -> tuple[int, ...] | None:
    place = _one_of(rng, moving)
    if place is None:
        return None
    values[rows, place] = values[rows.start - 1, place]
    return (place,)


def _spike(
    rules: QualityRules, values: FloatArray, rows: slice, rng: np.random.Generator, moving: list[int]
) -> tuple[int, ...] | None:
    place = _one_of(rng, moving)
    if place is None:
        return None
    at = np.arange(rows.start, rows.stop, _SPIKES_APART)
    span = rules.signals[place].high - rules.signals[place].low
    smallest, largest = np.log(_SPIKE_SHARE)
    size = np.exp(rng.uniform(smallest, largest, len(at))) * span
    values[at, place] += np.where(rng.random(len(at)) < 0.5, -size, size)
    return (place,)


def _unit_changed(
    rules: QualityRules, values: FloatArray, rows: slice, rng: np.random.Generator, moving: list[int]
) -> tuple[int, ...] | None:
    place = _one_of(rng, [place for place in moving if rules.signals[place].conversions])
    if place is None:
        return None
    choices = rules.signals[place].conversions
    to = choices[int(rng.integers(len(choices)))]
    values[rows, place] = values[rows, place] * to.factor + to.offset
    return (place,)


def _swapped(
    rules: QualityRules, values: FloatArray, rows: slice, rng: np.random.Generator, moving: list[int]
) -> tuple[int, ...] | None:
    pairs = [pair for pair in rules.swappable if set(pair) <= set(moving)]
    if not pairs:
        return None
    one, two = pairs[int(rng.integers(len(pairs)))]
    values[rows, one], values[rows, two] = values[rows, two].copy(), values[rows, one].copy()
    return (one, two)


def _noisy(
    _rules: QualityRules, values: FloatArray, rows: slice, rng: np.random.Generator, moving: list[int]
) -> tuple[int, ...] | None:
    place = _one_of(rng, moving)
    if place is None:
        return None
    usual = float(np.median(np.abs(np.diff(values[:, place])))) / 0.954  # of the difference of two normal deviates
    length = rows.stop - rows.start
    values[rows, place] += np.exp(rng.uniform(*np.log(_NOISE_TIMES))) * usual * rng.standard_normal(length)
    return (place,)


def _one_of(rng: np.random.Generator, places: list[int]) -> int | None:
    return places[int(rng.integers(len(places)))] if places else None


Fault = Callable[[QualityRules, FloatArray, slice, np.random.Generator, list[int]], tuple[int, ...] | None]

KINDS: Mapping[str, Fault] = {
    "stuck": _stuck,
    "spike": _spike,
    "unit_changed": _unit_changed,
    "swapped": _swapped,
    "noisy": _noisy,
}
"""Kinds of fault by name; each changes the values in place and tells which signals."""
