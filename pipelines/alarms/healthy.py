"""Which rows show a machine that is known to be healthy: those from which its life went on for long enough."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from features.domain.labels import Label
from features.domain.packs import Pack
from features.domain.time import microseconds
from models.condition.alarms.scored import Scored
from pipelines.building.tracks import LifeTrack

HEALTHY_WORDS = frozenset({"0", "false", "good", "healthy", "none", "normal", "ok"})
"""Labels that say that nothing is wrong; every other label is taken to be a fault or a state unlike the usual."""


def margin_seconds(pack: Pack) -> float:
    """Return how long before the end of a life a machine may be failing already: the pack's longest horizon."""
    return max(pack.horizons, default=0.0) * pack.life.seconds_per_unit


def healthy_rows(track: LifeTrack, margin: float, labels: Sequence[Label] = ()) -> NDArray[np.bool_]:
    """Return which rows are known to be healthy.

    However a life ended, and where it still goes on, nothing is known of its last stretch: the machine may have been
    failing.

    Args:
        track: One life.
        margin: Seconds before its end, or before its last row, that are left out.
        labels: Of its machine; rows within one that tells of a fault are left out.

    Returns:
        Shape (row,).
    """
    ended = track.epoch.ended_at
    last = track.rows.time[-1] if ended is None else microseconds(ended) / 1e6
    found = track.rows.time <= last - margin
    for label in labels:
        if label.value.lower() not in HEALTHY_WORDS:
            begin, end = microseconds(label.start) / 1e6, microseconds(label.end) / 1e6
            found &= (track.rows.time < begin) | (track.rows.time >= end)
    return np.asarray(found, np.bool_)


def only(scored: Scored, rows: NDArray[np.bool_]) -> Scored:
    """Return the same stretch in which nothing is known but some rows. Shape of rows (row,)."""
    kept, said = rows.tolist(), scored.verdicts
    if said is not None:  # a verdict alone would say that the machine is normal
        said = tuple(each if kept[row] else ConditionVerdict.UNDETERMINED for row, each in enumerate(said))
    return replace(scored, scores=np.where(rows, scored.scores, np.nan), verdicts=said)
