"""Where readings lie by their retention: a retention policy each on 1.x, a bucket or database each from 2.x on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Place:
    """One place of readings.

    Attributes:
        database: The database, or from 2.x on the bucket.
        policy: The retention policy on 1.x; None for the default one, and from 2.x on.
        days: For how many days it keeps readings; None for good.
    """

    database: str
    policy: str | None = None
    days: int | None = None

    @property
    def retention(self) -> timedelta | None:
        """How long it keeps readings."""
        return None if self.days is None else timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which signal lies where.

    Attributes:
        base: Where everything lies that is kept for good, and what no pack claims.
        by_signal: The place of every signal that the pack claims.
    """

    base: Place
    by_signal: Mapping[str, Place]

    @classmethod
    def of(
        cls, database: str, grades: Iterable[tuple[str, int]], retention_days: Mapping[int, int], *, has_policies: bool
    ) -> "Layout":
        """Lay signals with their data grades out; grades that are kept equally long share the place of the lowest.

        Examples:
            >>> layout = Layout.of("plant", [("speed", 2), ("power", 3)], {2: 90, 3: 90}, has_policies=False)
            >>> layout.of_signal("power")
            Place(database='plant_grade2', policy=None, days=90)
            >>> layout.of_signal("unclaimed") == layout.base
            True
        """
        base = Place(database)
        lowest: dict[int, int] = {}
        for grade in sorted(retention_days):
            lowest.setdefault(retention_days[grade], grade)
        places = {
            grade: Place(database, f"grade{lowest[days]}", days)
            if has_policies
            else Place(f"{database}_grade{lowest[days]}", None, days)
            for grade, days in retention_days.items()
        }
        return cls(base, {signal: places.get(grade, base) for signal, grade in grades})

    @property
    def places(self) -> list[Place]:
        """All places, the base first."""
        return list(dict.fromkeys([self.base, *self.by_signal.values()]))

    def of_signal(self, signal: str) -> Place:
        """Return the place of a signal."""
        return self.by_signal.get(signal, self.base)

    def by_place(self, signals: Sequence[str]) -> dict[Place, list[str]]:
        """Return which of some signals lie where."""
        found: dict[Place, list[str]] = {}
        for signal in signals:
            found.setdefault(self.of_signal(signal), []).append(signal)
        return found
