"""How well each cause explains a deviation: one instrument, a failure mode, several sensors, a way of running.

A cause says in which directions signals may deviate together; what it explains is the fall of the squared Mahalanobis
distance when the deviation is fitted along them (generalised least squares; the generalised likelihood ratio test of
Basseville & Nikiforov 1993, Detection of Abrupt Changes, section 7.2). A faulty sensor deviates alone. A faulty
condition makes every sensor that depends on it look wrong by what it should have changed, and moves by as much itself.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.state import ConditionState

MOST_SENSORS = 4
LEAST_SIZE = 1e-9
SURELY = 1.0 - 1e-9
_SPARED = 0.02
"""A signal of a failure mode that explains a smaller share than this is not counted among those that it moved."""


@dataclass(frozen=True)
class Deviation:
    """Sensors, then conditions, each in its own usual deviations. Arrays have shape (signal,).

    Attributes:
        values: 0 where not known.
        is_known: Whether the signal was measured well lately.
        sensors: Inverse covariance of the sensors known, 0 elsewhere, times `of_sensors`. Shape (sensor, sensor).
        conditions: The same of the conditions, times `of_conditions`. Shape (condition, condition).
        total: Squared distance of the sensors alone.
        condition_total: Of the conditions.
        of_sensors: What makes `sensors` the precision: less where little is known.
        of_conditions: The same of `conditions`.
        is_all: Whether all signals are known.
    """

    values: FloatArray
    is_known: NDArray[np.bool_]
    sensors: FloatArray
    conditions: FloatArray
    total: float
    condition_total: float
    of_sensors: float = 1.0
    of_conditions: float = 1.0
    is_all: bool = False

    @cached_property
    def pulled(self) -> FloatArray:
        """Precision times values. Shape (signal,)."""
        sensors = len(self.sensors)
        own, others = self.values[:sensors], self.values[sensors:]
        return np.concatenate(
            [self.sensors.dot(own) * self.of_sensors, self.conditions.dot(others) * self.of_conditions]
        )

    @cached_property
    def precision(self) -> FloatArray:
        """Inverse covariance of the signals known, 0 elsewhere. Shape (signal, signal)."""
        sensors, signals = len(self.sensors), len(self.values)
        found = np.zeros((signals, signals))
        found[:sensors, :sensors] = self.sensors * self.of_sensors
        found[sensors:, sensors:] = self.conditions * self.of_conditions
        return found


@dataclass(frozen=True, slots=True)
class Explained:
    """What a cause explains.

    Attributes:
        gain: Squared distance explained; of a failure mode, what it counts as evidence.
        place: Signal or failure mode, by its place; -1 for none.
        directions: How many signals it moves.
        amplitude: How far the first of them, for an instrument.
        share: Of the squared distance of sensors and conditions, for a failure mode.
    """

    gain: float
    place: int
    directions: int
    amplitude: float = 0.0
    share: float = 0.0


def instrument(model: ConditionModel, state: ConditionState, deviation: Deviation) -> Explained:
    """Return the instrument that explains most; its place counts sensors, then conditions."""
    conditions, sensors = len(state.origin), len(state.level)
    seeming = seeming_deviations(model, state)
    told, size = deviation.pulled.copy(), np.empty(sensors + conditions)
    told[sensors:] += seeming.dot(told[:sensors])
    size[:sensors] = deviation.sensors.diagonal() * deviation.of_sensors
    size[sensors:] = np.einsum("ij,ij->i", seeming.dot(deviation.sensors), seeming) * deviation.of_sensors
    size[sensors:] += deviation.conditions.diagonal() * deviation.of_conditions
    gains = _gains(told, size)
    gains *= deviation.is_known
    best = int(gains.argmax())
    return Explained(float(gains[best]), best, 1, float(told[best] / max(size[best], LEAST_SIZE)))


def seeming_deviations(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how sensors seem to deviate if a condition reads too much by one of its usual deviations.

    Returns:
        Shape (condition, sensor).
    """
    slopes = state.relations[1 : 1 + len(state.origin), -1] / model.noise
    return np.asarray(slopes * -model.condition_spreads[:, None], np.float64)


def failure_mode(model: ConditionModel, deviation: Deviation, of_sensors: float, of_conditions: float) -> Explained:
    """Return the failure mode of the pack that explains most.

    Args:
        model: Knows where modes move signals.
        deviation: What is to be explained.
        of_sensors: What a gain on sensors counts.
        of_conditions: What a gain on conditions counts.
    """
    best, sensors = Explained(0.0, -1, 0), len(model.table.sensors)
    for place, signs in enumerate(model.mode_signs):
        known = np.where(deviation.is_known, signs, 0.0)
        own, ways = along_signs(deviation, np.where(np.arange(len(known)) < sensors, known, 0.0))
        other, more = along_signs(deviation, np.where(np.arange(len(known)) < sensors, 0.0, known))
        gain = of_sensors * own + of_conditions * other
        if gain > best.gain:
            directions = (ways if of_sensors else 0) + (more if of_conditions else 0)
            share = (own + other) / max(deviation.total + deviation.condition_total, 1e-9)
            best = Explained(gain, place, directions, share=share)
    return best


def along_signs(deviation: Deviation, signs: FloatArray) -> tuple[float, int]:
    """Fit signals that may move one way only; those that would have to go the other way are left out.

    So are, one after the other, those without which nearly as much is explained.

    Returns:
        The squared distance explained, and how many signals it takes.
    """
    chosen = np.flatnonzero(signs)
    pulled = deviation.pulled
    while chosen.size:
        part = deviation.precision[np.ix_(chosen, chosen)]
        amplitude = np.linalg.solve(part, pulled[chosen])
        right = amplitude * signs[chosen] > 0.0
        if not right.all():
            chosen = chosen[right]
            continue
        gain = float(amplitude @ pulled[chosen])
        lost = np.square(amplitude) / np.diag(np.linalg.inv(part))
        if chosen.size == 1 or lost.min() > _SPARED * gain:
            return gain, int(chosen.size)
        chosen = np.delete(chosen, int(lost.argmin()))
    return 0.0, 0


def several_sensors(deviation: Deviation, worth: float = 1.0, cost: float = 0.0) -> list[Explained]:
    """Return what two, three and more sensors explain, each time with the one that adds most.

    Args:
        deviation: What is to be explained.
        worth: What a squared distance explained counts.
        cost: What a further sensor costs; no more are asked once the rest is worth less than one.
    """
    sensors = len(deviation.sensors)
    precision, rest = deviation.sensors * deviation.of_sensors, deviation.pulled[:sensors].copy()
    size, is_free = precision.diagonal().copy(), deviation.is_known[:sensors].astype(np.float64)
    taken, found, gain = np.zeros((MOST_SENSORS, sensors)), [], 0.0
    for count in range(1, min(MOST_SENSORS, int(np.count_nonzero(is_free))) + 1):
        gains = _gains(rest, size)
        gains *= is_free
        best = int(gains.argmax())
        most = float(gains[best])
        if most <= 0.0:
            break
        gain += most
        if count > 1:
            found.append(Explained(gain, best, count))
        if count == MOST_SENSORS or (count > 1 and (deviation.total - gain) * worth < SURELY * cost):
            break
        is_free[best] = 0.0
        way = precision[best] - taken[:, best].dot(taken)  # what is left of this sensor without those taken
        way *= 1.0 / math.sqrt(way[best])
        rest -= (float(rest[best]) / float(way[best])) * way
        size -= np.square(way)
        taken[count - 1] = way
    return found


def _gains(told: FloatArray, size: FloatArray) -> FloatArray:
    """Return what each direction explains, 0 for those in which hardly anything is known. Shape as given."""
    gains = np.square(told)
    gains /= np.maximum(size, LEAST_SIZE)
    gains *= size > LEAST_SIZE
    return gains
