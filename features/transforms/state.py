"""What a feature step remembers of one life: a bounded amount, whatever the age of the machine."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.transforms.families.chosen import families_of
from features.transforms.families.family import Slot
from features.transforms.specification import FeatureSpecification

_PER_LIFE = ("life", "rows", "first_time", "last_counter")
_PER_CONDITION = ("held", "held_life")
_PER_SENSOR = ("count", "mean", "base_count", "base_mean")
_PER_WINDOW = ("weight", "time", "time_squared", "value", "value_squared", "time_value")
_OWN = (*_PER_LIFE, *_PER_CONDITION, *_PER_SENSOR, *_PER_WINDOW)


@dataclass(slots=True)
class FeatureState:
    """Running sums of many lives at once; the last axis of every array is the batch of lives.

    Lives lie side by side, so that one operation runs over all of them without a break.

    Recent statistics weigh a sample by exp(-age / window), its age counted in life units, so a gap ages what
    was seen instead of being filled. Times in the sums are relative to the newest row, so they stay small.

    Attributes:
        life: Life at the newest row, life units; NaN before the first. Shape (batch,).
        rows: Running rows seen. Shape (batch,).
        first_time: Time of the first row, seconds since EPOCH. Shape (batch,).
        last_counter: Last reading of the life counter. Shape (batch,).
        held: Last known condition values. Shape (condition, batch).
        held_life: Life at which each was measured. Shape (condition, batch).
        count: Samples seen. Shape (sensor, batch).
        mean: Mean z-score of the whole life. Shape (sensor, batch).
        base_count: Samples in the baseline. Shape (sensor, batch).
        base_mean: Mean z-score of the baseline. Shape (sensor, batch).
        weight: Sum of weights. Shape (sensor, window, batch), like those below.
        time: Weighted sum of relative times.
        time_squared: Weighted sum of their squares.
        value: Weighted sum of z-scores.
        value_squared: Weighted sum of their squares.
        time_value: Weighted sum of time times z-score.
        chosen: What the families that the pack chose remember, by name. Shape (..., batch).
    """

    life: NDArray[np.float64]
    rows: NDArray[np.float64]
    first_time: NDArray[np.float64]
    last_counter: NDArray[np.float64]
    held: NDArray[np.float64]
    held_life: NDArray[np.float64]
    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    base_count: NDArray[np.float64]
    base_mean: NDArray[np.float64]
    weight: NDArray[np.float64]
    time: NDArray[np.float64]
    time_squared: NDArray[np.float64]
    value: NDArray[np.float64]
    value_squared: NDArray[np.float64]
    time_value: NDArray[np.float64]
    chosen: dict[str, NDArray[np.float64]]

    def copy(self) -> "FeatureState":
        """Return an independent copy."""
        own = {name: getattr(self, name).copy() for name in _OWN}
        return FeatureState(**own, chosen={name: array.copy() for name, array in self.chosen.items()})

    def pack(self) -> NDArray[np.float64]:
        """Return the state as one row per life. Shape (batch, size)."""
        parts = [*(getattr(self, name) for name in _OWN), *self.chosen.values()]
        return np.ascontiguousarray(np.concatenate([part.reshape(-1, part.shape[-1]) for part in parts]).T)


def initial_state(specification: FeatureSpecification, batch: int) -> FeatureState:
    """Return the state of `batch` lives that have not begun."""
    slots = _slots(specification)
    return _state({name: np.full((*slot.shape, batch), slot.start) for name, slot in slots.items()})


def unpack_state(specification: FeatureSpecification, packed: NDArray[np.float64]) -> FeatureState:
    """Read what `FeatureState.pack` wrote.

    Args:
        specification: The one under which it was packed.
        packed: Shape (batch, size).

    Raises:
        ValueError: If the size is not that of this specification.
    """
    slots = _slots(specification)
    sizes = [int(np.prod(slot.shape)) for slot in slots.values()]
    if packed.shape[1] != sum(sizes):
        raise ValueError(
            f"A packed state must have {sum(sizes)} numbers under this specification; found {packed.shape[1]}. "
            "Rebuild the state from the telemetry."
        )
    parts = np.split(packed.T, np.cumsum(sizes)[:-1])
    named = zip(slots.items(), parts, strict=True)
    return _state({name: part.reshape(*slot.shape, len(packed)).copy() for (name, slot), part in named})


def _state(arrays: dict[str, NDArray[np.float64]]) -> FeatureState:
    own = {name: arrays[name] for name in _OWN}
    return FeatureState(**own, chosen={name: array for name, array in arrays.items() if name not in own})


def _slots(specification: FeatureSpecification) -> dict[str, Slot]:
    layout = specification.layout
    conditions, sensors, windows = len(layout.conditions), len(layout.sensors), len(layout.windows)
    start = dict.fromkeys(("life", "first_time", "last_counter", *_PER_CONDITION), np.nan)
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(_PER_LIFE, ()),
        **dict.fromkeys(_PER_CONDITION, (conditions,)),
        **dict.fromkeys(_PER_SENSOR, (sensors,)),
        **dict.fromkeys(_PER_WINDOW, (sensors, windows)),
    }
    slots = {name: Slot(shape, start.get(name, 0.0)) for name, shape in shapes.items()}
    for family in families_of(layout):
        slots |= family.slots()
    return slots
