"""Causes of the deviations of many machines, weighed; see `causes` and `reasons`, which do the same for one.

Failure modes are weighed machine by machine: which of their signals count is found by trying.
"""

import math
from dataclasses import dataclass

import numpy as np

from features.transforms.condition.causes import LEAST_SIZE, MOST_SENSORS, SURELY, Explained, failure_mode
from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.together.block import Places
from features.transforms.condition.together.straying import Strayed


@dataclass(frozen=True, slots=True)
class Instruments:
    """What one instrument explains, its place among sensors, then conditions, and its fault. Shape (machine,) each."""

    gain: FloatArray
    places: Places
    amplitude: FloatArray

    def explained(self, machine: int) -> Explained:
        """Return that of one machine."""
        return Explained(
            float(self.gain[machine]), int(self.places[machine]), 1, amplitude=float(self.amplitude[machine])
        )


@dataclass(frozen=True, slots=True)
class Several:
    """What two, three or more sensors explain: the number that pays most. Shape (machine,) each."""

    gain: FloatArray
    directions: FloatArray


def instruments(model: ConditionModel, slopes: FloatArray, found: Strayed) -> Instruments:
    """Return the instrument that explains most, of each machine.

    Args:
        model: Of all machines.
        slopes: By how much sensors change with conditions. Shape (machine, condition, sensor).
        found: Of the machines.
    """
    sensors, conditions = found.own.shape[1], found.others.shape[1]
    of_sensors, of_conditions = found.of_sensors[:, None], found.of_conditions[:, None]
    seeming = slopes / model.noise * -model.condition_spreads[:, None]
    told, size = np.empty((len(slopes), sensors + conditions)), np.empty((len(slopes), sensors + conditions))
    np.multiply(found.told, of_sensors, out=told[:, :sensors])
    told[:, sensors:] = np.matvec(found.conditions, found.others) * of_conditions
    told[:, sensors:] += np.matvec(seeming, told[:, :sensors])
    size[:, :sensors] = model.precision.diagonal() * of_sensors
    size[:, sensors:] = np.einsum("kij,kij->ki", seeming @ model.precision, seeming) * of_sensors
    size[:, sensors:] += found.conditions.diagonal(axis1=1, axis2=2) * of_conditions
    gains = _gains(told, size)
    best = gains.argmax(axis=1)
    place = np.arange(len(best)) * gains.shape[1] + best
    return Instruments(gains.take(place), best, told.take(place) / np.maximum(size.take(place), LEAST_SIZE))


def several(model: ConditionModel, found: Strayed, worth: FloatArray) -> Several:
    """Return what several sensors explain; see `causes.several_sensors`.

    Args:
        model: Of all machines.
        found: Of the machines.
        worth: What a squared distance explained counts. Shape (machine,).
    """
    machines, sensors = found.own.shape
    cost, most_sensors = model.parameters.direction_cost, min(MOST_SENSORS, sensors)
    every, is_on, of_sensors = np.arange(machines), np.ones(machines, np.bool_), found.of_sensors[:, None]
    rest, size, taken = (
        found.told * of_sensors,
        model.precision.diagonal() * of_sensors,
        np.zeros((machines, most_sensors, sensors)),
    )
    gain, paid = np.zeros(machines), np.full(machines, -np.inf)
    found_gain, directions = np.zeros(machines), np.full(machines, 2.0)
    for count in range(1, most_sensors + 1):
        gains = _gains(rest, size)
        best = gains.argmax(axis=1)
        place = every * sensors + best
        most = gains.take(place)
        is_on &= most > 0.0
        gain += most
        if count > 1:
            pays = gain * worth - cost * count
            is_best = is_on & (pays > paid)
            np.copyto(paid, pays, where=is_best)
            np.copyto(found_gain, gain, where=is_best)
            directions[is_best] = count
            is_on &= (found.total - gain) * worth >= SURELY * cost  # of the others no further sensor can pay
        if count == most_sensors or not is_on.any():
            break
        way = model.precision.take(best, axis=0) * of_sensors
        if count > 1:  # what is left of this sensor without those taken
            way -= np.vecmat(taken[every, :, best], taken)
        way *= (1.0 / np.sqrt(np.where(is_on, way.take(place), 1.0)))[:, None]
        rest -= (rest.take(place) / np.where(is_on, way.take(place), 1.0))[:, None] * way
        size -= np.square(way)
        size.put(place, 0.0)  # it is taken
        taken[:, count - 1] = way
    return Several(found_gain, directions)


def modes(model: ConditionModel, found: Strayed, sensors: FloatArray, conditions: FloatArray) -> list[Explained]:
    """Return the failure mode that explains most, of each machine; what gains count have shape (machine,)."""
    if not len(model.mode_signs):
        return [Explained(0.0, -1, 0)] * len(sensors)
    worth = zip(sensors.tolist(), conditions.tolist(), strict=True)
    return [failure_mode(model, found.deviation(model, place), *each) for place, each in enumerate(worth)]


def beyond(total: FloatArray, limit: float) -> FloatArray:
    """Return the share of squared distances that lies beyond what health shows. Shape (machine,)."""
    return np.maximum(0.0, 1.0 - limit / np.where(total > 0.0, total, math.inf)) * (total > 0.0)


def _gains(told: FloatArray, size: FloatArray) -> FloatArray:
    gains = np.square(told)
    gains /= np.maximum(size, LEAST_SIZE)
    gains *= size > LEAST_SIZE
    return gains
