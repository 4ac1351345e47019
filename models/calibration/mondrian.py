"""Mondrian conformal prediction: a threshold for each group of forecasts, honest about groups that are too small.

A group is told by what is known when the forecast is made, never by its truth. Within it the guarantee of
`models.calibration.split` holds for the group by itself (Vovk, Gammerman & Shafer 2005, chapter 4). A group with too
few units to promise anything takes the threshold of its parent, and the result says so: its promise is then the
parent's, which holds for all the parent's rows together and not for that group alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibration.evidence import Evidence
from models.calibration.split import conformal_threshold

Key = tuple[int, ...]
"""A group: its category, finest first. Its parent is the category without its first part; () is everybody."""


@dataclass(frozen=True, slots=True)
class Group:
    """What one group got.

    Attributes:
        key: The group.
        threshold: Infinity where even everybody together is too few.
        units: Units of the group itself with a known outcome.
        rows: Rows of the group itself, known or not.
        source: The group whose rows the threshold came from: itself, or the nearest ancestor with enough units.
    """

    key: Key
    threshold: float
    units: int
    rows: int
    source: Key


def mondrian_thresholds(
    scores: NDArray[np.float64],
    categories: NDArray[np.int64],
    alpha: float,
    evidence: Evidence,
    wanted: Iterable[Key],
    fewest: int | None = None,
) -> dict[Key, Group]:
    """Return a threshold for each wanted group, from its own rows or from its nearest ancestor with enough units.

    Args:
        scores: Larger is worse. Shape (batch,).
        categories: Each row's category, finest part first. Shape (batch, depth).
        alpha: Miss rate aimed at in each group.
        evidence: Units and weights of the rows.
        wanted: Groups to answer for, with or without rows.
        fewest: Units below which a group falls back; by default, and at least, what the miss rate takes:
            ceil(1 / alpha) - 1 with a known outcome. More than that trades a finer promise for a steadier one.

    Returns:
        One answer per wanted group.
    """
    known: dict[Key, Group] = {}

    def group(key: Key) -> Group:
        if key not in known:
            rows = _rows(categories, key)
            own = evidence.take(rows)
            if not key or (own.known_units >= (fewest or 0) and own.is_enough(alpha)):
                known[key] = Group(
                    key, conformal_threshold(scores[rows], alpha, own), own.known_units, int(rows.sum()), key
                )
            else:
                parent = group(key[1:])
                known[key] = Group(key, parent.threshold, own.known_units, int(rows.sum()), parent.source)
        return known[key]

    return {key: group(key) for key in wanted}


def _rows(categories: NDArray[np.int64], key: Key) -> NDArray[np.bool_]:
    tail = categories[:, categories.shape[1] - len(key) :]
    return np.asarray((tail == np.asarray(key, np.int64)).all(axis=1), np.bool_)
