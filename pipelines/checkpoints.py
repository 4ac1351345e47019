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
    """Some points of one computation, by time: the newest, and others ever farther apart the older they are.

    Going back so many rows, one finds a point about twice as far away, up to three times.

    Attributes:
        most: Points that are kept.
        rows_apart: Rows between two of them at least, but for the newest.
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
        self.points.append(point)
        for place in range(len(self.points) - 2, 0, -1):
            before, after = self.points[place - 1], self.points[place + 1]
            if after.rows - before.rows < max(self.rows_apart, 2 * (point.rows - after.rows)):
                del self.points[place]
        del self.points[: -self.most]
