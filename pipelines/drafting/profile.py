"""What a folder of data looks like: its columns, its machines, how long their lives are."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.domain.events import EventKind
from features.packs.terms import RESERVED
from pipelines.ingest.keys import asset_texts
from pipelines.ingest.layout import FolderLayout, lay_out
from pipelines.ingest.moments import moments_of_lives, moments_of_times
from pipelines.ingest.tables import read_chunks

_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_KEYS = frozenset({"asset_id", "time", "life", "revision"})
_CHUNK, _MOST_ROWS = 100_000, 2_000_000
_WHOLE = 1e-9


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column of numbers.

    Attributes:
        low: Least value.
        high: Greatest value.
        distinct: Different values, up to a thousand.
        is_whole: Whether every value is a whole number.
        rises: Share of steps within a machine that do not go down.
        steps_up: Share of steps within a machine that go up.
        near_zero: Share of values within a fiftieth of the greatest from 0.
        every: Usual distance of two of its values within a machine, seconds or life units; None where none has two.
    """

    name: str
    low: float
    high: float
    distinct: int
    is_whole: bool
    rises: float
    steps_up: float
    near_zero: float
    every: float | None


@dataclass(frozen=True, slots=True)
class FolderProfile:
    """A folder of data.

    Attributes:
        columns: Columns that may become signals.
        unfit: Columns that may not, each with the reason.
        is_count: Whether rows are keyed by `life` and not by `time`.
        step: Usual distance of two rows, seconds or life units.
        length: Usual length of a life, seconds or life units.
        failures: By failure mode; an empty name where none is given.
        states: Targets of labels that are no failure modes.
    """

    columns: tuple[ColumnProfile, ...]
    unfit: dict[str, str]
    is_count: bool
    step: float
    length: float
    assets: int
    failures: dict[str, int]
    states: tuple[str, ...]


def profile_folder(folder: Path) -> FolderProfile:
    """Look at a folder.

    Raises:
        NoTelemetry: If there is no telemetry in it.
        BadTable: If a file cannot be read as a table.
    """
    layout = lay_out(folder)
    table, is_count = _telemetry(layout.telemetry)
    columns, unfit = _columns(table)
    events = _rows(layout.events)
    failures, ends = _ends(events)
    gaps = _gaps(table)
    return FolderProfile(
        columns,
        unfit,
        is_count,
        float(np.median(gaps)) if gaps.size else 1.0,
        _length(table, ends),
        table["asset"].n_unique(),
        failures,
        _states(layout, failures),
    )


def _telemetry(paths: Sequence[Path]) -> tuple[pl.DataFrame, bool]:
    parts, is_count, rows = [], False, 0
    for path in paths:
        for chunk in read_chunks(path, _CHUNK):
            is_count = "time" not in chunk.columns
            parts.append(_keyed(chunk, is_count=is_count))
            rows += chunk.height
            if rows >= _MOST_ROWS:
                break
    table = pl.concat(parts, how="diagonal_relaxed").drop_nulls(["asset", "at"])
    return table.sort("asset", "at"), is_count


def _keyed(chunk: pl.DataFrame, *, is_count: bool) -> pl.DataFrame:
    """Return the machine, the moment in seconds, and every other column as numbers where it has any."""
    moments = moments_of_lives(chunk["life"]) if is_count else moments_of_times(chunk["time"])
    at = moments.times.dt.timestamp("us") / 1e6
    kept = [column for column in chunk.get_columns() if column.name not in _KEYS and not column.name.startswith("__")]
    numbers = [
        column.cast(pl.Float64, strict=False).alias(column.name) for column in kept if not column.dtype.is_nested()
    ]
    return pl.DataFrame([asset_texts(chunk["asset_id"]).alias("asset"), at.alias("at"), *numbers])


def _columns(table: pl.DataFrame) -> tuple[tuple[ColumnProfile, ...], dict[str, str]]:
    found, unfit = [], dict[str, str]()
    machine, at = table["asset"].rle_id().to_numpy(), table["at"].to_numpy()
    for name in table.columns[2:]:
        values = table[name].to_numpy().astype(np.float64)
        known = np.isfinite(values)
        if not known.any():
            unfit[name] = "it holds no numbers"
        elif not _IDENTIFIER.fullmatch(name) or name in RESERVED:
            unfit[name] = "a signal is called by lower-case letters, digits and single underscores: rename the column"
        else:
            found.append(_profile(name, values[known], machine[known], at[known]))
    return tuple(found), unfit


def _profile(
    name: str, values: NDArray[np.float64], machine: NDArray[np.int64], at: NDArray[np.float64]
) -> ColumnProfile:
    same = machine[1:] == machine[:-1]
    step, gaps = np.diff(values)[same], np.diff(at)[same]
    largest = float(np.abs(values).max())
    return ColumnProfile(
        name,
        float(values.min()),
        float(values.max()),
        min(1000, len(np.unique(values[: _CHUNK * 5]))),
        bool((np.abs(values - np.round(values)) < _WHOLE).all()),
        float((step >= 0).mean()) if step.size else 0.0,
        float((step > 0).mean()) if step.size else 0.0,
        float((np.abs(values) <= largest / 50).mean()) if largest > 0 else 1.0,
        float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else None,
    )


def _gaps(table: pl.DataFrame) -> NDArray[np.float64]:
    at, machine = table["at"].to_numpy(), table["asset"].rle_id().to_numpy()
    gaps = np.diff(at)[machine[1:] == machine[:-1]]
    return np.asarray(gaps[gaps > 0], np.float64)


def _length(table: pl.DataFrame, ends: dict[str, list[float]]) -> float:
    """Return the median time between a machine's beginning, its failures and its last row."""
    lengths: list[float] = []
    for asset, low, high in table.group_by("asset").agg(pl.col("at").min(), pl.col("at").max().alias("to")).iter_rows():
        marks = [low, *sorted(end for end in ends.get(asset, []) if low < end <= high)]
        lengths += np.diff(marks).tolist() if len(marks) > 1 else [high - low]
    found = float(np.median(lengths)) if lengths else 1.0
    return max(found, 1e-6)


def _ends(events: Iterable[dict[str, object]]) -> tuple[dict[str, int], dict[str, list[float]]]:
    failures: Counter[str] = Counter()
    ends: dict[str, list[float]] = {}
    for event in events:
        if event.get("kind") == EventKind.FAILURE.value:
            failures[str(event.get("failure_mode") or "")] += 1
            ends.setdefault(str(event["asset"]), []).append(float(str(event["at"])))
    return dict(failures), ends


def _rows(paths: Sequence[Path]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for path in paths:
        for chunk in read_chunks(path, _CHUNK):
            is_count = "time" not in chunk.columns
            texts = [chunk[name].cast(pl.String) for name in ("kind", "failure_mode") if name in chunk.columns]
            key = _keyed(chunk.select("asset_id", "life" if is_count else "time"), is_count=is_count)
            found += key.with_columns(texts).drop_nulls(["asset", "at"]).to_dicts()
    return found


def _states(layout: FolderLayout, failures: dict[str, int]) -> tuple[str, ...]:
    targets: set[str] = set()
    for path in layout.labels:
        for chunk in read_chunks(path, _CHUNK):
            targets.update(chunk["target"].drop_nulls().unique().to_list())
    return tuple(sorted(targets - set(failures)))
