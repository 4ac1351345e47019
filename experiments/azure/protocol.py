"""Machines to learn from, others to judge by; a threshold chosen on what no member had seen; figures on the others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.azure.scoring import WarningRule, Watched, average_precision, choose_threshold, warn
from features.domain.events import EventKind
from features.domain.packs import Pack
from features.domain.time import microseconds
from features.transforms.survival import failure_probability
from models.prognosis.folds import held_out
from models.prognosis.targets import LabelledVectors
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.onboard.label_table import LabelTable, label_table

HELD_OUT = 0.3
RULES = {
    "12h": WarningRule(lead_hours=12.0, hold_hours=72.0),
    "24h": WarningRule(lead_hours=24.0, hold_hours=72.0),
    "72h": WarningRule(lead_hours=72.0, hold_hours=120.0),
}
PIECES = 64
SETTINGS: dict[str, Any] = {
    "hidden": (64,),
    "dropout": 0.5,
    "likelihood": 1.0,
    "rows_per_epoch": 50_000,
    "members_per_fold": 3,
}
"""Chosen on forecasts of training machines by members blind to them, as the threshold is."""

_AGE = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """Figures on machines held out.

    Attributes:
        recall: Share of failures warned of in time, by rule.
        false_per_100_machine_weeks: At those thresholds, by rule.
        pr_auc: Area under precision against recall of "fails within 72 hours", row by row.
    """

    recall: dict[str, float]
    false_per_100_machine_weeks: dict[str, float]
    pr_auc: float
    failures: int


def without_age(pack: Pack) -> Pack:
    """Return the pack without the clocks of replacement."""
    events = tuple(rule for rule in pack.features.events if rule.kind is not EventKind.PART_REPLACED)
    return replace(pack, features=replace(pack.features, events=events))


def at_readings(pack: Pack) -> Pack:
    """Return the pack whose forecasts wait for the next reading, whatever happened."""
    return replace(pack, features=replace(pack.features, at_events=()))


def judge(
    pack: Pack, tracks: Sequence[LifeTrack], scratch: Path, epochs: int, workers: int, *, with_age: bool
) -> Judged:
    """Train on machines that are not held out, and judge the others.

    Args:
        pack: Says which features and horizons, and how many false warnings are borne.
        tracks: Lives of all machines.
        scratch: For checkpoints.
        epochs: Passes over the rows.
        workers: Ray Train workers.
        with_age: Whether the life so far counts; it begins anew with each failure, so it is a clock of replacement.
    """
    from models.prognosis.network import survival_of  # lazy: torch
    from models.prognosis.training import TrainingSettings
    from pipelines.train.cluster import ray_cluster
    from pipelines.train.trainer import RayRun, train_prognosis

    away = held_out(sorted({track.epoch.asset for track in tracks}), HELD_OUT, pack.id)
    inside = [track for track in tracks if track.epoch.asset not in away]
    others = [track for track in tracks if track.epoch.asset in away]
    specification = fit_specification(pack, inside)
    training, judged = (label_table(pack, specification, part) for part in (inside, others))
    if not with_age:
        training, judged = _ageless(training), _ageless(judged)
    clocks = specification.clocks
    settings = [replace(TrainingSettings(), epochs=epochs, clocks=clocks, pieces=PIECES, **SETTINGS)]
    with ray_cluster(workers):
        trained = train_prognosis(training.rows, pack.grid, 0.0, settings, RayRun(scratch, workers))
    curves = np.asarray(survival_of(trained.ensemble, judged.rows.vectors).mean(axis=0), np.float64)
    return _figures(pack, trained.unseen, training, curves, judged, tracks)


def _figures(
    pack: Pack,
    unseen: NDArray[np.float64],
    training: LabelTable,
    curves: NDArray[np.float64],
    judged: LabelTable,
    tracks: Sequence[LifeTrack],
) -> Judged:
    horizons, step = np.asarray(pack.horizons), pack.grid.step
    before, after = watched(training, tracks), watched(judged, tracks)
    recall, false = {}, {}
    for name, rule in RULES.items():
        scores, others = (_candidates(failure_probability(each, step, horizons)) for each in (unseen, curves))
        tried = [choose_threshold(column, before, rule, pack.alarm_budget) for column in scores.T]
        best = max(range(len(tried)), key=lambda place: tried[place].recall)
        found = warn(others[:, best], tried[best].threshold, after, rule)
        recall[name], false[name] = found.recall, found.false_per_100_machine_weeks
    others = failure_probability(curves, step, horizons)
    near = judged.rows.is_failure & (judged.rows.remaining <= RULES["24h"].hold_hours)
    nearest = int(np.argmin(np.abs(horizons - RULES["24h"].hold_hours)))
    failures = sum(len(times) for times in after.failures_us.values())
    return Judged(recall, false, average_precision(others[:, nearest], near), failures)


def _candidates(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what may warn: failure within each horizon, and within each but not within the first."""
    return np.concatenate([probability, probability[:, 1:] - probability[:, :1]], axis=1)


def watched(table: LabelTable, tracks: Sequence[LifeTrack]) -> Watched:
    """Return the rows of a table with the failures of its machines."""
    failures: dict[str, list[int]] = {str(asset): [] for asset in np.unique(table.asset)}
    for track in tracks:
        if track.epoch.is_failure and track.epoch.ended_at is not None and track.epoch.asset in failures:
            failures[track.epoch.asset].append(microseconds(track.epoch.ended_at))
    ordered = {asset: np.array(sorted(times), np.int64) for asset, times in failures.items()}
    return Watched(table.asset, table.time_us, ordered)


def _ageless(table: LabelTable) -> LabelTable:
    vectors = table.rows.vectors.copy()
    vectors[:, _AGE] = np.nan
    rows: LabelledVectors = replace(table.rows, vectors=vectors)
    return replace(table, rows=rows)
