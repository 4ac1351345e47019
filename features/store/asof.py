"""The point-in-time join: for each label the newest feature row that was known at its time."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

ROW = "__row"
EVENT = "__event_time"
CREATED = "__created_time"
_LABEL = "__label_time"


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
    created = pl.col(created_time) if created_time else pl.col(event_time)
    named = rows.with_columns(pl.col(event_time).alias(EVENT), created.alias(CREATED))
    drop = {event_time, *([created_time] if created_time else [])}
    named = named.drop([name for name in drop if name in named.columns])
    left = labels.select(*keys, pl.col(label_time).alias(_LABEL)).with_row_index(ROW)
    is_late = pl.col(CREATED) > pl.col(EVENT)
    if not only_known:
        matched = _newest_at_or_before(left, named, keys, ttl)
    else:
        punctual = _newest_at_or_before(left, named.filter(~is_late), keys, ttl)
        late = _known_late(left, named.filter(is_late), keys, ttl)
        both = pl.concat([punctual.filter(pl.col(EVENT).is_not_null()), late], how="diagonal_relaxed")
        matched = both.sort(ROW, EVENT, CREATED).unique(ROW, keep="last", maintain_order=True)
    features = [name for name in named.columns if name not in {*keys, EVENT, CREATED}]
    joined = left.select(ROW).join(matched.select(ROW, *features), on=ROW, how="left", maintain_order="left")
    return pl.concat([labels, joined.drop(ROW)], how="horizontal")


def newest(rows: pl.DataFrame, keys: Sequence[str], event_time: str, created_time: str | None) -> pl.DataFrame:
    """Return the newest row of each key, the newest version of it where there are several."""
    order = [event_time, *([created_time] if created_time else [])]
    return rows.sort(order).unique(keys, keep="last", maintain_order=True)


def _newest_at_or_before(
    left: pl.DataFrame, rows: pl.DataFrame, keys: Sequence[str], ttl: timedelta | None
) -> pl.DataFrame:
    versions = rows.sort(EVENT, CREATED).unique([*keys, EVENT], keep="last", maintain_order=True)
    return left.sort(_LABEL).join_asof(
        versions, left_on=_LABEL, right_on=EVENT, by=list(keys), tolerance=ttl, check_sortedness=False, coalesce=False
    )


def _known_late(left: pl.DataFrame, rows: pl.DataFrame, keys: Sequence[str], ttl: timedelta | None) -> pl.DataFrame:
    pairs = left.join(rows, on=list(keys), how="inner")
    is_known = (pl.col(EVENT) <= pl.col(_LABEL)) & (pl.col(CREATED) <= pl.col(_LABEL))
    if ttl is not None:
        is_known &= pl.col(EVENT) >= pl.col(_LABEL) - ttl
    return pairs.filter(is_known)
