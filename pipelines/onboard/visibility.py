"""How long before failure anything is visible, by signs that other machines taught."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Pack
from models.prognosis.folds import machine_folds
from pipelines.onboard.feasibility import Visibility
from pipelines.onboard.label_table import LabelTable
from pipelines.onboard.leakage.probe import ridge_scores

_HEALTHY, _MOST_FOLDS = 0.95, 5
_STEADY = 0.8
_CHANGES = ("__slope_", "__shift_", "__rise_")
_LAST_SHARE = 0.2


def visibility(pack: Pack, table: LabelTable, names: Sequence[str]) -> Visibility:
    """Learn signs of failure from machines of other folds, and look how long each failure shows them without a break.

    Signs are changes: slopes, and how far recent means lie from those of the machine's life and of its beginning. A
    machine that has always been a little louder than others shows nothing by that.

    A sign counts from a score on that only one healthy row in twenty exceeds; it must hold for four rows in five up to
    the end. A row is near a failure within the longest horizon, or the last fifth of its life if that is less, and
    healthy where it outlived twice that.

    Args:
        pack: Says how far horizons reach.
        table: Labelled rows.
        names: Of its features.
    """
    failing = np.unique(table.rows.machine[table.rows.is_failure])
    if len(failing) < 2:
        return Visibility(0, 0.0, (), "It takes failures of two machines to say what is visible before one.")
    near, healthy = _near_and_healthy(pack, table)
    leads = []
    columns = np.array([place for place, name in enumerate(names) if any(word in name for word in _CHANGES)], np.int64)
    fold = machine_folds(table.rows.machine, min(_MOST_FOLDS, len(failing)), 0)
    for index in np.unique(fold):
        known, judged = (fold != index) & (near | healthy), fold == index
        if not (near & known).any() or not (healthy & known).any():
            continue
        training = table.rows.vectors[known][:, columns].astype(np.float64)
        rest = table.rows.vectors[judged][:, columns].astype(np.float64)
        limit = np.quantile(ridge_scores(training, near[known], training)[healthy[known]], _HEALTHY)
        leads += _leads(table.take(judged), ridge_scores(training, near[known], rest) > limit)
    return _told(leads, pack.life.unit)


def _near_and_healthy(pack: Pack, table: LabelTable) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    rows = table.rows
    within = np.minimum(pack.horizons[-1], _LAST_SHARE * (rows.age + rows.remaining))
    near = rows.is_failure & (rows.remaining <= within)
    return near, rows.remaining > 2 * within


def _leads(table: LabelTable, is_sign: NDArray[np.bool_]) -> list[float]:
    found = []
    for life in np.unique(table.rows.life_id[table.rows.is_failure]):
        own = table.rows.life_id == life
        order = np.argsort(table.rows.remaining[own])
        signs, remaining = is_sign[own][order], table.rows.remaining[own][order]
        share = np.cumsum(signs) / np.arange(1, len(signs) + 1)
        held = np.flatnonzero(signs & (np.minimum.accumulate(share >= _STEADY)))
        found.append(float(remaining[held[-1]]) if held.size else 0.0)
    return found


def _told(leads: Sequence[float], unit: str) -> Visibility:
    if not leads:
        return Visibility(0, 0.0, (), "There are no rows both near a failure and far from one to compare.")
    seen = float(np.mean([lead > 0 for lead in leads]))
    quartiles = tuple(float(each) for each in np.quantile(leads, [0.25, 0.5, 0.75]))
    words = f"{seen:.0%} of {len(leads)} failures show beforehand, half of them for {quartiles[1]:.4g} {unit} at least"
    return Visibility(len(leads), seen, quartiles, words)
