import numpy as np
import pytest

from features.transforms.batch import LifeRows, compute
from features.transforms.specification import FeatureSpecification
from features.transforms.state import initial_state
from features.transforms.step import StepPlan, step
from tests.features.transforms.fleet import (
    CALENDAR,
    COUNTER,
    FLOW,
    HOUR,
    HOURS,
    SPECIFICATIONS,
    SPEED,
    START,
    VIBRATION,
    life,
)
from tests.features.transforms.oracle import is_idle, lives_of, scores_of, vector_at

NAN = float("nan")


def rows_of(*readings: tuple[float, float, float, float, float]) -> LifeRows:
    """Return hourly rows of speed, flow, vibration, temperature, hours."""
    return LifeRows(np.array([START + hour * HOUR for hour in range(len(readings))]), np.array(readings))


@pytest.mark.parametrize("specification", SPECIFICATIONS.values(), ids=SPECIFICATIONS)
@pytest.mark.parametrize("seed", range(3))
def test_every_statistic_is_that_of_the_whole_history(specification: FeatureSpecification, seed: int) -> None:
    rows = life(specification, rows=70, seed=seed)
    (computed,) = compute(specification, [rows])
    lives = lives_of(specification, rows)
    regimes, scores = scores_of(specification, rows, lives)
    expected = np.array([vector_at(specification, lives, scores, row) for row in range(len(lives))])
    np.testing.assert_allclose(computed.life, lives, rtol=1e-12, atol=1e-9)
    assert computed.regime.tolist() == regimes
    assert computed.is_running.tolist() == [not is_idle(specification, row) for row in rows.values]
    np.testing.assert_allclose(computed.vectors, expected, rtol=2e-6, atol=2e-6)


def test_lives_under_test_hold_what_makes_features_hard() -> None:
    (computed,) = compute(COUNTER, [life(COUNTER)])
    assert {-1, 0, 1} <= set(computed.regime.tolist())
    assert 0 < np.count_nonzero(~computed.is_running) < 40
    counter = life(COUNTER).values[:, HOURS]
    assert np.nanmin(np.diff(counter[~np.isnan(counter)])) < 0


def test_streaming_leaves_the_state_before_the_row_as_it_was() -> None:
    plan, state, rows = StepPlan.of(COUNTER), initial_state(COUNTER, 1), life(COUNTER)
    before = state.pack()
    step(plan, state, rows.time[:1], rows.values[:1])
    np.testing.assert_array_equal(state.pack(), before)


def test_counter_that_is_reset_counts_on_from_nothing() -> None:
    hours = [100.0, 104.0, NAN, 105.0, 2.0, 2.5]
    rows = rows_of(*((1000.0, 20.0, 2.0, 40.0, reading) for reading in hours))
    (computed,) = compute(COUNTER, [rows])
    assert computed.life.tolist() == [0.0, 4.0, 4.0, 5.0, 7.0, 7.5]


def test_counter_that_flickers_backwards_gains_no_life() -> None:
    hours = [100.0, 104.0, 103.9, 104.0, 105.0]
    rows = rows_of(*((1000.0, 20.0, 2.0, 40.0, reading) for reading in hours))
    (computed,) = compute(COUNTER, [rows])
    assert computed.life.tolist() == [0.0, 4.0, 4.0, 4.0, 5.0]


def test_standstill_ages_the_past_and_adds_nothing() -> None:
    run, idle = (1000.0, 20.0, 3.0, 44.0, 0.0), (0.0, 0.0, 9.0, 99.0, 0.0)
    (with_idle,) = compute(CALENDAR, [_calendar(rows_of(run, idle, idle, run))])
    without = LifeRows(START + np.array([0.0, 3.0]) * HOUR, np.array([run[:4], run[:4]]))
    (plain,) = compute(CALENDAR, [without])
    assert with_idle.is_running.tolist() == [True, False, False, True]
    np.testing.assert_allclose(with_idle.vectors[-1], plain.vectors[-1], rtol=1e-6)


def test_unknown_speed_is_not_standstill() -> None:
    rows = _calendar(rows_of((1000.0, 20.0, 3.0, 44.0, 0.0), (NAN, 20.0, 3.0, 44.0, 0.0)))
    (computed,) = compute(CALENDAR, [rows])
    assert computed.is_running.tolist() == [True, True]
    assert computed.regime.tolist() == [0, 0]


def test_condition_is_held_for_the_shortest_window_and_no_longer() -> None:
    known, unknown = (1000.0, 20.0, 3.0, 44.0, 0.0), (1000.0, NAN, 3.0, 44.0, 0.0)
    (computed,) = compute(CALENDAR, [_calendar(rows_of(known, *[unknown] * 6))])
    shortest = CALENDAR.rule.windows[0]
    assert computed.regime.tolist() == [0 if hour <= shortest else -1 for hour in range(7)]


def test_condition_measured_at_standstill_is_not_held() -> None:
    idle, unknown = (50.0, 20.0, 3.0, 44.0, 0.0), (1000.0, NAN, 3.0, 44.0, 0.0)
    (computed,) = compute(CALENDAR, [_calendar(rows_of(idle, unknown))])
    assert computed.regime.tolist() == [-1, -1]


def test_unknown_regime_changes_no_statistic() -> None:
    known, far = (1000.0, 20.0, 3.0, 44.0, 0.0), (1990.0, 0.0, 9.0, 99.0, 0.0)
    (computed,) = compute(CALENDAR, [_calendar(rows_of(known, far))])
    names = CALENDAR.names
    means = [index for index, name in enumerate(names) if "mean" in name and "shift" not in name]
    assert computed.regime.tolist() == [0, -1]
    np.testing.assert_allclose(computed.vectors[1, means], computed.vectors[0, means], rtol=1e-6)


def test_signal_that_was_never_measured_is_unknown_and_not_zero() -> None:
    rows = _calendar(life(COUNTER, rows=40))
    rows.values[:, VIBRATION] = NAN
    (computed,) = compute(CALENDAR, [rows])
    of_vibration = [index for index, name in enumerate(CALENDAR.names) if name.startswith("vibration")]
    of_temperature = [index for index, name in enumerate(CALENDAR.names) if name.startswith("temperature__mean")]
    assert np.isnan(computed.vectors[:, of_vibration]).all()
    assert np.isfinite(computed.vectors[-1, of_temperature]).all()


def test_sensor_silent_for_many_windows_is_unknown_again() -> None:
    known = (1000.0, 20.0, 3.0, 44.0)
    silent = (1000.0, 20.0, NAN, 44.0)
    rows = LifeRows(START + np.array([0.0, 1.0, 5000.0]) * HOUR, np.array([known, known, silent]))
    (computed,) = compute(CALENDAR, [rows])
    vector = dict(zip(CALENDAR.names, computed.vectors[-1].tolist(), strict=True))
    assert np.isnan(vector["vibration__mean_4"])
    assert np.isnan(vector["vibration__mean_25p5"])
    assert np.isfinite(vector["vibration__life_mean"])


def _calendar(rows: LifeRows) -> LifeRows:
    """Leave out the counter, which a machine that counts by the calendar does not have."""
    return LifeRows(rows.time, rows.values[:, [SPEED, FLOW, VIBRATION, VIBRATION + 1]].copy())
