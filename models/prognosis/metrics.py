"""How good forecasts are. Every score says on which rows and in which unit it was taken."""

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import LifeGrid
from models.prognosis.targets import hazard_targets


def root_mean_square(error: NDArray[np.float64]) -> float:
    """Return the root mean square of errors, in their unit."""
    return float(np.sqrt(np.mean(np.square(error))))


def phm08_score(error: NDArray[np.float64]) -> float:
    """Return the score of the PHM 2008 challenge: late forecasts cost more than early ones.

    Source: Saxena et al. 2008, "Damage propagation modeling for aircraft engine run-to-failure simulation",
    equation 11: Σ exp(-d/13) - 1 for d < 0, Σ exp(d/10) - 1 for d ≥ 0.

    Args:
        error: Forecast minus true remaining life, cycles. Shape (batch,).

    Returns:
        The sum; 0 is perfect.

    Examples:
        >>> round(phm08_score(np.array([10.0, -13.0])), 3)
        3.437
    """
    return float(np.sum(np.where(error < 0, np.expm1(-error / 13.0), np.expm1(error / 10.0))))


def coverage(low: NDArray[np.float64], high: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return the share of true values inside their intervals, bounds included."""
    return float(np.mean((low <= truth) & (truth <= high)))


def brier(probability: NDArray[np.float64], outcome: NDArray[np.bool_]) -> float:
    """Return the Brier score: mean squared distance of probability and outcome (Brier 1950)."""
    return float(np.mean(np.square(probability - outcome)))


def ranked_probability(
    survival: NDArray[np.float64], remaining: NDArray[np.float64], is_failure: NDArray[np.bool_], grid: LifeGrid
) -> NDArray[np.float64]:
    """Return the continuous ranked probability score of each row up to the cap, over the steps whose outcome is known.

    Source: Gneiting & Raftery 2007, "Strictly proper scoring rules, prediction, and estimation", JASA 102(477),
    equation 20, on the grid: the squared distance of the curve from what happened, summed over life. A life that was
    cut off counts as far as it was seen, so scores are for comparing forecasts of the same rows.

    Args:
        survival: At each step's end. Shape (batch, time).
        remaining: Remaining life to the end, whatever ended it, life units. Shape (batch,).
        is_failure: Shape (batch,).
        grid: The pack's grid.

    Returns:
        Life units, smaller is better; NaN where nothing is known. Shape (batch,).

    Examples:
        >>> certain = np.array([[1.0, 0.0, 0.0]])
        >>> for end in (15.0, 5.0):
        ...     ranked_probability(certain, np.array([end]), np.array([True]), LifeGrid(10.0, 3)).tolist()
        [0.0]
        [10.0]
    """
    targets = hazard_targets(remaining, is_failure, grid)
    is_outlived = np.arange(grid.steps) < targets.outlived[:, None]
    is_known = is_outlived | targets.has_failed[:, None]
    score = (np.square(survival - is_outlived) * is_known).sum(axis=1) * grid.step
    return np.asarray(np.where(is_known.any(axis=1), score, np.nan), np.float64)


def known_outcomes(
    remaining: NDArray[np.float64], is_failure: NDArray[np.bool_], horizon: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which machines failed within a horizon, and for which rows that is known.

    A life censored before the horizon tells nothing about it: such rows are left out.

    Args:
        remaining: Remaining life to the end, whatever ended it, life units. Shape (batch,).
        is_failure: Shape (batch,).
        horizon: Life units.

    Returns:
        Outcome and whether it is known, each of shape (batch,).
    """
    outcome = is_failure & (remaining <= horizon)
    return outcome, outcome | (remaining > horizon)


def brier_skill(
    probability: NDArray[np.float64],
    constant_rate: float,
    remaining: NDArray[np.float64],
    is_failure: NDArray[np.bool_],
    horizons: tuple[float, ...],
) -> float:
    """Return the mean over horizons of 1 - Brier / Brier of a constant hazard.

    Args:
        probability: Shape (batch, horizon).
        constant_rate: Failures per life unit of the training machines.
        remaining: Life units. Shape (batch,).
        is_failure: Shape (batch,).
        horizons: Life units.

    Returns:
        1 is perfect, 0 no better than knowing the failure rate; NaN if no row has a known outcome.
    """
    skills = []
    for index, horizon in enumerate(horizons):
        outcome, is_known = known_outcomes(remaining, is_failure, horizon)
        if not is_known.any():
            return float("nan")
        reference = brier(np.full(int(is_known.sum()), -np.expm1(-constant_rate * horizon)), outcome[is_known])
        skills.append(1.0 - brier(probability[is_known, index], outcome[is_known]) / reference)
    return float(np.mean(skills))


def bootstrap_difference(
    first: NDArray[np.float64], second: NDArray[np.float64], machine: NDArray[np.int64], seed: int, draws: int = 2000
) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two root mean squares, drawn over machines.

    Args:
        first: Errors of one forecaster. Shape (batch,).
        second: Errors of the other on the same rows. Shape (batch,).
        machine: Machine of each row; a draw takes whole machines. Shape (batch,).
        seed: Of the draws.
        draws: Number of bootstrap samples.

    Returns:
        Low and high end of rms(first) - rms(second).
    """
    _, index = np.unique(machine, return_inverse=True)
    count = np.bincount(index)
    sums = np.stack([np.bincount(index, np.square(errors)) for errors in (first, second)])
    picks = np.random.default_rng(seed).integers(0, len(count), (draws, len(count)))
    rows = count[picks].sum(axis=1)
    roots = np.sqrt(sums[:, picks].sum(axis=2) / rows)
    low, high = np.quantile(roots[0] - roots[1], [0.025, 0.975])
    return float(low), float(high)
