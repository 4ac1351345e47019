"""How much of what is expected of a machine comes from others: from the machines that its table was fitted on.

A machine's level is always its own, from its first reading on. What it borrows is how sensors follow conditions: slopes
begin at those of the fleet, as far as machines differ, and become the machine's own as rows come. An estimate of an
unknown value from a prior and from readings weighs each by its precision, so what is left of the prior's variance is
the share that the prior still has (Gelman et al., Bayesian Data Analysis, 2013, section 2.5). Slopes count by how much
of the expectation hangs on them.
"""

import numpy as np

from features.transforms.condition.model import ConditionModel, FloatArray
from features.transforms.condition.state import ConditionState


def borrowed_share(model: ConditionModel, state: ConditionState) -> float:
    """Return the share of the fleet in what is expected of a machine, 0 to 1.

    It is 1 of a machine that was never seen, and falls as the machine shows its own way in conditions that vary. Where
    nothing follows a condition nothing is borrowed.

    Args:
        model: Of the state.
        state: After any row.
    """
    before = np.square(model.slope_spreads / model.noise[:, None])
    places = np.arange(1, before.shape[1] + 1)
    weights = _moving(model, state)
    prior = before @ weights
    counts = prior > 0.0
    if not counts.any():
        return 0.0
    left = state.spread[:, places, places] @ weights
    return float(np.clip(left[counts] / prior[counts], 0.0, 1.0).mean())


def _moving(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how far each feature moves, squared. Shape (slope,)."""
    conditions = np.square(model.condition_spreads)
    regimes = model.slopes.shape[1] - len(conditions)
    visits = state.visits[:regimes]
    share = visits / max(float(visits.sum()), 1.0)
    return np.concatenate([conditions, share * (1.0 - share)])
