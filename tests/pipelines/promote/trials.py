"""Trials with a known truth: lives, and forecasts of models that see the remaining life through noise."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from edge_export.runtime.runtime import Runtime
from features.domain.packs import Pack
from pipelines.promote.finding import Finding
from pipelines.promote.trial import Answers, Trial
from tests.pipelines.building.machines import fan


def trial(
    champion: float, challenger: float, machines: int = 40, seed: int = 0, pack: Pack | None = None, **groups: int
) -> Trial:
    """Let two models see the logarithm of remaining life through noise of these deviations."""
    pack, generator = pack or fan(), np.random.default_rng(seed)
    rows = 30
    remaining = pack.grid.cap * np.exp(generator.uniform(-6.0, 3.0, machines * rows))
    machine = np.repeat(np.arange(machines), rows)
    return Trial(
        pack,
        seen(pack, remaining, champion, generator),
        seen(pack, remaining, challenger, generator),
        remaining,
        np.ones(len(remaining), np.bool_),
        machine,
        {name: np.where(machine % count == 0, "a", "b") for name, count in groups.items()},
    )


def content(trial: Trial, champion: Runtime, challenger: Runtime) -> tuple[Finding, ...]:
    """Find every challenger better."""
    return (Finding("cost", True, "cost less", "less"),)


def seen(pack: Pack, remaining: NDArray[np.float64], noise: float, generator: np.random.Generator) -> Answers:
    """Return forecasts that are calibrated for a flat prior on the logarithm of remaining life."""
    middle = np.log(remaining) + generator.normal(0.0, noise, len(remaining))
    score = (np.log(np.asarray(pack.horizons)) - middle[:, None]) / noise
    low, high = (np.minimum(np.exp(middle + sign * 1.645 * noise), pack.grid.cap) for sign in (-1.0, 1.0))
    return Answers(np.vectorize(NormalDist().cdf)(score), low, high)
