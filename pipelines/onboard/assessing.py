"""Makes the feasibility report from lives, labels and what ingest had to say."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.domain.events import EventKind
from features.domain.identifiers import SignalId
from features.domain.packs import Pack
from features.transforms.errors import TooLittleData
from features.transforms.specification import pack_signals
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.onboard.deciding import Facts, decide
from pipelines.onboard.feasibility import DataCondition, Feasibility, LabelCondition, Visibility
from pipelines.onboard.label_table import LabelTable, label_table
from pipelines.onboard.leakage.probe import columns_of, probe, shuffled_area
from pipelines.onboard.leakage.probe_table import Leak, ProbeTable
from pipelines.onboard.narrowing import narrowed_tracks
from pipelines.onboard.visibility import visibility

_MOST_LIVES, _MOST_ROWS, _MOST_LABELS = 80, 2_000, 4_000
_SHUFFLES = 8


@dataclass(frozen=True, slots=True)
class Brought:
    """What was brought, as far as it was read.

    Attributes:
        tracks: Lives with readings.
        set_aside: Rows and cells set aside, by reason.
        notes: What was not read.
        states: Labelled stretches by target and value.
    """

    tracks: Sequence[LifeTrack]
    set_aside: Mapping[str, int]
    notes: tuple[str, ...]
    states: Mapping[str, Mapping[str, int]]


def assess(pack: Pack, brought: Brought, held_out_share: float = 0.3) -> tuple[Feasibility, Pack]:
    """Make the report.

    Args:
        pack: The type of the machines.
        brought: What was brought.
        held_out_share: Share of machines that a network would be judged by.

    Returns:
        The report, and the pack without the signals that leak, which is what to train with.
    """
    data = _data(pack, brought)
    labels = _labels(pack, brought)
    leaks = probe(signal_table(pack, brought.tracks)) if brought.tracks else ()
    kept, left_out = without(pack, columns_of(leaks))
    tracks = narrowed_tracks(brought.tracks, pack, kept)
    table, problem = _table(kept, tracks)
    if table is not None and len(table.rows):
        leaks = (*leaks, *_feature_leaks(kept, table))
    seen = visibility(kept, table, fit_names(kept)) if table is not None else Visibility(0, 0.0, (), problem)
    facts = Facts(data, labels, seen, problem, 0 if table is None else len(table.rows), len(kept.features.signals))
    report = Feasibility(
        f"{pack.id} {pack.version}",
        data,
        labels,
        leaks,
        _shuffled(kept, table),
        left_out,
        seen,
        decide(kept, facts, tracks, held_out_share),
    )
    return report, kept


def without(pack: Pack, leaking: frozenset[str]) -> tuple[Pack, tuple[str, ...]]:
    """Take signals out of the features of a pack; the last one stays, whatever it is."""
    kept = tuple(SignalId(name) for name in pack.features.signals if name not in leaking)
    if not kept or len(kept) == len(pack.features.signals):
        return pack, ()
    balances = tuple(each for each in pack.features.balances if not leaking & set(each.signals))
    out = tuple(str(name) for name in pack.features.signals if name in leaking)
    return replace(pack, features=replace(pack.features, signals=kept, balances=balances)), out


def signal_table(pack: Pack, tracks: Sequence[LifeTrack]) -> ProbeTable:
    """Return the readings of sensors as the probe wants them: failed lives first, so many rows of each, to its end."""
    signals = pack_signals(pack)
    columns = [signals.index(name) for name in pack.features.signals]
    chosen = sorted(tracks, key=lambda track: not track.epoch.is_failure)[:_MOST_LIVES]
    assets = sorted({track.epoch.asset for track in chosen})
    parts = [_life_part(pack, track, columns, assets) for track in chosen]
    counts = [len(part[2]) for part in parts]
    return ProbeTable(
        tuple(map(str, pack.features.signals)),
        np.concatenate([part[0] for part in parts]),
        np.repeat([part[1] for part in parts], counts),
        np.repeat(np.arange(len(parts)), counts),
        np.concatenate([part[2] for part in parts]),
        np.concatenate([part[3] for part in parts]),
        np.concatenate([part[4] for part in parts]),
        np.repeat([track.epoch.is_failure for track in chosen], counts),
        pack.horizons,
    )


def _life_part(
    pack: Pack, track: LifeTrack, columns: Sequence[int], assets: Sequence[str]
) -> tuple[NDArray[np.float64], int, NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    length = pack.life.seconds_per_unit * 1e6
    rows = slice(max(0, len(track.time_us) - _MOST_ROWS), None)
    age = (track.time_us[rows] - track.time_us[0]) / length
    remaining = (track.time_us[-1] - track.time_us[rows]) / length
    return track.rows.values[rows][:, columns], assets.index(track.epoch.asset), track.time_us[rows], age, remaining


def _data(pack: Pack, brought: Brought) -> DataCondition:
    signals, tracks = pack_signals(pack), brought.tracks
    rows = sum(len(track.time_us) for track in tracks)
    steps = [np.diff(track.time_us) for track in tracks if len(track.time_us) > 1]
    step = float(np.median(np.concatenate(steps))) / 1e6 / pack.life.seconds_per_unit if steps else None
    unknown = sum((np.isnan(track.rows.values).sum(axis=0) for track in tracks), np.zeros(len(signals)))
    missing = {name: float(count / max(rows, 1)) for name, count in zip(signals, unknown, strict=True)}
    assets = len({track.epoch.asset for track in tracks})
    return DataCondition(assets, rows, pack.life.unit, step, missing, dict(brought.set_aside), brought.notes)


def _labels(pack: Pack, brought: Brought) -> LabelCondition:
    tracks, length = brought.tracks, pack.life.seconds_per_unit * 1e6
    failed = [track for track in tracks if track.epoch.is_failure]
    preventive = sum(track.epoch.end in {EventKind.PREVENTIVE_REPLACEMENT, EventKind.PART_REPLACED} for track in tracks)
    lengths = [float(track.time_us[-1] - track.time_us[0]) / length for track in failed]
    told = tuple(float(each) for each in np.quantile(lengths, [0.0, 0.5, 1.0])) if lengths else ()
    modes = Counter(track.epoch.failure_mode or "not said" for track in failed)
    return LabelCondition(
        len(tracks),
        len(failed),
        preventive,
        len(tracks) - len(failed) - preventive,
        len({track.epoch.asset for track in failed}),
        dict(sorted(modes.items())),
        told,
        {target: dict(values) for target, values in brought.states.items()},
    )


def _table(pack: Pack, tracks: Sequence[LifeTrack]) -> tuple[LabelTable | None, str]:
    try:
        return label_table(pack, fit_specification(pack, tracks), tracks), ""
    except TooLittleData as error:
        return None, str(error)


def _feature_leaks(pack: Pack, table: LabelTable) -> tuple[Leak, ...]:
    """Probe the features themselves, all but the age, which is a clock by right."""
    rows = table.rows
    names = fit_names(pack)
    order = np.lexsort((table.time_us, rows.life_id))
    probed = ProbeTable(
        names[1:],
        rows.vectors[:, 1:].astype(np.float64),
        rows.machine,
        rows.life_id,
        table.time_us,
        rows.age,
        rows.remaining,
        rows.is_failure,
        pack.horizons,
    )
    return probe(probed.take(order), is_causal=True)


def fit_names(pack: Pack) -> tuple[str, ...]:
    """Return the names of a pack's features; they do not hang on what was fitted."""
    from features.transforms.regimes import RegimeTable
    from features.transforms.specification import condition_spans, specification_of

    spans, sensors = condition_spans(pack), len(pack.features.signals)
    zeros = (0.0,) * sensors
    slopes = ((0.0,) * len(spans),) * sensors
    return specification_of(pack, RegimeTable(spans, ((0.0,) * len(spans),), 1.0, (zeros,), (slopes,), (zeros,))).names


def _shuffled(pack: Pack, table: LabelTable | None) -> float | None:
    if table is None or not table.rows.is_failure.any() or len(np.unique(table.rows.machine)) < 2:
        return None
    every = max(1, len(table.rows) // _MOST_LABELS)
    rows = table.rows.take(np.arange(0, len(table.rows), every))
    near = rows.is_failure & (rows.remaining <= pack.horizons[-1])
    return shuffled_area(rows.vectors.astype(np.float64), near, rows.machine, shuffles=_SHUFFLES)
