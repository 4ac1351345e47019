"""What a family of features is, what it is told of rows, and how it describes what it computes."""

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
    """The events of each rule before each row; an event counts strictly after its time.

    Attributes:
        newest: Time of the newest, seconds since EPOCH; NaN if there is none. Shape (time, rule, batch).
        count: Σ exp(-age / window) over them at the time of the newest. Shape (time, rule, window, batch).
    """

    newest: NDArray[np.float64]
    count: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """A stretch of rows of readings of every life, and what the step knows of them already.

    Attributes:
        time: Seconds since EPOCH; NaN for lives without a row here. Shape (time, batch).
        values: Shape (time, channel, batch).
        is_present: None if all lives have all rows. Shape (time, batch).
        is_running: Shape (time, batch).
        life: Life units. Shape (time, batch).
        elapsed: Life since the row before, life units. Shape (time, batch).
        decay: exp(-elapsed / window). Shape (time, window, batch).
        conditions: Held values, in their units. Shape (time, condition, batch).
        regime: -1 where unknown. Shape (time, batch).
        scores: z-scores. Shape (time, sensor, batch).
        count: z-scores seen, with this row. Shape (time, sensor, batch), with one sensor where all have the same, and
            one time where the stretch changed nothing, as the next.
        mean: Mean z-score of the whole life, with this row. Shape (time, sensor, batch).
        events: None if the pack asks for none; with the axis of time first.
    """

    time: NDArray[np.float64]
    values: NDArray[np.float64]
    is_present: NDArray[np.bool_] | None
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
        """Describe the features in the order in which they are written."""

    def slots(self) -> dict[str, Slot]:
        """Return what is remembered, by names that no other family uses."""

    def advance(self, memory: Memory, rows: Rows, out: NDArray[np.float32]) -> None:
        """Take a stretch of rows in, and write the features after each of them.

        A stretch gives the bits of its rows one by one, and a life that has no row somewhere does not change there.

        Args:
            memory: Changed in place to what it is after the last row.
            rows: The stretch.
            out: Shape (time, feature, batch).
        """


def window_name(what: str, window: float) -> str:
    """Name the statistic of a window the way columns can carry it.

    Examples:
        >>> window_name("vibration__mean", 25.5)
        'vibration__mean_25p5'
    """
    return f"{what}_{window:g}".replace(".", "p")
