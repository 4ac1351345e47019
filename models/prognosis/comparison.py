"""Which of two models costs less: what their warnings would have cost on the same rows, compared machine by machine."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Costs
from models.prognosis.metrics import known_outcomes

FEWEST_MACHINES = 5
"""With fewer, nothing is said about a difference: a bootstrap of so few machines covers nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a challenger costs more than the champion, on the average row.

    Attributes:
        estimate: Cost of the challenger less that of the champion, in the currency of the pack.
        low: Lower end of the interval.
        high: Upper end; below 0 the challenger costs less.
        champion: Cost of the champion.
        machines: Machines that were compared.
        rows: Rows with a known outcome.
    """

    estimate: float
    low: float
    high: float
    champion: float
    machines: int
    rows: int


def decision_costs(
    probability: NDArray[np.float64],
    remaining: NDArray[np.float64],
    is_failure: NDArray[np.bool_],
    horizons: tuple[float, ...],
    costs: Costs,
) -> NDArray[np.float64]:
    """Return what acting on each forecast would have cost, mean over the horizons whose outcome is known.

    Whoever pays `miss` for a failure without a warning and `false_alarm` for a warning without a failure warns where
    p > false_alarm / (false_alarm + miss), the threshold of least expected cost (Elkan, "The foundations of
    cost-sensitive learning", IJCAI 2001, equation 2). No forecast is no warning.

    Args:
        probability: Of failure within each horizon; NaN where there was no forecast. Shape (batch, horizon).
        remaining: Remaining life to the end, whatever ended it, life units. Shape (batch,).
        is_failure: Shape (batch,).
        horizons: Life units.
        costs: Of the pack.

    Returns:
        In the currency of the pack; NaN where no horizon has a known outcome. Shape (batch,).
    """
    threshold = costs.false_alarm / (costs.false_alarm + costs.miss)
    total, known = np.zeros(len(remaining)), np.zeros(len(remaining))
    for index, horizon in enumerate(horizons):
        outcome, is_known = known_outcomes(remaining, is_failure, horizon)
        warned = probability[:, index] > threshold
        cost = costs.miss * (outcome & ~warned) + costs.false_alarm * (warned & ~outcome)
        total += np.where(is_known, cost, 0.0)
        known += is_known
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)


def paired_difference(
    champion: NDArray[np.float64],
    challenger: NDArray[np.float64],
    machine: NDArray[np.int64],
    level: float = 0.95,
    seed: int = 0,
    draws: int = 2000,
) -> Difference:
    """Compare costs on the same rows by a studentised bootstrap over machines.

    Rows of one machine resemble each other, so a draw takes whole machines; the mean is a ratio of sums over them.
    Studentised (bootstrap-t: Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 12.5), because
    the percentile interval is too narrow for a dozen machines.

    Args:
        champion: Cost of each row; NaN where unknown. Shape (batch,).
        challenger: The same of the challenger. Shape (batch,).
        machine: Shape (batch,).
        level: Of the interval.
        seed: Of the draws.
        draws: Number of bootstrap samples.

    Returns:
        The difference; its interval is unbounded with fewer than `FEWEST_MACHINES` machines.
    """
    known = np.isfinite(champion) & np.isfinite(challenger)
    machines, index = np.unique(machine[known], return_inverse=True)
    if not len(machines):
        return Difference(np.nan, -np.inf, np.inf, np.nan, 0, 0)
    rows: NDArray[np.float64] = np.bincount(index).astype(np.float64)
    sums: NDArray[np.float64] = np.bincount(index, (challenger - champion)[known]).astype(np.float64)
    estimate, base = float(sums.sum() / rows.sum()), float(champion[known].mean())
    if len(machines) < FEWEST_MACHINES:
        return Difference(estimate, -np.inf, np.inf, base, len(machines), int(rows.sum()))
    picks = np.random.default_rng(seed).integers(0, len(machines), (draws, len(machines)))
    low, high = _studentised(sums, rows, picks, level)
    return Difference(estimate, low, high, base, len(machines), int(rows.sum()))


def _studentised(
    sums: NDArray[np.float64], rows: NDArray[np.float64], picks: NDArray[np.int64], level: float
) -> tuple[float, float]:
    """Return the ends of the interval of Σ sums / Σ rows."""
    mean, error = _mean_and_error(sums[None, :], rows[None, :])
    drawn, errors = _mean_and_error(sums[picks], rows[picks])
    apart = drawn - mean
    steady = errors > 0  # a draw of machines that all differ alike says nothing of the spread: it counts as far out
    student = np.where(
        steady, apart / np.where(steady, errors, 1.0), np.where(apart == 0, 0.0, np.copysign(1e9, apart))
    )
    tail = (1.0 - level) / 2.0
    bottom, top = np.quantile(student, [tail, 1.0 - tail], method="nearest")
    return float(mean[0] - top * error[0]), float(mean[0] - bottom * error[0])


def _mean_and_error(
    sums: NDArray[np.float64], rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ratio and its standard error by linearisation (Cochran, "Sampling techniques", 1977, equation 6.13)."""
    count = sums.shape[1]
    mean = sums.sum(axis=1) / rows.sum(axis=1)
    residual = sums - mean[:, None] * rows
    return mean, np.sqrt(np.square(residual).sum(axis=1) * count / (count - 1)) / rows.sum(axis=1)
