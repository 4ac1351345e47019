from dataclasses import replace
from pathlib import Path

import pytest

from edge_export.bundle.writing import write_bundle
from edge_export.export import export_bundle
from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT
from features.records.alarm_thresholds import ThresholdRecords
from features.records.database import open_records
from models.condition.alarms.budget import AlarmRate
from pipelines.alarms.judging import Judge
from pipelines.alarms.keeping import check_keep, find_judge, keep_threshold
from pipelines.alarms.outcome import AlarmReplay
from pipelines.alarms.replay import replay_alarms
from pipelines.errors import NoStateDetection, NotKept
from tests.edge_export.fan_condition import CONDITION_TABLE, with_condition
from tests.edge_export.machine import CALIBRATION, SPECIFICATION, TinyHazard, sample_vectors
from tests.pipelines.alarms.fleet import ORDER, pack, pumps
from tests.pipelines.worker.condition.machines import MODEL

JUDGE = Judge(MODEL, "ab" * 32)
MACHINES = replace(pumps(), judged_by=JUDGE.name)


def test_the_bundle_that_was_named_judges(tmp_path: Path) -> None:
    plain = export_bundle(
        tmp_path / "plain",
        TinyHazard(),
        SPECIFICATION,
        CALIBRATION,
        sample_vectors(),
        name="fan-hazard",
        version="3",
        card_markdown="# Fan\n",
    )
    with pytest.raises(NoStateDetection, match="state detection"):
        find_judge(Home(tmp_path), "fan", tmp_path / "plain")
    knowing = write_bundle(tmp_path / "knowing", with_condition(plain))
    found = find_judge(Home(tmp_path), "fan", tmp_path / "knowing")
    assert found is not None
    assert (found.model.table, found.name) == (CONDITION_TABLE, knowing.bundle_sha256)


def test_without_a_champion_nobody_judges(tmp_path: Path) -> None:
    assert find_judge(Home(tmp_path), "pump") is None


@pytest.mark.parametrize(("judge", "data"), [(None, None), (JUDGE, Path("folder"))])
def test_only_what_the_worker_judges_may_set_what_is_kept(judge: Judge | None, data: Path | None) -> None:
    with pytest.raises(NotKept):
        check_keep(keep=True, judge=judge, data=data)
    check_keep(keep=False, judge=judge, data=data)
    check_keep(keep=True, judge=JUDGE, data=None)


@pytest.fixture(scope="module")
def replayed() -> AlarmReplay:
    return replay_alarms(pack(), pumps(), ORDER)


def test_the_threshold_is_kept_for_the_bundle_that_judged(tmp_path: Path, replayed: AlarmReplay) -> None:
    kept = keep_threshold(Home(tmp_path), DEFAULT_TENANT, "pump", MACHINES, replayed)
    assert (kept.threshold, kept.bound, kept.budget) == (replayed.fitted.threshold, replayed.fitted.rate.bound, 50.0)
    records = open_records(Home(tmp_path).records_url)
    assert ThresholdRecords(records).get(DEFAULT_TENANT, "pump", JUDGE.name) == kept
    records.dispose()


def test_one_that_was_not_fitted_or_was_refuted_is_not_kept(tmp_path: Path, replayed: AlarmReplay) -> None:
    none = replace(replayed, fitted=replace(replayed.fitted, threshold=None, reason="too little was seen"))
    refuted = replace(replayed, healthy=AlarmRate(90, 6, 18.0, 1.0, 300.0, 700.0))
    for found, reason in ((none, "too little was seen"), (refuted, "not by chance")):
        with pytest.raises(NotKept, match=reason):
            keep_threshold(Home(tmp_path), DEFAULT_TENANT, "pump", MACHINES, found)
    assert list(tmp_path.iterdir()) == []
