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
    """Return the share of the fleet in what is expected of a machine, 0 to 1; NaN if what is remembered is no number.

    It is 1 of a machine that was never seen, and falls as the machine shows its own way in conditions that vary. Where
    nothing follows a condition nothing is borrowed.

    Args:
        model: Of the state.
        state: After any row.
    """
    weights = _moving(model, state)
    prior = model.slope_variances.dot(weights)
    left = state.spread.diagonal(axis1=1, axis2=2)[:, 1:].dot(weights)
    shares = [one / before for one, before in zip(left.tolist(), prior.tolist(), strict=True) if before > 0.0]
    return min(max(sum(shares) / len(shares), 0.0), 1.0) if shares else 0.0


def _moving(model: ConditionModel, state: ConditionState) -> FloatArray:
    """Return how far each feature moves, squared. Shape (slope,)."""
    conditions = np.square(model.condition_spreads)
    if not len(model.regime_centers):
        return conditions
    visits = state.visits[: model.slopes.shape[1] - len(conditions)]
    share = visits / max(float(visits.sum()), 1.0)
    return np.concatenate([conditions, share * (1.0 - share)])
