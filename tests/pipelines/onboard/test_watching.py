"""From machines that never failed to a worker that says whether they are as usual."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_export.bundle.reading import read_bundle
from edge_export.bundle.shelf import BundleShelf
from features.domain.forecasts import ForecastStatus
from features.domain.home import Home
from features.domain.identifiers import AssetId
from features.records.conditions import ConditionRecords
from features.records.database import open_records
from features.records.forecasts import ForecastLedger
from features.transforms.errors import TooLittleData
from models.registry.registry import CHAMPION, ModelRegistry
from pipelines.aliases import lag
from pipelines.condition.learning import LearntCondition
from pipelines.onboard.bringing import bring
from pipelines.onboard.detecting import learn_detection
from pipelines.onboard.registering import Registered, Registrar
from pipelines.onboard.watching import register_watching, why_not_serve
from pipelines.worker.worker import Worker
from tests.edge_export.fan_condition import CONDITION_TABLE
from tests.pipelines.building.machines import MINE, at
from tests.pipelines.onboard.test_detecting import HOURS, UNSEEN, detecting, telemetry
from tests.pipelines.promote.bundles import PACK, machines, put_bundle, put_watching


def registered(folder: Path, home: Home) -> Registered:
    pack = detecting()
    brought = bring(folder, pack, MINE, home)
    learnt = learn_detection(home, pack, MINE, brought.tracks, 0.3, ())
    assert learnt.table is not None
    return register_watching(Registrar(home, pack, MINE), learnt, learnt.table, brought.tracks)


@pytest.mark.slow  # makes an MLflow store and a feature store, and lets a worker look
def test_machines_that_never_failed_are_watched_and_the_first_that_forecasts_takes_over(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    telemetry("abcdef", faulty=UNSEEN).write_csv(tmp_path / "data" / "telemetry.csv")
    home, pack = Home(tmp_path / "home"), detecting()
    first, second = registered(tmp_path / "data", home), registered(tmp_path / "data", home)
    assert (first.version, second.version) == ("1", "2")
    assert first.is_promoted
    assert second.is_promoted  # the newest of those that as many machines taught
    registrar, shelf = Registrar(home, pack, MINE), BundleShelf(home.bundles)
    assert ModelRegistry(registrar.tracking).version_of(first.model, CHAMPION) == "2"
    assert lag(ModelRegistry(registrar.tracking), shelf, pack.id) is None
    assert "every forecast is `no_model`" in shelf.bundle(pack.id, "2").card
    (tmp_path / "few").mkdir()
    telemetry("abc").write_csv(tmp_path / "few" / "telemetry.csv")
    few = registered(tmp_path / "few", home)
    assert not few.is_promoted
    assert few.warning is not None
    assert "Version 2 serves on" in few.warning
    _look(home)
    shelf.put(put_bundle(tmp_path, "9", 2))
    shelf.promote(pack.id, "9")
    assert not registered(tmp_path / "data", home).is_promoted  # something forecasts by now


def test_what_fewer_machines_taught_takes_no_place_but_in_another_version_of_the_pack(tmp_path: Path) -> None:
    serving, table = read_bundle(put_watching(tmp_path, "7")), CONDITION_TABLE
    fewer = replace(table, machines=table.machines - 1)
    assert why_not_serve(PACK, fewer, None) is None
    assert why_not_serve(PACK, table, serving) is None
    found = why_not_serve(PACK, fewer, serving)
    assert found is not None
    assert f"Version 7 serves on: what is usual must be learnt on as many machines as it was, {table.machines}" in found
    assert why_not_serve(replace(PACK, version="9.9.9"), fewer, serving) is None


def test_what_is_usual_of_sensors_that_no_feature_reads_is_not_registered(tmp_path: Path) -> None:
    home, table = Home(tmp_path / "home"), replace(CONDITION_TABLE, sensors=("load", "warmth"))
    with pytest.raises(TooLittleData, match=r"found only load, warmth\. Name one of these under `features\.signals`"):
        register_watching(Registrar(home, PACK, MINE), LearntCondition(table), table, machines(2))
    assert not home.root.exists()


def _look(home: Home) -> None:
    """Let a worker look, and say what it must find."""
    worker = Worker(home, detecting(), MINE, "one", lease_seconds=30.0)
    try:
        done = worker.look()
    finally:
        worker.close()
    assert (done.forecasts, done.conditions) == (6, 6)
    records = open_records(home.records_url)
    told = ConditionRecords(records).list_all(MINE)
    assert len(told) == 6  # silent for months by now, which is the data path's
    assert all(each.seen > HOURS / 2 for each in told.values())
    forecast = ForecastLedger(records).latest(MINE, AssetId("a"), at(HOURS))
    assert forecast is not None
    assert forecast.status is ForecastStatus.NO_MODEL
