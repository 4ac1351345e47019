"""The z-scores of a life, row by row, as the feature step sees them: what a model of recent readings takes in.

Only the benchmark `bench dilated` and tests use it (docs/adr/0014).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.transforms.batch import LifeRows
from features.transforms.specification import FeatureSpecification
from features.transforms.state import initial_state
from features.transforms.step import StepPlan, advance


def life_scores(specification: FeatureSpecification, rows: LifeRows) -> NDArray[np.float64]:
    """Return the z-scores of every row of one life from its beginning on; `StepResult.scores` gives them one by one.

    Args:
        specification: Whose regimes.
        rows: All rows, running or not.

    Returns:
        NaN where a sensor was not measured, its regime is not known or the machine stood still. Shape (time, sensor).
    """
    if not len(rows.time):
        return np.empty((0, len(specification.sensors)))
    plan = replace(StepPlan.of(specification), families=())  # no score hangs on them, and some need events
    result = advance(plan, initial_state(specification, 1), rows.time[:, None], rows.values[:, :, None])
    return result.scores[:, :, 0]
