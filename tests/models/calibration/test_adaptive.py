import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapie.regression import TimeSeriesRegressor  # type: ignore[import-untyped]  # it ships no types
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression  # type: ignore[import-untyped]  # it ships no types

from features.domain.errors import InvalidValue
from models.calibration.adaptive import AdaptiveLevel, follow, long_run_bound

HELD = np.sort(np.random.default_rng(0).exponential(size=200))


def drifting(count: int, seed: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    return np.asarray(generator.exponential(size=count) * np.linspace(0.5, 4.0, count), np.float64)


@given(
    stream=st.lists(st.floats(0.0, 100.0), min_size=1, max_size=300),
    target=st.sampled_from([0.05, 0.1, 0.3]),
    rate=st.sampled_from([0.005, 0.05, 0.5]),
)
def test_long_run_share_of_misses_is_within_the_paper_s_bound_for_any_stream(
    stream: list[float], target: float, rate: float
) -> None:
    start = AdaptiveLevel.start(target, rate)
    run = follow(stream, HELD, start, window=None)
    assert abs(np.mean(run.is_missed) - target) <= long_run_bound(start, len(stream)) + 1e-12
    assert ((run.levels >= -rate) & (run.levels <= 1 + rate)).all()


def test_fixed_intervals_fail_on_a_drifting_stream_and_adaptive_ones_do_not() -> None:
    stream = drifting(2000, 1)
    fixed = follow(stream, HELD, AdaptiveLevel.start(0.1, 1e-12), window=None)
    adaptive = follow(stream, HELD, AdaptiveLevel.start(0.1, 0.02), window=None)
    windowed = follow(stream, HELD, AdaptiveLevel.start(0.1, 0.02), window=200)
    assert np.mean(fixed.is_missed) > 0.25
    assert np.mean(adaptive.is_missed) == pytest.approx(0.1, abs=0.01)
    assert np.mean(windowed.is_missed) == pytest.approx(0.1, abs=0.01)
    assert np.isinf(windowed.thresholds).mean() < np.isinf(adaptive.thresholds).mean()


def test_update_by_hand() -> None:
    level = AdaptiveLevel.start(0.1, 0.05)
    assert level.after(True).level == pytest.approx(0.055)
    assert level.after(False).level == pytest.approx(0.105)
    assert level.threshold(np.arange(1.0, 20.0)) == 18.0


def test_level_of_nothing_covers_everything_and_of_everything_nothing() -> None:
    assert AdaptiveLevel(0.1, 0.5, -0.2).threshold(HELD) == math.inf
    assert AdaptiveLevel(0.1, 0.5, 1.2).threshold(HELD) == -math.inf


def test_levels_are_those_of_mapie_as_long_as_they_stay_between_0_and_1() -> None:
    generator = np.random.default_rng(2)
    rows = generator.normal(size=(120, 1))
    truth = rows[:, 0] + generator.normal(size=120)
    known: Any = TimeSeriesRegressor(LinearRegression(), method="aci", cv=3)
    known.fit(rows[:80], truth[:80])
    levels, missed = [0.1], []
    for row, value in zip(rows[80:], truth[80:] * 1.5, strict=True):
        bounds = known.predict(row[None], confidence_level=0.9, allow_infinite_bounds=True)[1][0, :, 0]
        missed.append(not bounds[0] < value < bounds[1])
        known.adapt_conformal_inference(row[None], np.array([value]), gamma=0.01, confidence_level=0.9)
        levels.append(known.current_alpha[0.1])
    level, ours = AdaptiveLevel.start(0.1, 0.01), [0.1]
    for is_missed in missed:
        level = level.after(is_missed)
        ours.append(level.level)
    assert 0 < min(ours) < max(ours) < 1
    assert sum(missed) > 3
    assert ours == pytest.approx(levels)


@given(st.integers(1, 40))
def test_no_interval_depends_on_what_came_after_it(cut: int) -> None:
    stream, start = drifting(60, 3), AdaptiveLevel.start(0.1, 0.05)
    whole, part = follow(stream, HELD, start, 50), follow(stream[:cut], HELD, start, 50)
    np.testing.assert_array_equal(whole.thresholds[:cut], part.thresholds)


@pytest.mark.parametrize(("target", "rate"), [(0.0, 0.1), (1.0, 0.1), (0.1, 0.0), (0.1, math.inf), (math.nan, 0.1)])
def test_unfit_target_or_rate_is_named(target: float, rate: float) -> None:
    with pytest.raises(InvalidValue, match=r"target|rate"):
        AdaptiveLevel.start(target, rate)
