import numpy as np
import pytest
from numpy.typing import NDArray

from features.transforms.errors import TooLittleData
from features.transforms.regimes import UNKNOWN, RegimeArrays, RegimeTable, fit_regimes

# Saxena et al. 2008: the six flight conditions of C-MAPSS (altitude kft, Mach, throttle resolver angle).
FLIGHTS = np.array([[0, 0, 100], [10, 0.25, 100], [20, 0.7, 100], [25, 0.62, 60], [35, 0.84, 100], [42, 0.84, 100]])
SPANS, TOLERANCE = (52.0, 1.05, 110.0), 0.03


def flown(rows: int = 1200, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Return conditions, which of the six they are, and two sensors that hang on them."""
    generator = np.random.default_rng(seed)
    flight = generator.choice(6, rows, p=[0.15, 0.15, 0.15, 0.15, 0.15, 0.25]).astype(np.int64)
    conditions = FLIGHTS[flight] + generator.uniform(-1, 1, (rows, 3)) * np.array([0.005, 0.0005, 0.0])
    sensors = np.stack([500.0 + 100.0 * flight, 30.0 - 3.0 * flight], axis=1) + generator.standard_normal((rows, 2))
    return conditions, flight, sensors


def fitted(conditions: NDArray[np.float64], sensors: NDArray[np.float64]) -> tuple[RegimeTable, RegimeArrays]:
    table = fit_regimes(conditions, sensors, SPANS, TOLERANCE)
    return table, RegimeArrays.of(table)


def test_six_flight_conditions_are_told_apart() -> None:
    conditions, flight, sensors = flown()
    table, arrays = fitted(conditions, sensors)
    regime = arrays.assign(conditions)
    assert len(table.centers) == 6
    assert len({(int(one), int(other)) for one, other in zip(flight, regime, strict=True)}) == 6
    assert (regime != UNKNOWN).all()
    sizes = np.bincount(regime)
    assert (np.diff(sizes) <= 0).all()


def test_score_within_a_regime_is_standard() -> None:
    conditions, _, sensors = flown()
    _, arrays = fitted(conditions, sensors)
    regime = arrays.assign(conditions)
    scores = arrays.standardise(regime, conditions, sensors)
    for index in range(6):
        np.testing.assert_allclose(scores[regime == index].mean(axis=0), 0.0, atol=1e-9)
        np.testing.assert_allclose(scores[regime == index].std(axis=0), 1.0, rtol=1e-3)


def test_row_far_from_all_that_was_seen_is_in_no_regime() -> None:
    conditions, _, sensors = flown()
    _, arrays = fitted(conditions, sensors)
    far = np.array([[30.0, 0.3, 100.0], [0.0, 0.0, 40.0], [0.0, np.nan, 100.0], [0.0, 0.0, 100.0]])
    regime = arrays.assign(far)
    assert (regime[:3] == UNKNOWN).all()
    assert regime[3] != UNKNOWN
    scores = arrays.standardise(regime, far, np.ones((4, 2)))
    assert np.isnan(scores[:3]).all()
    assert np.isfinite(scores[3]).all()


def test_few_rows_found_no_regime_of_their_own() -> None:
    conditions, _, sensors = flown()
    strays = np.array([[30.0, 0.3, 20.0]] * 19)
    table, arrays = fitted(np.concatenate([conditions, strays]), np.concatenate([sensors, np.ones((19, 2))]))
    assert len(table.centers) == 6
    assert (arrays.assign(strays) == UNKNOWN).all()


def test_constant_sensor_has_scale_one() -> None:
    conditions, _, sensors = flown()
    sensors[:, 0] = 518.67
    table, arrays = fitted(conditions, sensors)
    assert {scales[0] for scales in table.scales} == {1.0}
    scores = arrays.standardise(arrays.assign(conditions), conditions, sensors)
    np.testing.assert_allclose(scores[:, 0], 0.0, atol=1e-9)


def test_sensor_that_was_never_seen_in_a_regime_gives_no_score_there() -> None:
    conditions, _, sensors = flown()
    _, arrays = fitted(conditions, sensors)
    regime = arrays.assign(conditions)
    sensors[regime == 0, 0] = np.nan
    table, arrays = fitted(conditions, sensors)
    regime = arrays.assign(conditions)
    blind = next(index for index, scales in enumerate(table.scales) if scales[0] == 0.0)
    scores = arrays.standardise(regime, conditions, np.nan_to_num(sensors, nan=500.0))
    assert np.isnan(scores[regime == blind, 0]).all()
    assert np.isfinite(scores[regime != blind]).all()


def test_linear_dependence_on_a_condition_is_taken_out() -> None:
    generator = np.random.default_rng(1)
    speed = generator.uniform(900.0, 1500.0, (4000, 1))
    sensor = 5.0 + 0.01 * speed + generator.standard_normal((4000, 1))
    table = fit_regimes(speed, sensor, (1500.0,), 0.5)
    arrays = RegimeArrays.of(table)
    scores = arrays.standardise(arrays.assign(speed), speed, sensor)
    assert len(table.centers) == 1
    assert table.slopes[0][0][0] == pytest.approx(15.0, rel=0.1)  # 0.01 per rpm, 1500 rpm a span
    assert table.scales[0][0] == pytest.approx(1.0, rel=0.05)
    assert np.std(sensor) > 1.9
    assert abs(np.corrcoef(scores[:, 0], speed[:, 0])[0, 1]) < 0.1


def test_change_of_a_condition_as_small_as_its_noise_explains_nothing() -> None:
    generator = np.random.default_rng(2)
    condition = 0.5 + 1e-5 * generator.standard_normal(300)
    sensor = generator.standard_normal(300) + 3e4 * (condition - 0.5)  # as if noise drove the sensor
    table = fit_regimes(condition[:, None], sensor[:, None], (1.0,), 0.1)
    assert abs(table.slopes[0][0][0] * 1e-5) < 0.01 * table.scales[0][0]


def test_values_that_were_not_measured_do_not_count() -> None:
    conditions, flight, sensors = flown()
    holes = sensors.copy()
    holes[::3, 0] = np.nan
    table, arrays = fitted(conditions, holes)
    for index in range(6):
        place = int(arrays.assign(FLIGHTS[index : index + 1].astype(np.float64))[0])
        assert table.means[place][0] == pytest.approx(np.nanmean(holes[flight == index, 0]), abs=0.2)


def test_rows_without_their_conditions_teach_nothing() -> None:
    conditions, _, sensors = flown()
    table, _ = fitted(conditions, sensors)
    unknown = np.full((50, 3), np.nan)
    assert fit_regimes(np.concatenate([conditions, unknown]), np.pad(sensors, ((0, 50), (0, 0))), SPANS, 0.03) == table


def test_without_conditions_there_is_one_regime() -> None:
    sensors = np.random.default_rng(3).normal(7.0, 2.0, (100, 1))
    table = fit_regimes(np.empty((100, 0)), sensors, (), 0.1)
    arrays = RegimeArrays.of(table)
    assert arrays.assign(np.empty((3, 0))).tolist() == [0, 0, 0]
    scores = arrays.standardise(np.zeros(100, np.int64), np.empty((100, 0)), sensors)
    assert scores.mean() == pytest.approx(0.0, abs=1e-9)
    assert scores.std() == pytest.approx(1.0)


@pytest.mark.parametrize("rows", [0, 5, 19])
def test_too_little_data_is_refused_with_what_was_found(rows: int) -> None:
    with pytest.raises(TooLittleData, match=f"found {rows} rows"):
        fit_regimes(np.zeros((rows, 1)), np.zeros((rows, 1)), (1.0,), 0.1)


def test_table_reads_back_from_lists() -> None:
    conditions, _, sensors = flown(300)
    table, _ = fitted(conditions, sensors)
    document = {name: getattr(table, name) for name in RegimeTable.__slots__}
    assert RegimeTable.from_lists(document) == table
