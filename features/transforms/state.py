"""What a feature step remembers of one life: a bounded amount, whatever the age of the machine."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from features.transforms.specification import FeatureSpecification

_PER_LIFE = ("life", "rows", "first_time", "last_counter")
_PER_CONDITION = ("held", "held_life")
_PER_SENSOR = ("count", "mean", "base_count", "base_mean")
_PER_WINDOW = ("weight", "time", "time_squared", "value", "value_squared", "time_value")


@dataclass(slots=True)
class FeatureState:
    """Running sums of many lives at once; the first axis of every array is the batch of lives.

    Recent statistics weigh a sample by exp(-age / window), its age counted in life units, so a gap ages what
    was seen instead of being filled. Times in the sums are relative to the newest row, so they stay small.

    Attributes:
        life: Life at the newest row, life units; NaN before the first. Shape (batch,).
        rows: Running rows seen. Shape (batch,).
        first_time: Time of the first row, seconds since EPOCH. Shape (batch,).
        last_counter: Last reading of the life counter. Shape (batch,).
        held: Last known condition values. Shape (batch, condition).
        held_life: Life at which each was measured. Shape (batch, condition).
        count: Samples seen. Shape (batch, sensor).
        mean: Mean z-score of the whole life. Shape (batch, sensor).
        base_count: Samples in the baseline. Shape (batch, sensor).
        base_mean: Mean z-score of the baseline. Shape (batch, sensor).
        weight: Sum of weights. Shape (batch, sensor, window), like those below.
        time: Weighted sum of relative times.
        time_squared: Weighted sum of their squares.
        value: Weighted sum of z-scores.
        value_squared: Weighted sum of their squares.
        time_value: Weighted sum of time times z-score.
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

    def copy(self) -> "FeatureState":
        """Return an independent copy."""
        return FeatureState(*(getattr(self, each.name).copy() for each in fields(self)))

    def pack(self) -> NDArray[np.float64]:
        """Return the state as one row per life. Shape (batch, size)."""
        parts = [getattr(self, each.name) for each in fields(self)]
        return np.concatenate([part.reshape(part.shape[0], -1) for part in parts], axis=1)


def initial_state(specification: FeatureSpecification, batch: int) -> FeatureState:
    """Return the state of `batch` lives that have not begun."""
    shapes = _shapes(specification)
    state = {name: np.zeros((batch, *shape)) for name, shape in shapes.items()}
    for name in ("life", "first_time", "last_counter", "held", "held_life"):
        state[name].fill(np.nan)
    return FeatureState(**state)


def unpack_state(specification: FeatureSpecification, packed: NDArray[np.float64]) -> FeatureState:
    """Read what `FeatureState.pack` wrote.

    Args:
        specification: The one under which it was packed.
        packed: Shape (batch, size).

    Raises:
        ValueError: If the size is not that of this specification.
    """
    shapes = _shapes(specification)
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    if packed.shape[1] != sum(sizes):
        raise ValueError(
            f"A packed state must have {sum(sizes)} numbers under this specification; found {packed.shape[1]}. "
            "Rebuild the state from the telemetry."
        )
    parts = np.split(packed, np.cumsum(sizes)[:-1], axis=1)
    named = zip(shapes.items(), parts, strict=True)
    return FeatureState(**{name: part.reshape(len(packed), *shape).copy() for (name, shape), part in named})


def _shapes(specification: FeatureSpecification) -> dict[str, tuple[int, ...]]:
    conditions, sensors = len(specification.conditions), len(specification.sensors)
    windows = len(specification.rule.windows)
    return {
        **dict.fromkeys(_PER_LIFE, ()),
        **dict.fromkeys(_PER_CONDITION, (conditions,)),
        **dict.fromkeys(_PER_SENSOR, (sensors,)),
        **dict.fromkeys(_PER_WINDOW, (sensors, windows)),
    }
