"""How well verdicts found what had happened to readings: recall by episode and by reading, delay, clean readings lost.

An episode is found if a verdict of the right kind falls on a reading that it altered. Its delay is the number of
altered readings before that. Episodes that altered too few readings to be seen at all (a stuck speed of a pump that
stands), and those that begin before the machine was known, are counted apart and not scored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.quality.verdicts import Verdict

BoolArray = NDArray[np.bool_]

RIGHT: Mapping[str, frozenset[Verdict]] = {
    "stuck": frozenset({Verdict.FLAT}),
    "spike": frozenset({Verdict.SPIKE, Verdict.RANGE}),
    "unit_changed": frozenset({Verdict.UNIT}),
    "swapped": frozenset({Verdict.SWAPPED}),
    "noisy": frozenset({Verdict.NOISE}),
    "clock_off": frozenset({Verdict.CLOCK}),
    "replayed_as_new": frozenset({Verdict.REPLAYED}),
}
"""By kind of fault: the verdicts that name it. A spike beyond the plausible range is named by the range."""

_QUANTILE = 1.959964  # of the standard normal distribution, at .975

FEWEST_ALTERED = 6
"""Altered readings that an episode needs to be scored; a spike needs one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One episode and what was said of its readings.

    Attributes:
        kind: A key of `RIGHT`.
        altered: Readings that it changed. Shape (row, signal).
        verdicts: Of all readings, in the order of time. Shape (row, signal).
        begins_known: Whether the machine was known when it began.
        is_distinct: Whether the altered readings are easily told (of two exchanged signals: they differ by thrice the
            noise of their instruments).
        differs: Whether anybody could tell at all (of two exchanged signals: the mean of their difference is more than
            one standard error from 0 over the whole episode).
        is_tellable: Whether an observer with hindsight could tell (of two exchanged signals: `quality_hindsight`).
    """

    kind: str
    altered: BoolArray
    verdicts: NDArray[np.int8]
    begins_known: bool
    is_distinct: bool = True
    differs: bool = True
    is_tellable: bool = True


def score(trials: Sequence[Trial]) -> dict[str, object]:
    """Return the figures of the episodes of one kind."""
    scored = [each for each in trials if _is_visible(each) and each.begins_known]
    delays = [_delay(each) for each in scored]
    found = [delay for delay in delays if delay is not None]
    distinct = [delay for each, delay in zip(scored, delays, strict=True) if each.is_distinct]
    tellable = [delay for each, delay in zip(scored, delays, strict=True) if each.is_tellable]
    altered = sum(int(each.altered.sum()) for each in scored)
    flagged = sum(int((each.altered & (each.verdicts != 0)).sum()) for each in scored)
    return {
        "episodes": len(scored),
        "invisible": sum(not _is_visible(each) for each in trials),
        "before_warm_up": sum(_is_visible(each) and not each.begins_known for each in trials),
        "found": len(found),
        "recall": _share(len(found), len(scored)),
        "recall_interval": wilson_interval(len(found), len(scored)),
        "recall_distinct": _share(sum(delay is not None for delay in distinct), len(distinct)),
        "distinct": len(distinct),
        "recall_tellable": _share(sum(delay is not None for delay in tellable), len(tellable)),
        "tellable": len(tellable),
        "recall_any_verdict": _share(
            sum(bool((each.altered & (each.verdicts != 0)).any()) for each in scored), len(scored)
        ),
        "altered_readings": altered,
        "share_of_readings_set_aside": _share(flagged, altered),
        "delay_median": float(np.median(found)) if found else None,
        "delay_p90": float(np.quantile(found, 0.9)) if found else None,
    }


def wilson_interval(part: int, whole: int) -> tuple[float, float] | None:
    """Return the interval that holds the true share with 95 % confidence (Wilson, JASA 22, 1927); None of nothing.

    Examples:
        >>> [round(bound, 3) for bound in wilson_interval(90, 92)]
        [0.924, 0.994]
    """
    if not whole:
        return None
    square, share = _QUANTILE**2, part / whole
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = _QUANTILE * np.sqrt(share * (1 - share) / whole + square / (4 * whole**2)) / (1 + square / whole)
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def set_aside(clean: BoolArray, verdicts: NDArray[np.int8]) -> dict[str, object]:
    """Return how many clean readings were set aside, and by which verdict. Shapes (row, signal)."""
    lost = verdicts[clean & (verdicts != 0)]
    kinds, counts = np.unique(lost, return_counts=True)
    return {
        "clean_readings": int(clean.sum()),
        "set_aside": len(lost),
        "share": _share(len(lost), int(clean.sum())),
        "by_verdict": {Verdict(int(kind)).name.lower(): int(count) for kind, count in zip(kinds, counts, strict=True)},
    }


def _is_visible(trial: Trial) -> bool:
    return trial.differs and int(trial.altered.sum()) >= (1 if trial.kind == "spike" else FEWEST_ALTERED)


def _delay(trial: Trial) -> int | None:
    """Return the altered readings before the first right verdict, per signal the earliest; None if there is none."""
    right = trial.altered & np.isin(trial.verdicts, [int(each) for each in RIGHT[trial.kind]])
    if not right.any():
        return None
    first = int(np.flatnonzero(right.any(1))[0])
    return int(trial.altered[:first].any(1).sum())


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
