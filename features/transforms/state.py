"""What a feature step remembers of one life: a bounded amount, whatever the age of the machine."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.transforms.families.chosen import families_of
from features.transforms.families.family import Slot
from features.transforms.specification import FeatureSpecification

_PER_LIFE = ("life", "rows", "first_time", "last_counter")
_PER_CONDITION = ("held", "held_life")
_OWN = (*_PER_LIFE, *_PER_CONDITION, "long", "sums")
_LONG, _SUMS = 4, 6
_PREPARED = 16

_Place = tuple[str, slice, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class FeatureState:
    """Running sums of many lives at once; the last axis of every array is the batch of lives.

    Lives lie side by side, so that one operation runs over all of them without a break. All numbers are in one array,
    and the others are views of it: they are changed in place, never replaced.

    Recent statistics weigh a sample by exp(-age / window), its age counted in life units, so a gap ages what
    was seen instead of being filled. Times in the sums are relative to the newest row, so they stay small.

    Attributes:
        numbers: Everything. Shape (size, batch).
        places: Where in it the parts are.
        life: Life at the newest row, life units; NaN before the first. Shape (batch,).
        rows: Running rows seen. Shape (batch,).
        first_time: Time of the first row, seconds since EPOCH. Shape (batch,).
        last_counter: Last reading of the life counter. Shape (batch,).
        held: Last known condition values. Shape (condition, batch).
        held_life: Life at which each was measured. Shape (condition, batch).
        long: Number and mean of the z-scores of the whole life, then of its beginning, as in
            `features.transforms.recent.LONG`. Shape (4, sensor, batch).
        sums: Sums of weights, weighted relative times and z-scores, as in `features.transforms.recent.SUMS`.
            Shape (6, sensor, window, batch).
        chosen: What the families that the pack chose remember, by name. Shape (..., batch).
    """

    numbers: NDArray[np.float64]
    places: tuple[_Place, ...]
    life: NDArray[np.float64]
    rows: NDArray[np.float64]
    first_time: NDArray[np.float64]
    last_counter: NDArray[np.float64]
    held: NDArray[np.float64]
    held_life: NDArray[np.float64]
    long: NDArray[np.float64]
    sums: NDArray[np.float64]
    chosen: dict[str, NDArray[np.float64]]

    def copy(self) -> "FeatureState":
        """Return an independent copy."""
        return _state(self.numbers.copy(), self.places)

    def pack(self) -> NDArray[np.float64]:
        """Return the state as one row per life. Shape (batch, size)."""
        return self.numbers.T.copy()


def initial_state(specification: FeatureSpecification, batch: int) -> FeatureState:
    """Return the state of `batch` lives that have not begun."""
    places, start = _prepared(specification)
    return _state(np.repeat(start[:, None], batch, axis=1), places)


def unpack_state(specification: FeatureSpecification, packed: NDArray[np.float64]) -> FeatureState:
    """Read what `FeatureState.pack` wrote.

    Args:
        specification: The one under which it was packed.
        packed: Shape (batch, size).

    Raises:
        ValueError: If the size is not that of this specification.
    """
    places, start = _prepared(specification)
    if packed.shape[1] != len(start):
        raise ValueError(
            f"A packed state must have {len(start)} numbers under this specification; found {packed.shape[1]}. "
            "Rebuild the state from the telemetry."
        )
    return _state(packed.T.astype(np.float64, order="C"), places)


def _state(numbers: NDArray[np.float64], places: tuple[_Place, ...]) -> FeatureState:
    batch = numbers.shape[1]
    views = {name: numbers[part].reshape(*shape, batch) for name, part, shape in places}
    own = {name: views.pop(name) for name in _OWN}
    return FeatureState(numbers=numbers, places=places, chosen=views, **own)


@lru_cache(maxsize=_PREPARED)
def _prepared(specification: FeatureSpecification) -> tuple[tuple[_Place, ...], NDArray[np.float64]]:
    """Return where the parts of a state are, and what it holds before the first row."""
    slots, places, begin = _slots(specification), list[_Place](), 0
    for name, slot in slots.items():
        end = begin + _size(slot)
        places.append((name, slice(begin, end), slot.shape))
        begin = end
    return tuple(places), np.concatenate([np.full(_size(slot), slot.start) for slot in slots.values()])


def _slots(specification: FeatureSpecification) -> dict[str, Slot]:
    layout = specification.layout
    conditions, sensors, windows = len(layout.conditions), len(layout.sensors), len(layout.windows)
    start = dict.fromkeys(("life", "first_time", "last_counter", *_PER_CONDITION), np.nan)
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(_PER_LIFE, ()),
        **dict.fromkeys(_PER_CONDITION, (conditions,)),
        "long": (_LONG, sensors),
        "sums": (_SUMS, sensors, windows),
    }
    slots = {name: Slot(shape, start.get(name, 0.0)) for name, shape in shapes.items()}
    for family in families_of(layout):
        slots |= family.slots()
    return slots


def _size(slot: Slot) -> int:
    return int(np.prod(slot.shape))
