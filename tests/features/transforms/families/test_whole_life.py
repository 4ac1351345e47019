import numpy as np
import pandas as pd
import pytest

from features.transforms.batch import LifeRows
from features.transforms.specification import FeatureSpecification
from tests.features.transforms.families.columns import HARD, columns_of
from tests.features.transforms.oracle import lives_of, scores_of


@pytest.mark.parametrize(("specification", "rows"), HARD)
def test_extremes_and_spread_are_those_that_pandas_finds(specification: FeatureSpecification, rows: LifeRows) -> None:
    _, scores = scores_of(specification, rows, lives_of(specification, rows))
    found = columns_of(specification, rows)
    for place, sensor in enumerate(specification.sensors):
        expanding = pd.Series(scores[:, place]).expanding(min_periods=1)
        expected = {
            "life_min": expanding.min(),
            "life_max": expanding.max(),
            "life_spread": expanding.std(ddof=0),
            "life_mean": expanding.mean(),
        }
        for name, values in expected.items():
            np.testing.assert_allclose(found[f"{sensor}__{name}"], values, rtol=1e-6, atol=1e-6)


def test_spread_keeps_its_digits_far_from_zero() -> None:
    specification, rows = HARD[0]
    values = rows.values.copy()
    values[:, specification.signals.index("vibration")] += 1e6
    found = columns_of(specification, LifeRows(rows.time, values, rows.events))["vibration__life_spread"]
    here = columns_of(specification, rows)["vibration__life_spread"]
    regimes, _ = scores_of(specification, rows, lives_of(specification, rows))
    alone = np.flatnonzero(np.array(regimes) >= 0)[0]
    assert found[alone] == here[alone] == 0.0
    assert np.isfinite(found[-1])
