"""Is a small network as good as the ensemble whose answers it learnt to give? Asked on machines that neither saw."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Pack
from features.transforms.intervals import IntervalTable, bounds
from features.transforms.survival import failure_probability
from models.calibration.censoring import row_weights
from models.prognosis.comparison import paired_difference
from models.prognosis.metrics import ranked_probability
from models.prognosis.targets import LabelledVectors
from pipelines.promote.finding import Finding
from pipelines.promote.judging import check_calibration, check_coverage, difference_words
from pipelines.promote.trial import Answers, Trial


@dataclass(frozen=True, slots=True)
class Told:
    """What a network says of rows.

    Attributes:
        curves: Survival at each step's end. Shape (batch, time).
        table: Levels of its interval.
    """

    curves: NDArray[np.float64]
    table: IntervalTable


@dataclass(frozen=True, slots=True)
class Margins:
    """How much worse than the ensemble a student may be.

    What it may cost more, and err more, must be shown: the upper end of the interval of the difference, machines drawn
    whole, lies at or below the margin. With fewer than five machines nothing can be shown.

    Attributes:
        cost: Of acting on its forecasts, as a share of the ensemble's cost.
        error: Of the ranked probability score, as a share of the ensemble's.
        level: Of the interval.
        calibration_error: Mean distance of forecast and observed frequency that is always allowed.
        calibration_margin: How much larger than the ensemble's it may be: of two that hardly differ, either may have
            the larger one.
        coverage_distance: Distance of coverage from .90 that is always allowed; one no larger than the ensemble's is.
    """

    cost: float = 0.10
    error: float = 0.05
    level: float = 0.80
    calibration_error: float = 0.05
    calibration_margin: float = 0.02
    coverage_distance: float = 0.04


Compare = Callable[[Pack, LabelledVectors, Told, Told], tuple[Finding, ...]]
"""Called with the pack, rows of machines that neither saw, the teacher and the student."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How far a student's survival curves are from its teacher's.

    Attributes:
        largest: Largest difference of a survival probability.
        p99: The 99th percentile of differences.
        mean: Their mean.
        rows: Rows that were compared, each at every step of the grid.
    """

    largest: float
    p99: float
    mean: float
    rows: int

    @staticmethod
    def of(teacher: NDArray[np.float64], student: NDArray[np.float64]) -> "Fidelity":
        """Compare curves of the same rows. Shape (batch, time) each."""
        apart = np.abs(teacher - student)
        return Fidelity(float(apart.max()), float(np.quantile(apart, 0.99)), float(apart.mean()), len(apart))


def compare(
    pack: Pack,
    rows: LabelledVectors,
    teacher: Told,
    student: Told,
    margins: Margins = Margins(),  # frozen
) -> tuple[Finding, ...]:
    """Check a student against its teacher.

    Args:
        pack: Says horizons, grid and costs.
        rows: Of machines that neither saw, as far as a forecast would be given.
        teacher: What the ensemble says of them.
        student: What the small network says.
        margins: What is tolerated.

    Returns:
        One finding for cost, error, calibration and coverage each.
    """
    large, small = (_answers(pack, rows, each) for each in (teacher, student))
    weight = row_weights(rows.remaining, rows.is_failure, rows.age, rows.life_id, pack.grid.cap)
    trial = Trial(pack, large, small, rows.remaining, rows.is_failure, rows.machine, weight=weight)
    errors = (
        ranked_probability(each.curves, rows.remaining, rows.is_failure, pack.grid) for each in (teacher, student)
    )
    return (
        _no_worse("cost", "cost", rows.machine, trial.costs(), margins.cost, margins.level),
        _no_worse("error", "err (ranked probability)", rows.machine, tuple(errors), margins.error, margins.level),
        beside_ensemble(check_calibration(trial, margins.calibration_error, margins.calibration_margin)),
        beside_ensemble(check_coverage(trial, margins.coverage_distance)),
    )


def beside_ensemble(finding: Finding) -> Finding:
    """Return a finding of a promotion in the words of a student, which stands beside the ensemble, not a champion."""
    must, found = (each.replace("champion", "ensemble") for each in (finding.must, finding.found))
    return replace(finding, must=must, found=found)


def _answers(pack: Pack, rows: LabelledVectors, told: Told) -> Answers:
    low, _, high = bounds(told.curves, pack.grid.step, told.table, rows.regime)
    return Answers(failure_probability(told.curves, pack.grid.step, np.asarray(pack.horizons)), low, high)


def _no_worse(
    check: str,
    verb: str,
    machine: NDArray[np.int64],
    scores: tuple[NDArray[np.float64], ...],
    margin: float,
    level: float,
) -> Finding:
    teacher, student = scores
    found = paired_difference(teacher, student, machine, level)
    most = margin * found.champion
    must = (
        f"{verb} at most {margin:.0%} more than the ensemble for certain "
        f"(the {level:.0%} interval of the difference ends at or below {most:+.4g})"
    )
    return Finding(check, found.high <= most, must, difference_words(found))
