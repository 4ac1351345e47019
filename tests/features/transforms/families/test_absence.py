from dataclasses import replace

import numpy as np
import pytest

from features.domain.packs import FeatureFamily
from features.transforms.batch import LifeRows
from features.transforms.specification import FeatureSpecification
from tests.features.transforms.families.columns import HARD, columns_of, recent_mean, runs_of
from tests.features.transforms.fleet import CALENDAR, HOUR, START
from tests.features.transforms.oracle import lives_of, scores_of

GAPPED = replace(CALENDAR, rule=replace(CALENDAR.rule, families=(FeatureFamily.MISSING, FeatureFamily.UNKNOWN_REGIME)))
NAN = float("nan")


@pytest.mark.parametrize(("specification", "rows"), HARD)
def test_shares_are_weighted_means_over_running_rows(specification: FeatureSpecification, rows: LifeRows) -> None:
    runs, found = runs_of(specification, rows), columns_of(specification, rows)
    regimes, _ = scores_of(specification, rows, lives_of(specification, rows))
    unknown = np.where(runs, np.array(regimes) < 0, NAN)
    for window, text in zip(specification.rule.windows, ("4", "25p5"), strict=True):
        expected = recent_mean(specification, rows, unknown, window)
        np.testing.assert_allclose(found[f"unknown_regime_{text}"], expected, rtol=1e-5, atol=1e-6)
        for sensor in specification.sensors:
            column = rows.values[:, specification.signals.index(sensor)]
            expected = recent_mean(specification, rows, np.where(runs, np.isnan(column), NAN), window)
            np.testing.assert_allclose(found[f"{sensor}__missing_{text}"], expected, rtol=1e-5, atol=1e-6)


def test_operation_nobody_has_seen_is_said_so_and_no_statistic_pretends_to_know_it() -> None:
    known, far = [1000.0, 20.0, 3.0, 44.0], [1990.0, 0.0, 9.0, 99.0]
    rows = LifeRows(START + HOUR * np.arange(3, dtype=np.float64), np.array([far, known, far]))
    found = columns_of(GAPPED, rows)
    assert found["unknown_regime_4"][0] == 1.0
    assert np.isnan(found["vibration__mean_4"][0])
    assert 0.0 < found["unknown_regime_4"][1] < found["unknown_regime_4"][2] < 1.0
    assert found["vibration__mean_4"][2] == found["vibration__mean_4"][1]
    assert found["vibration__missing_4"].tolist() == [0.0, 0.0, 0.0]
