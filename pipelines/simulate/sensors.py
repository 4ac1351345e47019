"""Sound instruments: gain, offset, correlated and white noise, resolution; and the running-hours counter."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.simulate.arrays import BoolArray, FloatArray, wander
from pipelines.simulate.signals import QUALITIES, SignalQuality
from pipelines.simulate.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class Measured:
    """What sound instruments make of the truth; shape (time, channel) each, in the order of `SIGNALS`.

    Attributes:
        shown: What they show.
        delivered: What their transmitters send of it: whole steps, nothing below 0 where that cannot be.
    """

    shown: FloatArray
    delivered: FloatArray


def measure(
    rng: np.random.Generator,
    truth: Mapping[str, FloatArray],
    upkeep: Upkeep,
    hours: FloatArray,
    step_hours: float,
) -> Measured:
    """Measure the truth.

    Args:
        rng: The stream of this pump's instruments.
        truth: True value of every signal, shape (time,).
        upkeep: Tells when an instrument was replaced by one with another offset and gain.
        hours: Hours since the start.
        step_hours: Distance of two rows.
    """
    shown = []
    for quality in QUALITIES:
        changes = [at for at, signal in upkeep.instrument_changes if signal == quality.id]
        shown.append(_through_instruments(rng, quality, truth[quality.id], hours, changes, step_hours))
    delivered = [quality.transmitted(column) for quality, column in zip(QUALITIES, shown, strict=True)]
    return Measured(np.column_stack(shown), np.column_stack(delivered))


def count_running_hours(
    running: BoolArray, first_hours: float, resets: tuple[float, ...], hours: FloatArray, step_hours: float
) -> FloatArray:
    """Return the counter: it grows while the machine runs, whatever is repaired, and is 0 after a new controller."""
    counted = first_hours + np.cumsum(np.where(running, step_hours, 0.0))
    base = np.zeros(len(hours))
    for at in resets:
        row = int(np.searchsorted(hours, at))
        if row < len(hours):
            base[row:] = counted[row]
    return counted - base


def _through_instruments(
    rng: np.random.Generator,
    quality: SignalQuality,
    truth: FloatArray,
    hours: FloatArray,
    changes: list[float],
    step_hours: float,
) -> FloatArray:
    deviates = rng.standard_normal((8, 2))  # instrument, (gain, offset): the first one and up to seven successors
    instrument = np.minimum(np.searchsorted(np.array(changes), hours, side="right"), 7)
    gain = 1.0 + quality.gain_spread * deviates[instrument, 0]
    offset = quality.offset_spread * deviates[instrument, 1]
    rows = len(truth)
    correlated = wander(rng, rows, 1, step_hours, quality.memory_hours)[:, 0]
    noise = np.sqrt(0.5) * (correlated + rng.standard_normal(rows))
    at_rest = truth == 0.0  # speed, flow and current read zero exactly: transmitters cut off low values
    shown = truth * gain + offset + noise * quality.noise(truth)
    return np.where(at_rest, 0.0, shown)
