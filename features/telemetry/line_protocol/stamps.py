"""Timestamps of line protocol: whole numbers in the sender's unit, to microseconds since 1970."""

import polars as pl

from features.domain.arrivals import Precision

_FIRST_US = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z
_LAST_US = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z
_MICROSECONDS = {Precision.MICROSECONDS: 1, Precision.MILLISECONDS: 1_000, Precision.SECONDS: 1_000_000}

MUST = "lie in the years 1 to 9999"


def stamp_microseconds(stamp: int, precision: Precision) -> int | None:
    """Return whole microseconds, what is finer cut off; None outside of the years 1 to 9999.

    Examples:
        >>> stamp_microseconds(1_999, Precision.NANOSECONDS), stamp_microseconds(1 << 62, Precision.SECONDS)
        (1, None)
    """
    factor = _MICROSECONDS.get(precision)
    count = stamp // 1_000 if factor is None else stamp * factor
    return count if _FIRST_US <= count <= _LAST_US else None


def stamps_microseconds(stamps: pl.Expr, precision: Precision) -> pl.Expr:
    """Do the same for a column of Int64; null outside of the years 1 to 9999."""
    factor = _MICROSECONDS.get(precision)
    if factor is None:
        return stamps // 1_000
    first, last = -(-_FIRST_US // factor), _LAST_US // factor
    return pl.when(stamps.is_between(first, last)).then(stamps) * factor
