"""Reading what an InfluxDB holds: long, wide, and what stands beside the values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from features.telemetry.influx.answers import answer
from features.telemetry.influx.connection import InfluxConnection
from features.telemetry.influx.forms import in_order, long_form
from features.telemetry.influx.names import ASSET_TAG, checked_signals, quoted
from features.telemetry.influx.places import Layout, Place
from features.telemetry.influx.questions import Scope, field_keys, select
from features.telemetry.line_protocol.layout import REVISION_SUFFIX, VERDICT_SUFFIX
from features.telemetry.sqlite_read import as_time

STORED = pl.Schema(
    {
        "asset": pl.String(),
        "signal": pl.String(),
        "time": pl.Datetime("us", "UTC"),
        "value": pl.Float64(),
        "revision": pl.Int64(),
        "verdict": pl.Int64(),
    }
)
"""Readings with all that stands beside them."""

_ASSETS_AT_ONCE = 50
_SIGNALS_AT_ONCE = 100
_TEXT, _WHOLE, _NUMBER = pl.String(), pl.Int64(), pl.Float64()
_NUMERIC = ("float", "integer", "unsigned")


@dataclass(frozen=True, slots=True)
class InfluxReader:
    """Asks one InfluxDB about the readings of one pack.

    Attributes:
        connection: The way to the server.
        measurement: The pack.
        layout: Which signal lies where.
    """

    connection: InfluxConnection
    measurement: str
    layout: Layout

    def signals(self) -> list[str]:
        """Return the signals that were ever written, of any tenant."""
        found: set[str] = set()
        for place in self.layout.places:
            keys = answer(self.connection, field_keys(self.measurement, place), {"fieldKey": _TEXT, "fieldType": _TEXT})
            numeric = keys.filter(pl.col("fieldType").is_in(_NUMERIC))["fieldKey"].to_list()
            found |= {
                name
                for name in numeric
                if not name.endswith((REVISION_SUFFIX, VERDICT_SUFFIX)) and self.layout.of_signal(name) == place
            }
        return sorted(found)

    def stored(self, scope: Scope, signals: Sequence[str], *, with_verdicts: bool = True) -> pl.DataFrame:
        """Return readings with all that stands beside them, in the form `STORED`, sorted by asset, signal, time.

        Args:
            scope: Which readings.
            signals: Of which signals.
            with_verdicts: Whether to ask for the verdicts; else they are all 0.
        """
        suffixes = {"": _NUMBER, REVISION_SUFFIX: _WHOLE} | ({VERDICT_SUFFIX: _WHOLE} if with_verdicts else {})
        parts: list[pl.DataFrame] = [STORED.to_frame()]
        portions: set[tuple[str, ...]] = set()
        for frame, names in self._portions(scope, signals, suffixes):
            parts.append(long_form(frame, names).select(STORED.names()))
            portions.add(tuple(names))
        stored = pl.concat(parts)
        # assets are asked for in their order, so only signals that came apart can be out of theirs
        return stored if len(portions) < 2 else stored.sort("asset", "signal", "time")

    def verdicts(self, scope: Scope, signals: Sequence[str]) -> pl.DataFrame:
        """Return the readings that are not good: asset, signal, time, verdict, sorted by the first three."""
        parts = [STORED.to_frame().select("asset", "signal", "time", "verdict")]
        for frame, names in self._portions(scope, signals, {VERDICT_SUFFIX: _WHOLE}):
            for name in names:
                verdict = pl.col(name + VERDICT_SUFFIX)
                found = frame.filter(verdict > 0)
                parts.append(found.select("asset", pl.lit(name).alias("signal"), "time", verdict.alias("verdict")))
        return pl.concat(parts).sort("asset", "signal", "time")

    def wide(self, scope: Scope, signals: Sequence[str], *, with_suspect: bool) -> pl.DataFrame:
        """Return one row for each asset and time with any of the signals, one column for each signal."""
        suffixes: dict[str, pl.DataType] = {"": _NUMBER} if with_suspect else {"": _NUMBER, VERDICT_SUFFIX: _WHOLE}
        parts: list[pl.DataFrame] = []
        for frame, names in self._portions(scope, signals, suffixes):
            values = [_good(name, with_suspect=with_suspect) for name in names]
            parts.append(_measured(in_order(frame).select("asset", "time", *values), names))
        schema = {"asset": _TEXT, "time": STORED["time"]} | dict.fromkeys(signals, _NUMBER)
        found = [part for part in parts if part.height]
        if not found:
            return pl.DataFrame(schema=schema)
        portions = len({tuple(part.columns) for part in found})
        merged = pl.concat(found, how="diagonal") if len(found) > 1 else found[0]
        if portions > 1:  # the signals of one asset and time came in several answers
            grouped = merged.group_by("asset", "time").agg(pl.exclude("asset", "time").drop_nulls().first())
            merged = grouped.sort("asset", "time")
        lacking = [pl.lit(None, _NUMBER).alias(name) for name in signals if name not in merged.columns]
        return merged.with_columns(lacking).select(schema.keys())

    def edges(self, scope: Scope, signals: Sequence[str]) -> pl.DataFrame:
        """Return first and last time of each asset: asset, first, last."""
        first, last = self._outermost(scope, signals, "ASC"), self._outermost(scope, signals, "DESC")
        firsts = first.group_by("asset").agg(pl.col("time").min().alias("first"))
        lasts = last.group_by("asset").agg(pl.col("time").max().alias("last"))
        return firsts.join(lasts, on="asset").sort("asset")

    def firsts(self, scope: Scope, signals: Sequence[str]) -> pl.DataFrame:
        """Return the first time of each asset: asset, time; an asset may occur more than once."""
        return self._outermost(scope, signals, "ASC")

    def counts(self, scope: Scope, signals: Sequence[str]) -> pl.DataFrame:
        """Return how many readings each asset has: asset, count."""
        parts = [pl.DataFrame(schema={"asset": _TEXT, "count": _WHOLE})]
        for place, names, some in self._questions(scope, signals):
            columns = [f"count({quoted(name)}) AS {quoted(name)}" for name in names]
            question = select(columns, self.measurement, place, some, f"GROUP BY {quoted(ASSET_TAG)}")
            frame = answer(self.connection, question, {ASSET_TAG: _TEXT} | dict.fromkeys(names, _WHOLE))
            total = pl.sum_horizontal(names).cast(_WHOLE).alias("count")
            parts.append(frame.select(pl.col(ASSET_TAG).alias("asset"), total))
        return pl.concat(parts).group_by("asset").agg(pl.col("count").sum())

    def _outermost(self, scope: Scope, signals: Sequence[str], order: str) -> pl.DataFrame:
        parts = [STORED.to_frame().select("asset", "time")]
        for place, names, some in self._questions(scope, signals):
            tail = f"GROUP BY {quoted(ASSET_TAG)} ORDER BY time {order} LIMIT 1"
            question = select([quoted(name) for name in names], self.measurement, place, some, tail)
            frame = answer(self.connection, question, {ASSET_TAG: _TEXT, "time": _WHOLE})
            parts.append(frame.select(pl.col(ASSET_TAG).alias("asset"), as_time()))
        return pl.concat(parts)

    def _portions(
        self, scope: Scope, signals: Sequence[str], suffixes: Mapping[str, pl.DataType]
    ) -> Iterator[tuple[pl.DataFrame, list[str]]]:
        """Yield answers in portions, each with the signals in it: asset, time and the fields asked for.

        Each comes by asset and time, if the server keeps to what it does with groups. Empty ones are left out.
        """
        for place, names, some in self._questions(scope, signals):
            fields = {name + suffix: kind for name in names for suffix, kind in suffixes.items()}
            columns = [quoted(name) for name in fields]
            question = select(columns, self.measurement, place, some, f"GROUP BY {quoted(ASSET_TAG)}")
            frame = answer(self.connection, question, {ASSET_TAG: _TEXT, "time": _WHOLE, **fields})
            if frame.height:
                yield frame.select(pl.col(ASSET_TAG).alias("asset"), as_time(), *fields), names

    def _questions(self, scope: Scope, signals: Sequence[str]) -> Iterator[tuple[Place, list[str], Scope]]:
        if scope.is_empty:
            return
        assets = None if scope.assets is None else sorted(set(scope.assets))
        for place, there in self.layout.by_place(checked_signals(signals)).items():
            for names in _slices(there, _SIGNALS_AT_ONCE):
                for some in [None] if assets is None else _slices(assets, _ASSETS_AT_ONCE):
                    yield place, names, Scope(scope.tenant, some, scope.span)


def _measured(wide: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Leave out the rows without any value."""
    if any(wide[name].null_count() == 0 for name in names):
        return wide
    return wide.filter(pl.any_horizontal(pl.col(names).is_not_null()))


def _good(name: str, *, with_suspect: bool) -> pl.Expr:
    value = pl.col(name)
    return value if with_suspect else pl.when(pl.col(name + VERDICT_SUFFIX).fill_null(0) == 0).then(value).alias(name)


def _slices(names: Sequence[str], size: int) -> list[list[str]]:
    return [list(names[start : start + size]) for start in range(0, len(names), size)]
