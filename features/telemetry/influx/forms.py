"""Bringing an answer into the order and the form that the contract promises, without sorting what came sorted.

An answer grouped by asset comes asset by asset and in each by time, which is the order of the wide form. That is
looked at, which costs next to nothing, and not trusted: a server that answers otherwise is sorted.
"""

from collections.abc import Sequence

import polars as pl

from features.telemetry.line_protocol.layout import REVISION_SUFFIX, VERDICT_SUFFIX

_COMPANIONS = {"revision": REVISION_SUFFIX, "verdict": VERDICT_SUFFIX}


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame by asset and time: as it is, if it is so already.

    Examples:
        >>> in_order(pl.DataFrame({"asset": ["b", "a", "a"], "time": [1, 3, 2]})).rows()
        [('a', 2), ('a', 3), ('b', 1)]
    """
    asset, time = pl.col("asset"), pl.col("time")
    follows = (asset > asset.shift()) | ((asset == asset.shift()) & (time >= time.shift()))
    is_sorted = frame.select(follows.slice(1).fill_null(value=False).all()).item()  # null: of no asset
    return frame if is_sorted else frame.sort("asset", "time")


def long_form(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return the readings of some signals, one below the other, by asset, signal and time.

    Only one row for each asset and signal is sorted; the readings hang on it as lists.

    Args:
        frame: The columns `asset` and `time`, and for each signal its value, `<signal>__rev` and `<signal>__q`; one
            of the latter two that was not asked for counts as 0.
        names: The signals.

    Returns:
        The columns asset, signal, time, value, revision and verdict.
    """
    by_asset = in_order(frame).group_by("asset", maintain_order=True).agg(pl.all())
    parts = [by_asset.select("asset", pl.lit(name).alias("signal"), "time", *_lists(frame, name)) for name in names]
    asked = [companion for companion in _COMPANIONS if companion in parts[0].columns]
    long = pl.concat(parts).sort("asset", "signal").explode("time", "value", *asked)
    if long["value"].null_count():
        long = long.filter(pl.col("value").is_not_null())
    zero = pl.lit(0, pl.Int64())
    filled = [(pl.col(name).fill_null(0) if name in asked else zero).alias(name) for name in _COMPANIONS]
    return long.with_columns(filled)


def _lists(frame: pl.DataFrame, name: str) -> list[pl.Expr]:
    companions = {companion: name + suffix for companion, suffix in _COMPANIONS.items()}
    return [
        pl.col(name).alias("value"),
        *(pl.col(column).alias(companion) for companion, column in companions.items() if column in frame.columns),
    ]
