"""What a family of features is, what it is told of a row, and how it describes what it computes."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import BalanceRule, EventRule, FeatureFamily

Memory = dict[str, NDArray[np.float64]]
"""What a family remembers of many lives: arrays by name, the last axis the batch of lives."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What decides which features there are, without the fitted regimes.

    Attributes:
        signals: Every signal that the step reads, in the order of its input columns.
        conditions: Condition signals.
        spans: Plausible span of each condition, in its unit.
        sensors: Sensor signals.
        windows: Time constants of the recent statistics, life units.
        baseline: Length of the machine's beginning, life units.
        life_unit: Unit of life.
        seconds_per_unit: Length of one unit of life, seconds.
        counter: The signal that counts life, or None.
        running: The signal that tells running from idle, or None.
        families: What the pack chose.
        balances: What the pack declares of power and heat.
        events: Events that become features.
    """

    signals: tuple[str, ...]
    conditions: tuple[str, ...]
    spans: tuple[float, ...]
    sensors: tuple[str, ...]
    windows: tuple[float, ...]
    baseline: float
    life_unit: str
    seconds_per_unit: float
    counter: str | None
    running: str | None
    families: tuple[FeatureFamily, ...] = ()
    balances: tuple[BalanceRule, ...] = ()
    events: tuple[EventRule, ...] = ()

    def lineage(
        self, *signals: str, conditions: bool = False, counter: bool = True, running: bool = True
    ) -> tuple[str, ...]:
        """Return signals and what a feature of them hangs on as well: the count of life, running or idle."""
        known: list[str | None] = [*signals, *(self.conditions if conditions else ())]
        known += [self.counter if counter else None, self.running if running else None]
        return tuple(dict.fromkeys(name for name in known if name is not None))

    def columns(self, names: tuple[str, ...]) -> NDArray[np.int64]:
        """Return the input columns of signals."""
        return np.array([self.signals.index(name) for name in names], np.int64)


@dataclass(frozen=True, slots=True)
class FeatureDescription:
    """One feature in words.

    Attributes:
        name: Its name in the vector.
        meaning: What it tells.
        unit: Its unit; "1" for a bare number, "sd" for standard deviations of training machines in the same regime.
        formula: How it is computed.
        source: Where the formula comes from.
        signals: Every signal on whose readings it hangs: its lineage.
    """

    name: str
    meaning: str
    unit: str
    formula: str
    source: str
    signals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowEvents:
    """The events of each rule before this row; an event counts strictly after its time.

    Attributes:
        newest: Time of the newest, seconds since EPOCH; NaN if there is none. Shape (rule, batch).
        count: Σ exp(-age / window) over them at the time of the newest. Shape (rule, window, batch).
    """

    newest: NDArray[np.float64]
    count: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of readings of every life, and what the step knows of it already.

    Attributes:
        time: Seconds since EPOCH; NaN for lives without a row here. Shape (batch,).
        values: Shape (batch, channel).
        is_present: Shape (batch,).
        is_running: Shape (batch,).
        life: Life units. Shape (batch,).
        elapsed: Life since the row before, life units. Shape (batch,).
        decay: exp(-elapsed / window). Shape (window, batch).
        conditions: Held values, in their units. Shape (condition, batch).
        regime: -1 where unknown. Shape (batch,).
        scores: z-scores. Shape (sensor, batch).
        count: z-scores seen, with this row. Shape (sensor, batch).
        mean: Mean z-score of the whole life, with this row. Shape (sensor, batch).
        events: None if the pack asks for none.
    """

    time: NDArray[np.float64]
    values: NDArray[np.float64]
    is_present: NDArray[np.bool_]
    is_running: NDArray[np.bool_]
    life: NDArray[np.float64]
    elapsed: NDArray[np.float64]
    decay: NDArray[np.float64]
    conditions: NDArray[np.float64]
    regime: NDArray[np.int64]
    scores: NDArray[np.float64]
    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    events: RowEvents | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One array that a family remembers: its shape without the batch, and what it holds before the first row."""

    shape: tuple[int, ...]
    start: float = field(default=0.0)


class Family(Protocol):
    """A family of features, prepared for a layout."""

    def describe(self) -> tuple[FeatureDescription, ...]:
        """Describe the features in the order in which `write` gives them."""

    def slots(self) -> dict[str, Slot]:
        """Return what is remembered, by names that no other family uses."""

    def advance(self, memory: Memory, row: Row) -> None:
        """Take a row in, changing the memory in place; a life that has no row here does not change."""

    def write(self, memory: Memory, row: Row, out: NDArray[np.float32]) -> None:
        """Write the features of the row. Shape (feature, batch)."""


def window_name(what: str, window: float) -> str:
    """Name the statistic of a window the way columns can carry it.

    Examples:
        >>> window_name("vibration__mean", 25.5)
        'vibration__mean_25p5'
    """
    return f"{what}_{window:g}".replace(".", "p")
