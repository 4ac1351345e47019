"""Clocks that cannot be right: a reading from the future, or from before there were such machines."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import polars as pl

from features.domain.packs import LifeSource, Pack
from features.domain.time import format_time

TOLERANCE = timedelta(minutes=1)
"""How far clocks in the field may be off: about what a quartz clock (20 parts per million) without a time server loses
in a month."""

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""No telemetry is older; clocks that lost their battery begin at 1970, 1980 or 2000."""


@dataclass(frozen=True, slots=True)
class PlausibleClock:
    """Which times are believed.

    Attributes:
        tolerance: A reading may bear a time that lies so far ahead of its arrival.
        earliest: Nothing is older than this; None where times stand in for life counts.
    """

    tolerance: timedelta = TOLERANCE
    earliest: datetime | None = EARLIEST

    @classmethod
    def of(cls, pack: Pack, tolerance: timedelta = TOLERANCE, earliest: datetime = EARLIEST) -> Self:
        """Return the rule for the data of a pack."""
        return cls(tolerance, None if pack.life.source is LifeSource.COUNT else earliest)

    def is_absurd(self, time: pl.Expr, arrived: pl.Expr) -> pl.Expr:
        """Say of each time whether it cannot be right; null where there is none."""
        ahead = time > arrived + pl.lit(self.tolerance)
        return ahead if self.earliest is None else ahead | (time < pl.lit(self.earliest))

    def words(self, found: datetime, arrived: datetime) -> str:
        """Say in words what is wrong with a time."""
        if not self._is_absurd(found, arrived):
            behind = (arrived - found).total_seconds()
            return (
                f"a time must stand to its arrival as those of its source usually do; found {format_time(found)}, "
                f"{behind:g} s before it, and so in several deliveries that came on schedule; its clock is off"
            )
        floor = "" if self.earliest is None else f"not lie before {format_time(self.earliest)}, and "
        return (
            f"a time must {floor}lie at most {self.tolerance.total_seconds():g} s ahead of its arrival "
            f"({format_time(arrived)}); found {format_time(found)}; the clock of its source is wrong"
        )

    def _is_absurd(self, found: datetime, arrived: datetime) -> bool:
        return found > arrived + self.tolerance or (self.earliest is not None and found < self.earliest)
