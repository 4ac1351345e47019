"""The checks of a challenger that look at forecasts: cost, subgroups, calibration, coverage and answers given."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibration.reliability import calibration_error
from models.prognosis.comparison import FEWEST_MACHINES, Difference, paired_difference
from models.prognosis.metrics import known_outcomes
from pipelines.promote.finding import Finding
from pipelines.promote.trial import Answers, Trial

NOMINAL = 0.90
"""Of the interval from p05 to p95."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How sure a promotion must be, and what it tolerates.

    Attributes:
        level: Of the interval of the cost's difference, which must lie below 0.
        subgroup_level: Of the interval of a subgroup's difference.
        subgroup_margin: What a subgroup may cost more at the upper end of that interval, as a share of what the
            champion costs on all rows: that a group is not worse has to be shown, it is not taken for granted.
        calibration_error: Largest mean distance of forecast and observed frequency; a champion's larger one may stay.
        coverage_distance: Largest distance of the interval's coverage from .90; a champion's larger one may stay.
        answers_lost: Largest share of rows that only the champion answers.
    """

    level: float = 0.95
    subgroup_level: float = 0.80
    subgroup_margin: float = 0.25
    calibration_error: float = 0.05
    coverage_distance: float = 0.04
    answers_lost: float = 0.01


def judge(trial: Trial, limits: Limits = Limits()) -> tuple[Finding, ...]:  # frozen
    """Check a challenger against the champion on machines that neither has seen.

    Args:
        trial: What both said, and what came true.
        limits: How sure to be.

    Returns:
        One finding for each check, that of cost first; each subgroup is a check.
    """
    champion, challenger = trial.costs()
    return (
        _cost(paired_difference(champion, challenger, trial.machine, limits.level)),
        *_subgroups(trial, champion, challenger, limits),
        check_calibration(trial, limits.calibration_error),
        check_coverage(trial, limits.coverage_distance),
        _answers(trial, limits.answers_lost),
    )


def check_calibration(trial: Trial, most: float, margin: float = 0.0) -> Finding:
    """Check that forecast and observed frequency of failure are near enough to each other.

    Args:
        trial: What both said, and what came true.
        most: Mean distance that is always allowed.
        margin: How much larger than the champion's it may be where that one is larger than allowed.
    """
    both = trial.champion.is_given & trial.challenger.is_given
    before, after = (_error(trial, answers, both) for answers in (trial.champion, trial.challenger))
    than = f"at most {margin:g} larger" if margin else "no larger"
    must = f"have a calibration error of at most {most:.3f}, or {than} than the champion's"
    return Finding("calibration", after <= max(most, before + margin), must, f"{after:.3f}, champion {before:.3f}")


def check_coverage(trial: Trial, most: float) -> Finding:
    """Check coverage of all lives, those that ended in time standing for what their end hid."""
    weight = np.where(trial.champion.is_given & trial.challenger.is_given, trial.known_weight(), 0.0)
    before, after = (_held(each, trial, weight) for each in (trial.champion, trial.challenger))
    must = f"cover {NOMINAL:.0%} of remaining lives within {most:.0%}, or be no farther from it than the champion"
    allowed = max(most, abs(before - NOMINAL))
    return Finding("coverage", abs(after - NOMINAL) <= allowed + 1e-12, must, f"{after:.3f}, champion {before:.3f}")


def difference_words(difference: Difference) -> str:
    """Say how far apart two models are, for people."""
    if difference.machines < FEWEST_MACHINES:
        return f"{difference.machines} machines, of which nothing can be said"
    return (
        f"{difference.estimate:+.4g} a row ({difference.low:+.4g} to {difference.high:+.4g}) "
        f"on {difference.champion:.4g}, {difference.machines} machines"
    )


def _cost(difference: Difference) -> Finding:
    must = "cost less than the champion for certain (the interval of the difference lies below 0)"
    return Finding("cost", difference.high < 0, must, difference_words(difference))


def _subgroups(
    trial: Trial, champion: NDArray[np.float64], challenger: NDArray[np.float64], limits: Limits
) -> Iterator[Finding]:
    most = limits.subgroup_margin * float(np.nanmean(champion)) if np.isfinite(champion).any() else 0.0
    for kind, codes in sorted(trial.groups.items()):
        for code in np.unique(codes):
            rows = codes == code
            found = paired_difference(champion[rows], challenger[rows], trial.machine[rows], limits.subgroup_level)
            if found.machines >= FEWEST_MACHINES:
                must = f"cost no more where {kind} is {code} (the difference ends at or below {most:+.4g})"
                yield Finding("subgroup", found.high <= most, must, difference_words(found))


def _error(trial: Trial, answers: Answers, rows: NDArray[np.bool_]) -> float:
    """Return the calibration error, mean over horizons, of rows whose outcome is known."""
    errors = []
    for place, horizon in enumerate(trial.pack.horizons):
        outcome, is_known = known_outcomes(trial.remaining, trial.is_failure, horizon)
        chosen = rows & is_known
        errors.append(calibration_error(answers.probability[chosen, place], outcome[chosen]))
    return float(np.mean(errors))


def _held(answers: Answers, trial: Trial, weight: NDArray[np.float64]) -> float:
    truth = np.minimum(trial.remaining, trial.pack.grid.cap)
    is_held = (answers.low <= truth) & (truth <= answers.high)
    return float(np.average(is_held, weights=weight)) if weight.sum() > 0 else float("nan")


def _answers(trial: Trial, most: float) -> Finding:
    lost = float(np.mean(trial.champion.is_given & ~trial.challenger.is_given)) if len(trial.machine) else float("nan")
    return Finding("answers", lost <= most, f"leave at most {most:.0%} of the champion's answers out", f"{lost:.1%}")
