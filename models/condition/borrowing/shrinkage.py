"""Empirical Bayes: what is expected of a member of a fleet, from the fleet, from those like it, and from itself.

A value of each machine scatters around the mean of its group, group means scatter around that of the fleet, and what is
known of each machine is uncertain by itself. Both variances between are estimated by the method of Paule & Mandel 1982
("Consensus values and weighting factors", J. Res. NBS 87, 377): the one at which the weighted squares add up to their
degrees of freedom. Means are then weighted by precision (James & Stein 1961; Efron & Morris 1975, "Data analysis using
Stein's estimator", JASA 70, 311), so the farther machines are alike, the more a new one takes from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

_HALVINGS = 60


class Source(IntEnum):
    """Where an estimate comes from; the place of its weight."""

    FLEET = 0
    GROUP = 1
    EARLIER = 2
    OWN = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value for each signal with its uncertainty, and what it was made of.

    Attributes:
        center: Shape (signal,).
        variance: Of the error of `center`. Shape (signal,).
        weights: Of each source in `center`; they add up to 1. Shape (source, signal).
    """

    center: NDArray[np.float64]
    variance: NDArray[np.float64]
    weights: NDArray[np.float64]

    def after(self, value: NDArray[np.float64], variance: NDArray[np.float64]) -> "Estimate":
        """Return the estimate after the machine's own value; one that is unknown (NaN) changes nothing.

        Args:
            value: Shape (signal,).
            variance: Of its error; infinite where it tells nothing. Shape (signal,).
        """
        known = ~np.isnan(value) & np.isfinite(variance)
        ignorant = known & ~np.isfinite(self.variance)
        before, own = np.where(np.isfinite(self.variance), self.variance, 0.0), np.where(known, variance, 1.0)
        share = np.where(ignorant, 1.0, np.where(known, before / (before + own), 0.0))
        weights = self.weights * (1.0 - share)
        weights[Source.OWN] += share
        center = (1.0 - share) * np.where(ignorant, 0.0, self.center) + share * np.where(known, value, 0.0)
        variance = np.where(known, np.where(ignorant, own, (1.0 - share) * before), self.variance)
        return Estimate(center, variance, weights)

    def renewed(self, afresh: "Estimate", touched: NDArray[np.bool_], kept: float) -> "Estimate":
        """Return what is expected after a change of the machine: some of what was its own stays so.

        The machine's departure from what was expected of it at first carries over by the share `kept`, and is drawn
        anew for the rest, so that an unknown machine stays as unknown as it was.

        Args:
            afresh: What was expected before anything was known of the machine itself.
            touched: Which signals the change concerns. Shape (signal,).
            kept: 0 (nothing carries over) to 1.
        """
        earlier = self.weights.copy()
        earlier[Source.EARLIER] += earlier[Source.OWN]
        earlier[Source.OWN] = 0.0
        center = afresh.center + kept * (self.center - afresh.center)
        variance = kept**2 * self.variance + (1.0 - kept**2) * afresh.variance
        weights = kept * earlier + (1.0 - kept) * afresh.weights
        return Estimate(center, variance, weights).but(self, ~touched)

    def widened(self, by: NDArray[np.float64]) -> "Estimate":
        """Return the estimate, less certain by a variance. Shape (signal,)."""
        return replace(self, variance=self.variance + by)

    def but(self, other: "Estimate", signals: NDArray[np.bool_]) -> "Estimate":
        """Return this estimate, but for some signals another one. Shape (signal,)."""
        return Estimate(
            np.where(signals, other.center, self.center),
            np.where(signals, other.variance, self.variance),
            np.where(signals, other.weights, self.weights),
        )


@dataclass(frozen=True, slots=True)
class Layers:
    """How machines of a fleet are spread around their groups, and groups around the fleet. Arrays: (signal,).

    Attributes:
        fleet: Mean over groups.
        fleet_error: Variance of its error.
        between_groups: Variance of group means around it.
        between_machines: Variance of machines around the mean of their group.
        groups: Of each group, its mean and the variance of the error of that mean.
    """

    fleet: NDArray[np.float64]
    fleet_error: NDArray[np.float64]
    between_groups: NDArray[np.float64]
    between_machines: NDArray[np.float64]
    groups: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]

    def expected(self, group: str | None) -> Estimate:
        """Return what is expected of a new machine (Morris 1983, "Parametric empirical Bayes inference", JASA 78, 47).

        Args:
            group: The group whose machines are like it; None, or one that is not known, for the fleet alone.
        """
        weights = np.zeros((len(Source), len(self.fleet)))
        weights[Source.FLEET] = 1.0
        if group is None or group not in self.groups:
            variance = self.fleet_error + self.between_groups + self.between_machines
            return Estimate(self.fleet, variance, weights)
        mean, error = self.groups[group]
        known = ~np.isnan(mean)
        near = np.where(known, self.between_groups / (self.between_groups + error), 0.0)
        weights[Source.FLEET], weights[Source.GROUP] = 1.0 - near, near
        center = self.fleet + near * np.where(known, mean - self.fleet, 0.0)
        left = np.where(known, near * np.where(known, error, 0.0), self.between_groups)
        return Estimate(center, left + (1.0 - near) ** 2 * self.fleet_error + self.between_machines, weights)


def layers_of(values: NDArray[np.float64], errors: NDArray[np.float64], groups: Sequence[str]) -> Layers:
    """Estimate both layers.

    Args:
        values: NaN where a machine says nothing of a signal. Shape (machine, signal).
        errors: Variance of the error of each value. Shape (machine, signal).
        groups: The group of each machine.

    Returns:
        Layers; with one group only, nothing lies between groups, and the fleet is the group.
    """
    names = sorted(set(groups))
    members = [np.array([group == name for group in groups]) for name in names]
    between_machines = _between(values, errors, members)
    means, mean_errors = _means(values, errors + between_machines, members)
    everyone = [np.ones(len(names), np.bool_)]
    between_groups = _between(means, mean_errors, everyone)
    fleet, fleet_error = _means(means, mean_errors + between_groups, everyone)
    known = {name: (means[place], mean_errors[place]) for place, name in enumerate(names)}
    return Layers(fleet[0], fleet_error[0], between_groups, between_machines, known)


def _means(
    values: NDArray[np.float64], variances: NDArray[np.float64], members: Sequence[NDArray[np.bool_]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weighted mean of each group and the variance of its error. Shapes (group, signal)."""
    weights = np.where(np.isnan(values), 0.0, 1.0 / np.maximum(variances, 1e-300))
    total = np.array([weights[each].sum(axis=0) for each in members])
    summed = np.array([(weights[each] * np.nan_to_num(values[each])).sum(axis=0) for each in members])
    some = total > 0
    divisor = np.where(some, total, 1.0)
    return np.where(some, summed / divisor, np.nan), np.where(some, 1.0 / divisor, np.inf)


def _between(
    values: NDArray[np.float64], errors: NDArray[np.float64], members: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float64]:
    """Return the variance between values of one group beyond their errors, pooled over groups. Shape (signal,)."""
    freedom = sum(np.maximum((~np.isnan(values[each])).sum(axis=0) - 1, 0) for each in members)
    low = np.zeros(values.shape[1])
    known = ~np.isnan(values)
    width = np.where(known, values, -np.inf).max(axis=0) - np.where(known, values, np.inf).min(axis=0)
    high = np.where(np.isfinite(width), width**2, 0.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        too_small = _squares(values, errors + middle, members) > freedom
        low, high = np.where(too_small, middle, low), np.where(too_small, high, middle)
    return np.where(_squares(values, errors, members) > freedom, high, 0.0)


def _squares(
    values: NDArray[np.float64], variances: NDArray[np.float64], members: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float64]:
    """Return the weighted squares of values around the weighted mean of their group. Shape (signal,)."""
    means, _ = _means(values, variances, members)
    return np.asarray(
        sum(
            np.nansum((values[each] - mean) ** 2 / np.maximum(variances[each], 1e-300), axis=0)
            for each, mean in zip(members, means, strict=True)
        )
    )
