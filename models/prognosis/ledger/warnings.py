"""Warnings: how long before a failure one stood, and how many were borne out.

A warning of a horizon stands from the first forecast whose probability for it reached the threshold for as long as
the forecasts in force, one after the other, say so. A moment without a forecast in force ends it: what has expired
warns nobody. A machine that was replaced within the horizon of a warning bears it out as little as it belies it: that
is neither a failure nor a false alarm.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.prognosis.ledger.judged import WARNED, Judged

_SECOND = 1.0
"""Forecasts that follow each other so closely leave no gap."""


@dataclass(frozen=True, slots=True)
class LeadTime:
    """What the warnings of one horizon were worth.

    Attributes:
        horizon: Life units.
        threshold: Probability from which on a forecast warns.
        failures: Lives that ended in a failure and of which there are forecasts.
        warned: Those of them before which a warning stood to the end.
        leads: How long each of these stood, by length, life units.
        borne_out: Warnings that a failure within the horizon followed.
        belied: Warnings whose horizon passed without a failure.
        unanswered: Warnings that nobody can judge: the machine was replaced, or the horizon has not passed.
        replaced_warned: Preventive replacements while a warning stood.
        replaced: Preventive replacements of lives of which there are forecasts.
    """

    horizon: float
    threshold: float
    failures: int
    warned: int
    leads: tuple[float, ...]
    borne_out: int
    belied: int
    unanswered: int
    replaced_warned: int
    replaced: int

    def quantile(self, level: float) -> float | None:
        """Return the lead time below which lies a share of the failures, those without a warning counting 0."""
        if not self.failures:
            return None
        every = [0.0] * (self.failures - self.warned) + list(self.leads)
        return float(np.quantile(every, level))


def lead_times(rows: Judged, threshold: float = WARNED) -> tuple[LeadTime, ...]:
    """Return what the warnings of every horizon were worth.

    Args:
        rows: Forecasts with their answers.
        threshold: Probability from which on a forecast warns.
    """
    lives = rows.by_life
    return tuple(_of_horizon(rows, lives, place, threshold) for place in range(len(rows.horizons)))


def _of_horizon(rows: Judged, lives: list[NDArray[np.int64]], place: int, threshold: float) -> LeadTime:
    horizon, leads = rows.horizons[place], list[float]()
    failures = replaced = replaced_warned = borne_out = belied = unanswered = 0
    for life in lives:
        is_failure, is_replaced = bool(rows.is_failure[life[0]]), bool(rows.is_replaced[life[0]])
        found = _warnings(rows, life, rows.p_fail[life, place] >= threshold)
        stood = [float(rows.lived[first]) for first, is_last in found if is_last]
        failures, replaced = failures + is_failure, replaced + is_replaced
        replaced_warned += is_replaced and bool(stood)
        leads += stood if is_failure else []
        for first, _ in found:
            is_over = float(rows.lived[first]) > horizon
            belied += is_over
            borne_out += is_failure and not is_over
            unanswered += not is_failure and not is_over
    warned = tuple(sorted(leads))
    return LeadTime(
        horizon,
        threshold,
        failures,
        len(warned),
        warned,
        borne_out,
        belied,
        unanswered,
        replaced_warned,
        replaced,
    )


def _warnings(rows: Judged, life: NDArray[np.int64], warns: NDArray[np.bool_]) -> list[tuple[int, bool]]:
    """Return the first row of each warning of a life, and whether it stood to the end of the life."""
    counted = rows.held[life] > 0
    life, warns = life[counted], warns[counted]
    ends = rows.issued[life] + rows.held[life]
    found: list[tuple[int, bool]] = []
    for place, row in enumerate(life):
        if not warns[place]:
            continue
        goes_on = place > 0 and bool(warns[place - 1]) and rows.issued[row] - ends[place - 1] <= _SECOND
        reaches = place == len(life) - 1 and rows.until[row] - ends[place] <= _SECOND
        if goes_on:
            found[-1] = (found[-1][0], reaches)
        else:
            found.append((int(row), reaches))
    return found
