from dataclasses import replace

import numpy as np
import pytest

from pipelines.monitor.inputs import FEWEST_STRETCHES
from pipelines.monitor.report import DriftReport, drift_report
from pipelines.monitor.rows import WatchedRows
from tests.pipelines.monitor.watched import SENSORS, watched

LAST = 28.0


def looked(rows: WatchedRows, **more: object) -> DriftReport:
    return drift_report(rows, SENSORS, LAST, **more)  # type: ignore[arg-type]


def shifted(rows: WatchedRows, columns: list[int], by: float, assets: list[int]) -> WatchedRows:
    """Shift features of some assets over the last stretch."""
    vectors = rows.vectors.copy()
    newest = (rows.day > rows.day.max() - LAST) & np.isin(rows.asset, assets)
    vectors[np.ix_(newest, columns)] += by
    return replace(rows, vectors=vectors)


@pytest.mark.parametrize("seed", range(5))
def test_a_fleet_that_does_not_change_raises_no_alarm(seed: int) -> None:
    report = looked(watched(seed=seed))
    assert report.alarms == ()
    assert report.advice == "Nothing has drifted."
    assert not report.is_retraining_proposed


def test_a_sensor_that_shifts_in_the_whole_fleet_is_one_alarm_with_its_day() -> None:
    report = looked(shifted(watched(), [1, 2], 3.0, list(range(20))))
    (alarm,) = report.alarms
    assert (alarm.cause, alarm.where, alarm.signals) == ("signal", "fleet", ("pressure",))
    assert alarm.since is not None
    assert alarm.worst > 1
    assert report.is_retraining_proposed


def test_every_sensor_at_once_is_a_change_of_operation() -> None:
    report = looked(shifted(watched(), [1, 3], 3.0, list(range(20))))
    assert [alarm.cause for alarm in report.alarms] == ["operation"]


def test_a_few_machines_are_named_and_no_training_is_proposed() -> None:
    report = looked(shifted(watched(), [1], 40.0, [3, 4, 5, 6, 7, 8]))
    assert [alarm.cause for alarm in report.alarms] == ["assets"]
    assert report.alarms[0].where.startswith("fan-03")
    assert not report.is_retraining_proposed
    assert "learn their fault" in report.advice


def test_a_site_is_named() -> None:
    rows = watched()
    sites = {name: "north" if number < 6 else "south" for number, name in enumerate(rows.assets)}
    report = looked(shifted(rows, [1], 40.0, list(range(6))), sites=sites)
    assert [(alarm.cause, alarm.where) for alarm in report.alarms] == [("site", "north")]


def test_unknown_regimes_are_a_change_of_operation() -> None:
    rows = watched()
    regime = rows.regime.copy()
    regime[(rows.day > rows.day.max() - LAST) & (rows.asset < 4)] = -1
    report = looked(replace(rows, regime=regime))
    assert [alarm.cause for alarm in report.alarms] == ["operation"]
    assert "unknown operating regimes 20" in report.alarms[0].found


def test_predictions_that_move_are_told() -> None:
    rows = watched()
    risk = np.where(rows.day > rows.day.max() - LAST, 0.8, rows.risk)
    assert [alarm.cause for alarm in looked(replace(rows, risk=risk)).alarms] == ["predictions"]


@pytest.mark.parametrize("factor", [0.0, 4.0])
def test_failures_that_are_too_many_or_too_few_are_told(factor: float) -> None:
    rows = watched(assets=60)
    failed = np.random.default_rng(1).uniform(size=len(rows)) < rows.expected * factor
    report = looked(replace(rows, failed=failed))
    assert [alarm.cause for alarm in report.alarms] == ["calibration"]


def test_of_too_short_a_record_nothing_is_said() -> None:
    report = looked(watched(days=28 * FEWEST_STRETCHES))
    assert not report.inputs.is_known
    assert "Nothing can be said" in report.advice


def test_the_reference_ends_where_the_model_learned() -> None:
    """A shift that began after the training, two stretches ago, is still one against what the model knows."""
    rows = watched(days=420)
    vectors = rows.vectors.copy()
    vectors[rows.day > rows.day.max() - 2 * LAST, 1] += 3.0
    report = looked(replace(rows, vectors=vectors), learned=float(rows.day.max() - 2 * LAST))
    assert [alarm.signals for alarm in report.alarms] == [("pressure",)]
