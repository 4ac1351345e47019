"""Which version of a feature row stands, which stood at a moment, and how a row is taken back.

A row is (tenant, asset, event time); its versions differ in created time, and of those the newest stands. A row that
turned out to be none is withdrawn by a version that holds nothing but keys and times.
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from features.store.names import ASSET, CREATED_TIME, EVENT_TIME, LIFE_NUMBER, TENANT, TIME_US

ROW = (TENANT, ASSET, EVENT_TIME)


def newest_versions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return of each row the newest version, withdrawn ones included; of equal ones that which was written last."""
    return rows.sort(CREATED_TIME, maintain_order=True).unique(ROW, keep="last", maintain_order=True)


def standing(rows: pl.DataFrame, known_at: datetime | None = None) -> pl.DataFrame:
    """Return of each row the version that stands, or stood at a moment; without rows that are withdrawn.

    Args:
        rows: Versions, with all columns.
        known_at: Leave out what was not known then: a version is known from the later of its two times on.
    """
    if known_at is not None:
        rows = rows.filter(pl.max_horizontal(EVENT_TIME, CREATED_TIME) <= known_at)
    return without_withdrawn(newest_versions(rows))


def newest_of(rows: pl.DataFrame, keys: Sequence[str], event_time: str, created_time: str | None) -> pl.DataFrame:
    """Return the newest row of each key, in the version that stands.

    Args:
        rows: Of any view; only rows of ours can be withdrawn.
        keys: What the newest is looked for of.
        event_time: When a row was true.
        created_time: When a version was written, or None.
    """
    ordered = rows.sort([event_time, *([created_time] if created_time else [])])
    versions = without_withdrawn(ordered.unique([*keys, event_time], keep="last", maintain_order=True))
    return versions.unique(keys, keep="last", maintain_order=True)


def of_standing_rows(
    rows: pl.DataFrame, keys: Sequence[str], event_time: str, created_time: str | None
) -> pl.DataFrame:
    """Return versions without any of rows that are withdrawn; arguments as for `newest_of`."""
    row = [*keys, event_time]
    newest = rows.sort([event_time, *([created_time] if created_time else [])]).unique(row, keep="last")
    return without_withdrawn(rows).join(
        without_withdrawn(newest), on=row, how="semi", nulls_equal=True, maintain_order="left"
    )


def without_withdrawn(versions: pl.DataFrame) -> pl.DataFrame:
    """Return versions without those that withdraw a row."""
    if not {TIME_US, LIFE_NUMBER} <= set(versions.columns):
        return versions
    return versions.filter(pl.col(TIME_US).is_not_null() | pl.col(LIFE_NUMBER).is_not_null())


def withdrawals(versions: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Return versions that withdraw rows.

    Args:
        versions: What is withdrawn.
        at: From when on.
    """
    emptied = [pl.lit(None, dtype).alias(name) for name, dtype in versions.schema.items() if name not in ROW]
    return versions.with_columns(emptied).with_columns(_moment(at).alias(CREATED_TIME))


def created_at(rows: pl.DataFrame, at: datetime | None) -> pl.DataFrame:
    """Return rows as versions made at a moment; None makes them as if each had been observed at its own time."""
    made = pl.col(EVENT_TIME) if at is None else pl.max_horizontal(pl.col(EVENT_TIME), _moment(at))
    return rows.with_columns(made.alias(CREATED_TIME))


def _moment(at: datetime) -> pl.Expr:
    return pl.lit(at, pl.Datetime("us", "UTC"))
