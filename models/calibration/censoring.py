"""Lives whose end nobody saw: how they enter a calibration.

A life that was replaced in time, or is still going on, says "at least so long". Leaving such lives out favours the
short ones: of two machines alike, the one that fails early is the one whose failure is seen. So rows whose outcome is
known stand for those whose outcome is hidden (inverse probability of censoring: Robins & Rotnitzky 1992; in conformal
prediction Candès, Lei & Ren 2023, JRSS B 85(1)). A row whose outcome is hidden counts 0, but still counts as a row.

The outcome is remaining life clipped at the cap. It is known after a failure, and also while a life of at least the
cap is known to lie ahead. How long a life is watched is told by G, the probability that observation goes on to an age:
Kaplan and Meier's estimator with the roles of failure and censoring exchanged. Which weight is right hangs on how rows
come about:

- every row alike (`row_weights`): at age a, known from age t on, 1 / P(watched to t, given watched to a) = G(a) / G(t);
- every life alike, rows drawn uniformly from what was watched of it (`life_weights`): a life watched for a short time
  gives each of its rows a larger share, so the hidden mass between a and t is counted with those larger shares.

What must hold: whether observation ends may hang on the age (replacement at a fixed age, end of the record), but not
on the state of the machine beyond it. Machines replaced because they looked worn break this, and then no method can
tell from these data how long they would have lasted; `coverage_table` says between which bounds the coverage lies.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_WEIGHT = 10.0
"""Weights are clipped here: a row that speaks for more than ten is too much luck to lean on."""


@dataclass(frozen=True, slots=True)
class ObservationCurve:
    """Probability that observation of a life goes on to an age, whether or not the machine still lives.

    Attributes:
        ages: Ages at which some life was censored, life units, ascending. Shape (age,).
        logs: Logarithm of the probability to be observed beyond each of them. Shape (age,).
    """

    ages: NDArray[np.float64]
    logs: NDArray[np.float64]

    @staticmethod
    def fit(
        end: NDArray[np.float64], is_failure: NDArray[np.bool_], entry: NDArray[np.float64] | None = None
    ) -> "ObservationCurve":
        """Estimate it from lives (Kaplan & Meier 1958); of a failure and a censoring at one age the failure came first.

        Args:
            end: Age at the end of each life's record, life units. Shape (life,).
            is_failure: Whether that end was a failure. Shape (life,).
            entry: Age from which each life was watched; None for 0. Shape (life,).

        Returns:
            The curve; flat at 1 if nothing was censored.
        """
        entered = np.sort(np.zeros(len(end)) if entry is None else entry)
        ages, censored = np.unique(end[~is_failure], return_counts=True)
        failing = np.sort(end[is_failure])
        failed_now = np.searchsorted(failing, ages, side="right") - np.searchsorted(failing, ages, side="left")
        watched = np.searchsorted(entered, ages, side="right") - np.searchsorted(np.sort(end), ages, side="left")
        at_risk = np.maximum(watched - failed_now, censored)
        # Where all that are watched are censored at once, those watched later still tell of what follows.
        stays = np.maximum(1.0 - censored / at_risk, 1.0 / (at_risk + 1.0))
        return ObservationCurve(ages, np.asarray(np.cumsum(np.log(stays)), np.float64))

    def reaches(self, age: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability that observation goes on at least to an age. Shape as given."""
        passed = np.searchsorted(self.ages, age, side="left")
        return np.asarray(np.exp(np.concatenate([[0.0], self.logs])[passed]), np.float64)


def row_weights(
    remaining: NDArray[np.float64],
    is_failure: NDArray[np.bool_],
    age: NDArray[np.float64],
    life: NDArray[np.int64],
    cap: float,
    most: float = MOST_WEIGHT,
) -> NDArray[np.float64]:
    """Return how much each row stands for, where every row counts alike.

    Args:
        remaining: Remaining life to the end of the record, life units. Shape (batch,).
        is_failure: Whether that end was a failure. Shape (batch,).
        age: Age at the row, life units. Shape (batch,).
        life: Index of the life of each row; a life is taken to be watched from its youngest row on. Shape (batch,).
        cap: Longest remaining life told apart, life units.
        most: Weights are clipped here.

    Returns:
        0 where the outcome is hidden, else at least 1; exactly 1 where nothing could have hidden it. Shape (batch,).
    """
    curve, _, _ = _watched(remaining, is_failure, age, life)
    weights = curve.reaches(age) / curve.reaches(age + np.minimum(remaining, cap))
    return _clipped(weights, remaining, is_failure, cap, most)


def life_weights(
    remaining: NDArray[np.float64],
    is_failure: NDArray[np.bool_],
    age: NDArray[np.float64],
    life: NDArray[np.int64],
    cap: float,
    most: float = MOST_WEIGHT,
) -> NDArray[np.float64]:
    """Return how much each row stands for, where every life counts alike and shares that among its rows.

    Take them over all rows of a life, before some are drawn: what was watched of a life tells the share of its rows.

    Args:
        remaining: Remaining life to the end of the record, life units. Shape (batch,).
        is_failure: Whether that end was a failure. Shape (batch,).
        age: Age at the row, life units. Shape (batch,).
        life: Index of the life of each row; a life is taken to be watched from its youngest row on. Shape (batch,).
        cap: Longest remaining life told apart, life units.
        most: Weights are clipped here.

    Returns:
        0 where the outcome is hidden, else at least 1; exactly 1 where nothing could have hidden it. Shape (batch,).
    """
    curve, index, entry = _watched(remaining, is_failure, age, life)
    lost = np.exp(np.concatenate([[0.0], curve.logs[:-1]])) - np.exp(curve.logs)  # censored at each age
    count, weights = np.bincount(index), np.ones(len(age))
    until = age + np.minimum(remaining, cap)
    for number, (begin, rows) in enumerate(zip(entry, _rows_of(index), strict=True)):
        end = float((age + remaining)[rows[0]])
        spacing = max(end - begin, 1e-9) / count[number]
        # A life watched to an age has so much to draw rows from; half a step allows for the first of them.
        hidden = np.concatenate([[0.0], np.cumsum(lost / (np.maximum(curve.ages - begin, 0.0) + spacing / 2))])
        first, last = (np.searchsorted(curve.ages, each[rows], side="left") for each in (age, until))
        share = (hidden[last] - hidden[first]) * (end - begin + spacing / 2)
        weights[rows] = 1.0 + share / curve.reaches(until[rows])
    return _clipped(weights, remaining, is_failure, cap, most)


def _watched(
    remaining: NDArray[np.float64], is_failure: NDArray[np.bool_], age: NDArray[np.float64], life: NDArray[np.int64]
) -> tuple[ObservationCurve, NDArray[np.int64], NDArray[np.float64]]:
    """Return the curve, the life of each row counted from 0, and the age of each life's youngest row."""
    _, first, index = np.unique(life, return_index=True, return_inverse=True)
    end, entry = np.zeros(len(first)), np.full(len(first), np.inf)
    np.maximum.at(end, index, age + remaining)
    np.minimum.at(entry, index, age)
    return ObservationCurve.fit(end, is_failure[first], entry), np.asarray(index, np.int64), entry


def _rows_of(index: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the rows of each life, lives counted from 0."""
    order = np.argsort(index, kind="stable")
    return np.split(order, np.cumsum(np.bincount(index))[:-1]) if index.size else []


def _clipped(
    weights: NDArray[np.float64],
    remaining: NDArray[np.float64],
    is_failure: NDArray[np.bool_],
    cap: float,
    most: float,
) -> NDArray[np.float64]:
    is_known = is_failure | (remaining >= cap)
    return np.asarray(np.where(is_known, np.minimum(weights, most), 0.0), np.float64)
