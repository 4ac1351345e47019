"""Cutting telemetry into what a state is told of: duty cycles, or stretches of time as long as the labels are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from features.domain.labels import Label
from features.domain.packs import FeatureFamily, Pack
from features.domain.signals import SignalRole
from features.domain.time import microseconds
from features.transforms.batch import LifeRows, compute
from features.transforms.regimes import fit_regimes
from features.transforms.specification import FeatureSpecification, condition_spans, pack_signals, specification_of

_COVERED = 0.5
_FEWEST_ROWS = 2


@dataclass(frozen=True, slots=True)
class AssetRows:
    """All rows of one machine.

    Attributes:
        time_us: Microseconds since EPOCH. Shape (time,).
        values: In the order of `pack_signals`, NaN where not measured. Shape (time, channel).
        cycle: Name of the duty cycle of each row, or None where the pack has none. Shape (time,).
    """

    asset: str
    time_us: NDArray[np.int64]
    values: NDArray[np.float64]
    cycle: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one state is told of.

    Attributes:
        time_us: Microseconds since EPOCH. Shape (time,).
        values: As in `AssetRows`.
        value: Its label, or None where nobody gave one.
    """

    asset: str
    time_us: NDArray[np.int64]
    values: NDArray[np.float64]
    value: str | None

    @property
    def last_us(self) -> int:
        """Time of its last row, microseconds since EPOCH."""
        return int(self.time_us[-1])


def cycle_signal(pack: Pack) -> str | None:
    """Return the signal that names the duty cycle, or None."""
    return next((str(signal.id) for signal in pack.signals_of(SignalRole.CYCLE)), None)


def state_pack(pack: Pack) -> Pack:
    """Return the pack with the features that states are told by: those of a whole stretch beside the usual ones."""
    families = tuple(dict.fromkeys((*pack.features.families, FeatureFamily.WHOLE_LIFE)))
    return replace(pack, features=replace(pack.features, families=families, events=(), at_events=()))


def stretches_of(rows: AssetRows, labels: Sequence[Label], usual_us: int | None = None) -> list[Stretch]:
    """Cut one machine's rows, for one target.

    Args:
        rows: All of its rows.
        labels: Of this machine and target.
        usual_us: How long labels of the target are on any machine, microseconds; None where that says nothing.

    Returns:
        Duty cycles where the pack has them; else the stretches of the labels, and pieces of about the length of a
        label between them. In time order, each with two rows at least.
    """
    parts = _cycles(rows, labels) if rows.cycle is not None else _labelled_and_between(rows, labels, usual_us)
    return [part for part in parts if len(part.time_us) >= _FEWEST_ROWS]


def fit_state_specification(pack: Pack, stretches: Sequence[Stretch]) -> FeatureSpecification:
    """Fit regimes on stretches to learn from; no other rows are looked at."""
    signals = pack_signals(pack)
    values = np.concatenate([stretch.values for stretch in stretches])
    if pack.regimes.running_signal is not None:
        values = values[values[:, signals.index(pack.regimes.running_signal)] > pack.regimes.running_above]
    conditions = values[:, [signals.index(name) for name in pack.regimes.signals]]
    sensors = values[:, [signals.index(name) for name in pack.features.signals]]
    return specification_of(pack, fit_regimes(conditions, sensors, condition_spans(pack), pack.regimes.tolerance))


def stretch_vectors(specification: FeatureSpecification, stretches: Sequence[Stretch]) -> NDArray[np.float32]:
    """Return the features at the end of each stretch, as of a life of its own; NaN where it never ran."""
    if not stretches:
        return np.zeros((0, len(specification.names)), np.float32)
    lives = compute(specification, [LifeRows(each.time_us / 1e6, each.values) for each in stretches])
    found = np.full((len(lives), len(specification.names)), np.nan, np.float32)
    for place, life in enumerate(lives):
        running = np.flatnonzero(life.is_running & (life.regime >= 0))
        if running.size:
            found[place] = life.vectors[running[-1]]
    return found


def feature_groups(specification: FeatureSpecification) -> dict[str, NDArray[np.int64]]:
    """Return groups of features, from few to all; the length of a stretch is in none: no score may know a clock."""
    endings = {
        "mean": ("__life_mean",),
        "mean and spread": ("__life_mean", "__life_spread"),
        "whole stretch": ("__life_mean", "__life_spread", "__life_min", "__life_max"),
    }
    names = specification.names
    chosen = {group: [n for n, name in enumerate(names) if name.endswith(ends)] for group, ends in endings.items()}
    chosen["everything"] = list(range(1, len(names)))
    return {group: np.array(columns, np.int64) for group, columns in chosen.items()}


def _cycles(rows: AssetRows, labels: Sequence[Label]) -> Iterator[Stretch]:
    cycle = rows.cycle if rows.cycle is not None else np.zeros(len(rows.time_us))
    known = np.flatnonzero(np.isfinite(cycle))
    if not known.size:
        return
    held = cycle[known[np.maximum(np.searchsorted(known, np.arange(len(cycle)), side="right") - 1, 0)]]
    bounds = [0, *(np.flatnonzero(np.diff(held) != 0) + 1).tolist(), len(held)]
    for start, end in pairwise(bounds):
        yield _part(rows, start, end, _covering(rows.time_us[start:end], labels))


def _labelled_and_between(rows: AssetRows, labels: Sequence[Label], usual: int | None) -> Iterator[Stretch]:
    place = 0
    for label in sorted(labels, key=lambda each: each.start):
        start = max(place, int(np.searchsorted(rows.time_us, microseconds(label.start))))
        end = int(np.searchsorted(rows.time_us, microseconds(label.end)))
        if end <= start:
            continue
        yield from _pieces(rows, place, start, usual)
        yield _part(rows, start, end, label.value)
        place = end
    yield from _pieces(rows, place, len(rows.time_us), usual)


def usual_length_us(labels: Sequence[Label]) -> int:
    """Return the median length of labelled stretches, microseconds."""
    return int(np.median([microseconds(label.end) - microseconds(label.start) for label in labels]))


def _pieces(rows: AssetRows, start: int, end: int, usual_us: int | None) -> Iterator[Stretch]:
    """Yield what lies between labels, in pieces of about their length."""
    if end <= start:
        return
    span = int(rows.time_us[end - 1] - rows.time_us[start])
    count = 1 if not usual_us else max(1, round(span / usual_us))
    edges = rows.time_us[start] + (np.arange(1, count) * (span / count)).astype(np.int64)
    bounds = [start, *(start + np.searchsorted(rows.time_us[start:end], edges)).tolist(), end]
    for first, last in pairwise(bounds):
        if last > first:
            yield _part(rows, first, last, None)


def _part(rows: AssetRows, start: int, end: int, value: str | None) -> Stretch:
    return Stretch(rows.asset, rows.time_us[start:end], rows.values[start:end], value)


def _covering(time_us: NDArray[np.int64], labels: Sequence[Label]) -> str | None:
    """Return the label that covers half of the rows at least."""
    for label in labels:
        inside = (time_us >= microseconds(label.start)) & (time_us < microseconds(label.end))
        if inside.mean() >= _COVERED:
            return label.value
    return None
