"""The key of a row: which asset, which moment. A row without a sound key is set aside whole."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import polars as pl

from features.domain.errors import InvalidIdentifier
from features.domain.identifiers import asset_id
from features.quality.verdicts import SetAsideReason
from features.records.set_aside import SetAsideItem
from pipelines.ingest.cells import blank_rows, content_of, is_blank
from pipelines.ingest.moments import Moments, moments_of_lives, moments_of_times
from pipelines.ingest.origin import ARRIVED, SOURCE, is_hidden
from pipelines.ingest.plausible_clock import PlausibleClock
from pipelines.ingest.tables import ROW

ASSET = "__asset__"
TIME = "__time__"

_MUST = {
    SetAsideReason.MISSING_ASSET: "a row must name its asset_id; found none",
    SetAsideReason.BAD_ASSET_ID: "an asset_id must be 1 to 128 letters, digits or . _ : / -; found {asset_id}",
    SetAsideReason.OTHER_PACK: "an asset must be of the pack of the data; {asset_id} is on record as of another",
    SetAsideReason.MISSING_TIME: "a row must say when; found neither time nor life",
    SetAsideReason.NAIVE_TIME: "a time must carry its zone; found {time}",
    SetAsideReason.BAD_TIME: "a time must be of RFC 3339 such as 2026-03-01T08:00:00Z; found {time}",
    SetAsideReason.BAD_REVISION: "a revision must be a whole number from 0 to 9223372036854775807; found {revision}",
    SetAsideReason.BAD_LIFE: "a life count must be a number that is not negative; found {life}",
}

_MUST_BE_DATED = (
    "what is received must give its time, since the pack does not count life in place of time; found the life {!r}"
)


@dataclass(frozen=True, slots=True)
class Keyed:
    """The rows of a chunk that have a key, and the others.

    Attributes:
        rows: The chunk's columns, with `ASSET` (text) and `TIME` (UTC) added.
        items: What is set aside.
        offered: Rows that held anything at all; empty lines are not counted.
    """

    rows: pl.DataFrame
    items: list[SetAsideItem]
    offered: int


class Watch(Protocol):
    """Follows the clocks of the sources."""

    def off(self, rows: pl.DataFrame) -> pl.Series:
        """Say of each row whether its clock is off."""
        ...


@dataclass(frozen=True, slots=True)
class ClockCheck:
    """How times are checked.

    Attributes:
        rule: Which times are believed.
        arrived_at: When rows arrived that do not say so themselves.
        watch: Follows the clocks of the sources; None where nobody does.
        takes_lives: Whether a life count may stand in for a time.
    """

    rule: PlausibleClock
    arrived_at: datetime
    watch: Watch | None = None
    takes_lives: bool = True


def keyed(chunk: pl.DataFrame, source: str, strangers: frozenset[str], check: ClockCheck | None = None) -> Keyed:
    """Find the key of every row.

    Args:
        chunk: Columns `ROW`, `asset_id`, and `time` or `life` (`time` is taken where both are there).
        source: The name under which rows are set aside, where they do not say themselves where they came from.
        strangers: Assets that belong to another pack.
        check: Sets rows aside whose time cannot be right, and life counts where none may stand in for a time; what
            a count says is not looked at.
    """
    rows = chunk.filter(~blank_rows(chunk))
    moments = moments_of_times(rows["time"]) if "time" in rows.columns else moments_of_lives(rows["life"])
    named = keyed_assets(rows, moments, strangers)
    if check is not None:
        named = _clocked(named, check) if "time" in rows.columns else _counted(named, check)
    bad = named.filter(pl.col("__reason__").is_not_null())
    good = named.filter(pl.col("__reason__").is_null()).drop("__reason__")
    return Keyed(good, _items(bad, source, check), rows.height)


def keyed_assets(rows: pl.DataFrame, moments: Moments | None, strangers: frozenset[str]) -> pl.DataFrame:
    """Add `ASSET`, `TIME` (where moments are given) and `__reason__`, null where the key is sound."""
    assets = asset_texts(rows["asset_id"])
    reasons = asset_reasons(assets, strangers)
    if moments is None:
        return rows.with_columns(assets.alias(ASSET), reasons.alias("__reason__"))
    both = reasons.zip_with(reasons.is_not_null(), moments.reasons)
    return rows.with_columns(assets.alias(ASSET), moments.times.alias(TIME), both.alias("__reason__"))


def row_item(row: dict[str, object], source: str, reason: SetAsideReason, detail: str | None = None) -> SetAsideItem:
    """Set a whole row aside, with everything that it held."""
    number = int(str(row[ROW]))
    content = content_of({name: cell for name, cell in row.items() if not is_hidden(name)})
    words = detail or _MUST[reason].format_map(_Quoted(content))
    return SetAsideItem(str(row.get(SOURCE) or source), number, reason, words, content)


def asset_texts(column: pl.Series) -> pl.Series:
    """Return asset identities as stripped text, null where there is none."""
    if column.dtype == pl.Binary or column.dtype.is_nested():  # polars casts some of them, and raises at others
        column = pl.Series(column.name, [_text(cell) for cell in column], dtype=pl.String)
    texts = column.cast(pl.String, strict=False).str.strip_chars()
    return texts.set(texts == "", None)


def asset_reasons(assets: pl.Series, strangers: frozenset[str]) -> pl.Series:
    """Say what is wrong with each identity; null where nothing is."""
    names = assets.unique().drop_nulls().to_list()
    verdicts = {name: _verdict(name, strangers) for name in names}
    wrong = {name: verdict.value for name, verdict in verdicts.items() if verdict is not None}
    missing = assets.is_null()
    reasons = assets.replace_strict(wrong, default=None, return_dtype=pl.String) if wrong else _nothing(assets.len())
    return reasons.set(missing, SetAsideReason.MISSING_ASSET.value)


def _verdict(name: str, strangers: frozenset[str]) -> SetAsideReason | None:
    try:
        asset_id(name)
    except InvalidIdentifier:
        return SetAsideReason.BAD_ASSET_ID
    return SetAsideReason.OTHER_PACK if name in strangers else None


def _clocked(named: pl.DataFrame, check: ClockCheck) -> pl.DataFrame:
    """Give rows a reason whose key is sound and whose time cannot be right."""
    arrived = pl.col(ARRIVED) if ARRIVED in named.columns else pl.lit(check.arrived_at)
    reason = SetAsideReason.IMPLAUSIBLE_CLOCK.value
    absurd = pl.col("__reason__").is_null() & check.rule.is_absurd(pl.col(TIME), arrived).fill_null(False)
    checked = named.with_columns(
        pl.when(absurd).then(pl.lit(reason)).otherwise(pl.col("__reason__")).alias("__reason__")
    )
    if check.watch is None or ARRIVED not in named.columns:
        return checked
    off = check.watch.off(checked)
    return checked.with_columns(pl.when(off).then(pl.lit(reason)).otherwise(pl.col("__reason__")).alias("__reason__"))


def _counted(named: pl.DataFrame, check: ClockCheck) -> pl.DataFrame:
    """Give rows a reason that say a life count where it may not stand in for a time."""
    if check.takes_lives:
        return named
    reason = pl.col("__reason__").fill_null(pl.lit(SetAsideReason.BAD_LIFE.value))
    return named.with_columns(reason.alias("__reason__"))


def _items(bad: pl.DataFrame, source: str, check: ClockCheck | None) -> list[SetAsideItem]:
    return [
        row_item(row, source, SetAsideReason(row["__reason__"]), _detail(row, check))
        for row in bad.iter_rows(named=True)
    ]


def _detail(row: dict[str, object], check: ClockCheck | None) -> str | None:
    if check is None:
        return None
    if row["__reason__"] == SetAsideReason.BAD_LIFE.value and not check.takes_lives:
        return _MUST_BE_DATED.format(row.get("life"))
    if row["__reason__"] != SetAsideReason.IMPLAUSIBLE_CLOCK.value:
        return None
    return check.rule.words(row[TIME], row.get(ARRIVED) or check.arrived_at)  # type: ignore[arg-type]  # columns of times


def _text(cell: object) -> str | None:
    if cell is None:
        return None
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def _nothing(length: int) -> pl.Series:
    return pl.Series(values=[None], dtype=pl.String).new_from_index(0, length)


class _Quoted(dict[str, object]):
    """Cells for a message: quoted, and "nothing" where there is none."""

    def __getitem__(self, name: str) -> object:
        return repr(self.get(name)) if not is_blank(self.get(name)) else "nothing"
