"""Leaks as people make them, each planted into a clean table, and the clean table itself."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.onboard.leakage.probe_table import LeakKind, ProbeTable
from pipelines.onboard.leakage.splitting import Split

HOUR_US = 3_600_000_000
Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A table with its split, and what the probe must say of it.

    Attributes:
        kinds: Kinds of leak that count as found; none for clean data.
        column: The column that was planted, or None where it is the split.
    """

    name: str
    table: ProbeTable
    split: Split
    kinds: frozenset[LeakKind]
    column: str | None = None


def clean_table(machines: int = 24, seed: int = 0) -> ProbeTable:
    """Make machines that wear out at their own pace: two sensors tell, one does not, one stands for operation."""
    generator = np.random.default_rng(seed)
    parts = []
    for machine in range(machines):
        length = int(generator.integers(120, 260))
        has_failed = machine % 3 != 2
        rows = length if has_failed else int(length * generator.uniform(0.3, 0.8))
        age = np.arange(rows, dtype=np.float64)
        wear = (age / length) ** generator.uniform(1.5, 3.0)
        load = _means_of_nine(generator.standard_normal(rows + 8))
        values = (
            2.0 + 3.0 * wear + 0.4 * load + 0.3 * generator.standard_normal(rows),
            60.0 + 8.0 * wear + 2.0 * load + 0.8 * generator.standard_normal(rows),
            generator.standard_normal(rows),
            load,
        )
        start = int(generator.integers(0, 5_000)) * HOUR_US
        parts.append((np.stack(values, axis=1), machine, start + (age * HOUR_US).astype(np.int64), age, has_failed))
    count = [len(part[3]) for part in parts]
    return ProbeTable(
        ("vibration", "temperature", "noise", "load"),
        np.concatenate([part[0] for part in parts]),
        np.repeat(np.arange(machines), count),
        np.repeat(np.arange(machines), count),
        np.concatenate([part[2] for part in parts]),
        np.concatenate([part[3] for part in parts]),
        np.concatenate([part[3][-1] - part[3] for part in parts]),
        np.repeat([part[4] for part in parts], count),
        horizons=(24.0, 72.0),
    )


def machine_split(table: ProbeTable) -> Split:
    """Learn from every machine but each fourth, with a scaler that saw them alone."""
    inside = table.asset % 4 != 0
    return Split(inside, center=np.asarray(np.nanmean(table.values[inside], axis=0), np.float64))


def clean_cases(seeds: range = range(5)) -> list[Case]:
    """Return clean tables, of a fleet and of a single machine."""
    found = []
    for seed in seeds:
        table = clean_table(seed=seed)
        found.append(Case(f"clean fleet {seed}", table, machine_split(table), frozenset()))
    table, split = _single_machine(apart=48)
    found.append(Case("clean single machine", table, split, frozenset()))
    return found


def planted_cases(seed: int = 100) -> list[Case]:
    """Return every leak in a table of its own."""
    table = clean_table(seed=seed)
    columns = [_with_column(table, name, make(table, seed), kinds) for name, make, kinds in _COLUMNS]
    return [*columns, _together(table, seed), *_splits(table)]


def _with_column(table: ProbeTable, name: str, column: Column, kinds: frozenset[LeakKind]) -> Case:
    wider = replace(table, names=(*table.names, name), values=np.concatenate([table.values, column[:, None]], axis=1))
    return Case(name, wider, machine_split(wider), kinds, name)


def _noise(table: ProbeTable, seed: int, size: float) -> Column:
    return size * np.random.default_rng(seed).standard_normal(len(table.age))


def _by_life(table: ProbeTable, make: Callable[[Column], Column], index: int = 0) -> Column:
    """Apply a function to a column, life by life."""
    out = np.empty(len(table.age))
    for life in np.unique(table.life_id):
        rows = table.life_id == life
        out[rows] = make(table.column(index)[rows])
    return out


def _length(table: ProbeTable) -> Column:
    return table.age + table.remaining


def _is_near(table: ProbeTable, horizon: float) -> NDArray[np.bool_]:
    return table.is_failure & (table.remaining <= horizon)


def _flipped(table: ProbeTable, seed: int) -> Column:
    flips = np.random.default_rng(seed).random(len(table.age)) < 0.01
    return (_is_near(table, 24.0) ^ flips).astype(np.float64)


def _ahead(values: Column, rows: int = 6) -> Column:
    return np.concatenate([values[rows:], np.full(rows, values[-1])])


def _centred(values: Column) -> Column:
    return _means_of_nine(np.pad(values, 4, mode="edge"))


def _means_of_nine(values: Column) -> Column:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((sums[9:] - sums[:-9]) / 9, np.float64)


def _at_end(table: ProbeTable, value: float, rows: int) -> Column:
    return np.where(table.is_failure & (table.remaining < rows), value, 0.0)


def _days_since_repair(table: ProbeTable) -> Column:
    """A repair that is booked in the hour of the failure sets its clock to 0 in the failure's own row."""
    return np.where(table.is_failure & (table.remaining == 0), 0.0, 300.0 + table.age)


def _silent_before(table: ProbeTable, seed: int) -> Column:
    return np.where(_is_near(table, 24.0), np.nan, 5.0 + _noise(table, seed, 0.1))


_K = LeakKind
_CLOCK, _END = frozenset({_K.CLOCK}), frozenset({_K.REMAINING_LIFE})
_LABEL, _WRITTEN = frozenset({_K.LABEL}), frozenset({_K.LABEL, _K.AT_FAILURE})
_COLUMNS: tuple[tuple[str, Callable[[ProbeTable, int], Column], frozenset[LeakKind]], ...] = (
    ("time", lambda table, _: table.time_us.astype(np.float64), _CLOCK),
    ("row_number", lambda table, _: table.age + 1.0, _CLOCK),
    ("log_of_age", lambda table, _: np.log1p(table.age), _CLOCK),
    ("remaining", lambda table, _: table.remaining, _END),
    ("remaining_noisy", lambda table, seed: table.remaining + _noise(table, seed, 3.0), _END),
    ("remaining_inverse", lambda table, _: 1.0 / (1.0 + table.remaining), _END),
    ("share_of_life", lambda table, _: table.age / _length(table), _END),
    ("length_of_life", lambda table, _: _length(table), frozenset({_K.LIFE_LENGTH})),
    ("mean_label", lambda table, _: 24.0 / _length(table), frozenset({_K.LIFE_LENGTH})),
    ("outcome", lambda table, _: table.is_failure.astype(np.float64), frozenset({_K.OUTCOME})),
    ("label", lambda table, _: _is_near(table, 24.0).astype(np.float64), _LABEL),
    ("label_with_errors", _flipped, _LABEL),
    ("label_of_later", lambda table, _: _is_near(table, 40.0).astype(np.float64), _LABEL),
    ("silent_before_failure", _silent_before, _LABEL),
    ("failure_code", lambda table, _: _at_end(table, 7.0, 2), _WRITTEN),
    ("work_order", lambda table, _: _days_since_repair(table), _WRITTEN),
    ("later_value", lambda table, _: _by_life(table, _ahead), frozenset({_K.FUTURE_VALUES})),
    ("centred_mean", lambda table, _: _by_life(table, _centred), frozenset({_K.FUTURE_VALUES})),
    (
        "scaled_by_life",
        lambda table, _: _by_life(table, lambda values: (values - values.mean()) / values.std()),
        frozenset({_K.WHOLE_LIFE_SCALE}),
    ),
    (
        "spanned_by_life",
        lambda table, _: _by_life(table, lambda values: (values - values.min()) / np.ptp(values)),
        frozenset({_K.WHOLE_LIFE_SCALE}),
    ),
)


def _together(table: ProbeTable, seed: int) -> Case:
    """Two columns of noise whose sum is what is left."""
    noise = _noise(table, seed, 60.0)
    values = np.concatenate([table.values, noise[:, None], (table.remaining - noise)[:, None]], axis=1)
    wider = replace(table, names=(*table.names, "first_half", "second_half"), values=values)
    return Case("two_halves", wider, machine_split(wider), frozenset({_K.GROUP}), "first_half")


def _splits(table: ProbeTable) -> list[Case]:
    generator = np.random.default_rng(3)
    by_row = Split(generator.random(len(table.age)) < 0.75)
    again = np.concatenate([np.arange(len(table.age)), np.flatnonzero(table.asset == 1)])
    other = 999 * (np.arange(len(again)) >= len(table.age))
    twin = table.take(again)
    twin = replace(twin, asset=twin.asset + other, life_id=twin.life_id + other, time_us=twin.time_us + other)
    seen = machine_split(table)
    every = replace(seen, center=np.asarray(np.nanmean(table.values, axis=0), np.float64))
    alone, blocks = _single_machine(apart=1)
    return [
        Case("same_machine_on_both_sides", table, by_row, frozenset({_K.SAME_MACHINE})),
        Case("one_machine_under_two_names", twin, Split(twin.asset < 900), frozenset({_K.SAME_ROWS})),
        Case("scaler_fitted_on_test", table, every, frozenset({_K.SCALER})),
        Case("no_embargo", alone, blocks, frozenset({_K.NO_EMBARGO})),
    ]


def _single_machine(apart: int) -> tuple[ProbeTable, Split]:
    """All lives of a clean fleet as those of one machine; the last third is judged by what lies so many rows before."""
    table = clean_table(machines=9, seed=50)
    count = len(table.age)
    alone = replace(table, asset=np.zeros(count, np.int64), time_us=np.arange(count, dtype=np.int64) * HOUR_US)
    place, first = np.arange(count), 2 * count // 3
    kept = (place <= first - apart) | (place >= first)
    return alone.take(kept), Split((place < first)[kept], embargo_us=48 * HOUR_US)
