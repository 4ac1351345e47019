"""What the leakage probe looks at, and what it finds."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class LeakKind(StrEnum):
    """What a leak is."""

    CLOCK = "clock"
    REMAINING_LIFE = "remaining_life"
    LIFE_LENGTH = "life_length"
    OUTCOME = "outcome"
    LABEL = "label"
    AT_FAILURE = "at_failure"
    FUTURE_VALUES = "future_values"
    WHOLE_LIFE_SCALE = "whole_life_scale"
    GROUP = "group"
    SAME_MACHINE = "same_machine"
    SAME_ROWS = "same_rows"
    NO_EMBARGO = "no_embargo"
    SCALER = "scaler"


@dataclass(frozen=True, slots=True)
class Leak:
    """One leak.

    Attributes:
        names: The columns that leak; empty where it is the split.
        reason: What was found, for people.
    """

    kind: LeakKind
    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Life:
    """The rows of one life, in time order.

    Attributes:
        rows: Where they are in the table. Shape (time,).
        length: Life at its last row, life units.
    """

    rows: NDArray[np.int64]
    has_failed: bool
    length: float


@dataclass(frozen=True, slots=True)
class ProbeTable:
    """Columns with what is known of their rows. Rows of a life stand together, in time order.

    Attributes:
        names: Of the columns.
        values: NaN where not known. Shape (batch, column).
        asset: Machine of each row, by number. Shape (batch,).
        life_id: Shape (batch,).
        time_us: Microseconds since EPOCH. Shape (batch,).
        age: Life at the row, life units. Shape (batch,).
        remaining: Life to the end of the life, whatever ended it, life units. Shape (batch,).
        is_failure: Whether that end is a failure. Shape (batch,).
        horizons: Within which failure is to be forecast, life units.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    asset: NDArray[np.int64]
    life_id: NDArray[np.int64]
    time_us: NDArray[np.int64]
    age: NDArray[np.float64]
    remaining: NDArray[np.float64]
    is_failure: NDArray[np.bool_]
    horizons: tuple[float, ...] = ()

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "ProbeTable":
        """Return some of the rows, by index or mask."""
        return ProbeTable(
            self.names,
            self.values[rows],
            self.asset[rows],
            self.life_id[rows],
            self.time_us[rows],
            self.age[rows],
            self.remaining[rows],
            self.is_failure[rows],
            self.horizons,
        )

    def column(self, index: int) -> NDArray[np.float64]:
        """Return one column. Shape (batch,)."""
        return self.values[:, index]

    def lives(self) -> list[Life]:
        """Return the lives in the order of their first rows."""
        _, first, inverse = np.unique(self.life_id, return_index=True, return_inverse=True)
        found = []
        for place in np.argsort(first):
            rows = np.flatnonzero(inverse == place)
            length = float((self.age[rows] + self.remaining[rows]).max())
            found.append(Life(rows, bool(self.is_failure[rows[0]]), length))
        return found


def known(values: NDArray[np.float64], *others: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Yield the arrays without the rows in which one of them is not finite."""
    is_known = np.isfinite(values)
    for other in others:
        is_known = is_known & np.isfinite(other)
    yield values[is_known]
    yield from (other[is_known] for other in others)


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation, ties by their mean rank; 0 where one of the two does not vary."""
    first, second = known(first, second)
    if len(first) < 3:
        return 0.0
    ranks = np.stack([_ranks(first), _ranks(second)])
    ranks -= ranks.mean(axis=1, keepdims=True)
    spread = np.sqrt((ranks**2).sum(axis=1))
    return float(ranks[0] @ ranks[1] / (spread[0] * spread[1])) if (spread > 0).all() else 0.0


def area(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Return the area under the receiver operating characteristic, ties counted half (Mann & Whitney 1947).

    Examples:
        >>> area(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
        0.875
    """
    positive = int(labels.sum())
    negative = len(labels) - positive
    if not positive or not negative:
        return 0.5
    ranks = _ranks(scores)
    return float((ranks[labels].sum() - positive * (positive + 1) / 2) / (positive * negative))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks from 1, those of equal values their mean. Shape (batch,)."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[inverse], np.float64)
