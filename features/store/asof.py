"""The point-in-time join: for each label the newest feature row that was known at its time.

A row is known from the later of its event time and its created time. In that order the best row so far only ever gets
newer, so one running maximum and one as-of join answer every label, however many rows were written late: there is no
product of labels and rows. Keys are joined as small integers, and only keys and times take part; the features are
gathered afterwards by position.
"""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import polars as pl

from features.store.gathering import Positions

_CODE, _LABEL, _ROW = "__code", "__label_time", "__row"
_EVENT, _CREATED, _KNOWN = "__event_time", "__created_time", "__known_time"
_POSITION, _RANK = "__position", "__rank"
_ORDER = [_CODE, _EVENT, _CREATED, _POSITION]


def point_in_time(
    labels: pl.DataFrame,
    rows: pl.DataFrame,
    keys: Sequence[str],
    label_time: str,
    event_time: str,
    created_time: str | None,
    ttl: timedelta | None,
    only_known: bool,
) -> pl.DataFrame:
    """Join to every label the newest row of its keys at or before its time and within ttl (bounds inside).

    Args:
        labels: Every row is kept, in its order.
        rows: Feature rows; all columns but keys and times are features.
        keys: Join keys, in both.
        label_time: Time column of the labels, UTC.
        event_time: When a row was true, UTC.
        created_time: When a row was written; the newest version of an event time wins. None if there is none.
        ttl: Oldest age that still counts; None for no limit.
        only_known: Leave out versions written after the label's time: a later correction must not leak.

    Returns:
        The labels with the feature columns of `rows`; null where nothing was known.
    """
    asked = labels.select(*keys, label_time)
    times = [event_time, *([created_time] if created_time else [])]
    found = match(asked, rows.select(*keys, *times), ttl, only_known)
    side = {*keys, *times}
    positions = Positions.of(found)
    features = [positions.take(column) for column in rows.iter_columns() if column.name not in side]
    return labels.hstack(features)


def match(labels: pl.DataFrame, rows: pl.DataFrame, ttl: timedelta | None, only_known: bool) -> pl.Series:
    """Find for every label the row that `point_in_time` joins.

    Where event and created time are the same too, the later position wins. A label or row whose key or time is null
    matches nothing; a row without created time is never known where `only_known` asks for it, and else the oldest
    version.

    Args:
        labels: Join keys, then the label's time.
        rows: The keys in the same order, under any names, then event time and, where there is one, created time.
        ttl: As for `point_in_time`.
        only_known: As for `point_in_time`.

    Returns:
        Position in `rows` for each label, null where nothing was known. Shape (label,).
    """
    keys = labels.columns[:-1]
    event, created = pl.nth(len(keys)), pl.nth(-1)  # the same column where there is no created time
    is_versioned = rows.width > len(keys) + 1
    times = [event.alias(_EVENT), created.alias(_CREATED)] if is_versioned else [event.alias(_EVENT)]
    shape = rows.schema
    coded = dict(zip(keys, rows.columns, strict=False))
    asked = labels.with_columns(pl.col(key).cast(shape[coded[key]]) for key in keys)
    codes = asked.select(keys).unique().drop_nulls().sort(keys).with_row_index(_CODE)  # sorted rows stay sorted
    given = rows.select(*times, *(pl.col(coded[key]).alias(key) for key in keys)).with_row_index(_POSITION)
    if not is_versioned:
        given = given.with_columns(pl.col(_EVENT).alias(_CREATED))
    ranked = _ranked(given.join(codes, on=keys, how="inner", maintain_order="left").drop(keys))
    left = asked.join(codes, on=keys, how="left", maintain_order="left").select(_CODE, pl.nth(-2).alias(_LABEL))
    return _newest_known(left, ranked, ttl, only_known)


def _ranked(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows ranked by key, event time and version; among equals the later position ranks higher."""
    return rows.filter(pl.col(_EVENT).is_not_null()).sort(_ORDER, nulls_last=False).with_row_index(_RANK)


def _newest_known(left: pl.DataFrame, ranked: pl.DataFrame, ttl: timedelta | None, only_known: bool) -> pl.Series:
    known = pl.max_horizontal(_EVENT, _CREATED) if only_known else pl.col(_EVENT)
    usable = ranked.filter(pl.col(_CREATED).is_not_null()) if only_known else ranked
    best = usable.select(_CODE, _RANK, known.alias(_KNOWN)).sort(_CODE, _KNOWN, _RANK)
    best = best.with_columns(
        pl.col(_RANK).cum_max()
    )  # ranks rise with the key, so the maximum never crosses to the next
    is_last = (pl.col(_CODE) != pl.col(_CODE).shift(-1)) | (pl.col(_KNOWN) != pl.col(_KNOWN).shift(-1))
    best = best.filter(is_last.fill_null(value=True))
    asked = left.with_row_index(_ROW).drop_nulls().sort(_LABEL)
    joined = asked.join_asof(best, left_on=_LABEL, right_on=_KNOWN, by=_CODE, check_sortedness=False, coalesce=False)
    at = joined[_RANK]
    position = ranked[_POSITION].gather(at)
    if ttl is not None:
        is_fresh = joined[_LABEL] - ranked[_EVENT].gather(at) <= ttl
        position = position.set(~is_fresh.fill_null(value=False), None)
    found = np.full(left.height, -1, np.int64)
    found[joined[_ROW].to_numpy()] = position.fill_null(-1).to_numpy()
    return pl.Series(found).set(pl.Series(found < 0), None)
