"""Tidying offline rows: few large parts instead of many small ones, and nothing left over of what no longer counts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import polars as pl

from features.domain.time import microseconds
from features.store.commits import COMMITS, Commit, Part, commit, read_commit
from features.store.names import ASSET, EVENT_TIME
from features.store.rows import ORDER, PARTS, OfflineRows, Snapshot

ROWS_OF_A_PART = 1_000_000
SMALL_PART, MANY_PARTS = 50_000, 64
GRACE = timedelta(days=1)


def compact(rows: OfflineRows, retention: timedelta | None = None, rows_of_a_part: int = ROWS_OF_A_PART) -> Commit:
    """Merge the parts of each tenant that has several; every (event time, created time) version stays.

    A version that was written twice is kept once, as it was written last. Rows that are appended meanwhile stay, and
    where another writer replaces rows meanwhile, their tenant is left as it is. Parts of a slot are not merged.
    One asset is never split, so a part may be larger than asked.

    Args:
        rows: What to tidy.
        retention: Rows whose event is older than this are left out; None keeps all.
        rows_of_a_part: Rows of a part, about. A tenant's parts are read this much at a time.

    Returns:
        The newest commit.
    """
    now = rows.commit()
    oldest = None if retention is None else rows.now() - retention
    for tenant in sorted({part.tenant for part in now.parts}):
        before = [part for part in now.parts if part.tenant == tenant and not part.slot]
        has_old = oldest is not None and any(part.first_us < microseconds(oldest) for part in before)
        if len(before) > 1 or has_old:
            _replace(rows, before, _merged(rows, before, oldest, rows_of_a_part))
    return rows.commit()


def merge_small(rows: OfflineRows, small: int = SMALL_PART, many: int = MANY_PARTS) -> int:
    """Merge small parts that follow one another, where a tenant has many; only their rows are read.

    Whoever appends a little again and again calls this each time: mostly it only looks at the newest commit.

    Args:
        rows: What to tidy.
        small: A part with fewer rows is small.
        many: So many are merged.

    Returns:
        Number of parts that were merged.
    """
    merged = 0
    parts = [part for part in rows.commit().parts if not part.slot]
    for tenant in sorted({part.tenant for part in parts}):
        own = [part for part in parts if part.tenant == tenant]
        for is_small, run in groupby(own, key=lambda part: part.rows < small):
            before = list(run)
            if is_small and len(before) >= many:
                _replace(rows, before, _merged(rows, before, None, ROWS_OF_A_PART))
                merged += len(before)
    return merged


def sweep(rows: OfflineRows, grace: timedelta = GRACE) -> int:
    """Delete what counts no longer: commits followed by another for longer than `grace`, and parts that none names.

    Args:
        rows: What to tidy.
        grace: Longer than anybody reads from one snapshot or takes from a part to its commit.

    Returns:
        Number of files deleted.
    """
    since = rows.now() - grace
    names = [name for name in rows.files.names(COMMITS) if name.endswith(".json")]
    commits = [(name, each) for name in names if (each := _commit(rows, name)) is not None]
    followed = [each.at for _, each in commits[1:]]
    old = [name for (name, _), at in zip(commits, followed, strict=False) if at < since]
    kept = {part.name for name, each in commits if name not in old for part in each.parts}
    unnamed = [name for name in rows.files.names(PARTS) if name not in kept]
    unfinished = [name for name in rows.files.names(COMMITS) if not name.endswith(".json")]
    stale = [name for name in (*unnamed, *unfinished) if _is_older(rows, name, since)]
    for name in (*old, *stale):  # commits first: none that is left ever names a part that is gone
        rows.files.delete(name)
    return len(old) + len(stale)


def _commit(rows: OfflineRows, name: str) -> Commit | None:
    try:
        return read_commit(rows.files, name)
    except FileNotFoundError:  # somebody else sweeps too
        return None


def _is_older(rows: OfflineRows, name: str, since: datetime) -> bool:
    try:
        return rows.files.modified(name) < since
    except FileNotFoundError:  # its writer has finished it, or somebody else sweeps too
        return False


def _replace(rows: OfflineRows, before: Sequence[Part], merged: Sequence[Part]) -> None:
    gone = {part.name for part in before}

    def change(now: Commit) -> list[Part] | None:
        if not gone <= {part.name for part in now.parts}:
            return None
        first = next(index for index, part in enumerate(now.parts) if part.name in gone)
        left = [part for part in now.parts if part.name not in gone]
        return [*left[:first], *merged, *left[first:]]  # before whatever was appended since

    commit(rows.files, rows.now(), change)


def _merged(rows: OfflineRows, parts: Sequence[Part], oldest: datetime | None, rows_of_a_part: int) -> list[Part]:
    everything = Snapshot(rows.files, parts)
    where = None if oldest is None else pl.col(EVENT_TIME) >= oldest
    assets = everything.read([ASSET], where)[ASSET].value_counts(sort=False).sort(ASSET)
    merged: list[Part] = []
    for group in _groups(assets, rows_of_a_part):
        is_in = pl.col(ASSET).is_between(pl.lit(group[0]), pl.lit(group[1]))
        read = everything.of(assets=group).read(where=is_in if where is None else is_in & where)
        once = read.unique(ORDER, keep="last", maintain_order=True)
        merged += rows.stage(once, "")
    return merged


def _groups(assets: pl.DataFrame, rows_of_a_part: int) -> list[tuple[str, str]]:
    number = (assets["count"].cum_sum() - 1) // rows_of_a_part
    ends = assets.group_by(number.alias("number"), maintain_order=True).agg(
        first=pl.col(ASSET).first(), last=pl.col(ASSET).last()
    )
    return [(str(first), str(last)) for first, last in ends.select("first", "last").iter_rows()]
