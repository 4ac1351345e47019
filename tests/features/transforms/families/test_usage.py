from dataclasses import replace

import numpy as np
import pytest

from features.domain.packs import FeatureFamily
from features.transforms.batch import LifeRows
from features.transforms.specification import FeatureSpecification
from tests.features.transforms.families.columns import HARD, columns_of, runs_of
from tests.features.transforms.fleet import CALENDAR, HOUR, START
from tests.features.transforms.oracle import lives_of

USED = replace(CALENDAR, rule=replace(CALENDAR.rule, families=(FeatureFamily.USAGE,)))
NAN = float("nan")


def test_hours_starts_and_wear_by_hand() -> None:
    # Speed 1000 of a span of 2000 for 2 h, idle for 3 h, then 1500 for 1 h: half of it, nothing, three quarters.
    hours, speeds = [0.0, 2.0, 5.0, 6.0, 6.5], [1000.0, 1000.0, 0.0, 1500.0, NAN]
    rows = np.array([[speed, 20.0, 2.0, 40.0] for speed in speeds])
    found = columns_of(USED, LifeRows(START + np.array(hours) * HOUR, rows))
    assert np.isnan(found["running_share"][0])
    np.testing.assert_allclose(found["running_share"][1:], [1.0, 2 / 5, 3 / 6, 3.5 / 6.5], rtol=1e-6)
    assert found["starts"].tolist() == [0, 0, 0, 1, 1]
    np.testing.assert_allclose(found["starts_rate"][1:], [0, 0, 1 / 6, 1 / 6.5], rtol=1e-6)
    # A speed that was not measured is held for the shortest window, four hours.
    np.testing.assert_allclose(found["speed__wear"], [0, 1.0, 1.0, 1.75, 2.125], rtol=1e-6)
    np.testing.assert_allclose(found["speed__load"][1:], [0.5, 0.5, 1.75 / 3, 2.125 / 3.5], rtol=1e-6)


@pytest.mark.parametrize(("specification", "rows"), HARD)
def test_counters_are_those_of_the_whole_history(specification: FeatureSpecification, rows: LifeRows) -> None:
    runs, lives = runs_of(specification, rows), np.array(lives_of(specification, rows))
    found = columns_of(specification, rows)
    gained = np.diff(lives, prepend=lives[0])
    seconds = np.diff(rows.time, prepend=rows.time[0])
    starts = np.cumsum([row > 0 and runs[row] and not runs[row - 1] for row in range(len(runs))])
    np.testing.assert_allclose(found["starts"], starts)
    np.testing.assert_allclose(
        found["running_share"][1:], np.cumsum(seconds * runs)[1:] / np.cumsum(seconds)[1:], rtol=1e-5
    )
    for place, name in enumerate(specification.conditions):
        held, since, wear, known = NAN, NAN, 0.0, 0.0
        column = rows.values[:, specification.signals.index(name)]
        for row, value in enumerate(column):
            if runs[row] and not np.isnan(value):
                held, since = float(value), lives[row]
            if runs[row] and not np.isnan(held) and lives[row] - since <= specification.rule.windows[0]:
                wear += abs(held) / specification.regimes.spans[place] * gained[row]
                known += gained[row]
        assert found[f"{name}__wear"][-1] == pytest.approx(wear, rel=1e-5)
        assert found[f"{name}__load"][-1] == pytest.approx(wear / known, rel=1e-5)
