"""Points of a computation over rows in time, so that it can go on from where it was, or from a little before."""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Point(Protocol):
    """A computation as it stood after a row."""

    @property
    def last_us(self) -> int:
        """Time of that row, microseconds since 1970."""
        ...

    @property
    def rows(self) -> int:
        """Rows since the beginning."""
        ...


P = TypeVar("P", bound=Point)


@dataclass(slots=True)
class Memory(Generic[P]):
    """The newest points of one computation, by time; they lie some rows apart, but for the newest.

    Attributes:
        most: Points that are kept.
        rows_apart: Rows between two of them.
    """

    most: int = 12
    rows_apart: int = 50
    points: list[P] = field(default_factory=list)

    def before(self, first_us: int) -> P | None:
        """Return the newest point before a moment, and forget those from it on: they hold no more."""
        place = bisect_left([each.last_us for each in self.points], first_us)
        del self.points[place:]
        return self.points[-1] if self.points else None

    def add(self, point: P) -> None:
        """Remember a point that is newer than all others."""
        if len(self.points) > 1 and point.rows - self.points[-2].rows < self.rows_apart:
            self.points.pop()
        self.points.append(point)
        del self.points[: -self.most]
