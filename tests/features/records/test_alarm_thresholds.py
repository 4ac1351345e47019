from dataclasses import replace

from sqlalchemy import Engine

from features.domain.alarms import KeptThreshold
from features.records.alarm_thresholds import ThresholdRecords
from tests.features.records.test_alarms import MINE, T0, THEIRS, at


def test_the_newest_threshold_of_each_model_is_kept(records: Engine) -> None:
    thresholds, first = ThresholdRecords(records), KeptThreshold(MINE, "pump", "m1", 3.5, 5.0, 0.95, 4.8, 912.5, T0)
    other, newer = replace(first, model="m2", threshold=9.0), replace(first, threshold=4.0, fitted_at=at(1))
    for each in (first, other, newer):
        thresholds.put(each)
    assert thresholds.get(MINE, "pump", "m1") == newer
    assert thresholds.get(MINE, "pump", "m2") == other
    assert thresholds.get(MINE, "fan", "m1") is None
    assert thresholds.get(THEIRS, "pump", "m1") is None
