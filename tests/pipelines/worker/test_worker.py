"""The worker with real stores in a folder of its own; where Feast and a bundle are needed, the test is slow."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.shelf import BundleShelf
from edge_export.export import export_bundle
from features.domain.events import Event, EventKind
from features.domain.forecasts import Forecast
from features.domain.home import Home
from features.domain.identifiers import AssetId
from features.domain.packs import LifeRule, Pack
from features.domain.time import EPOCH
from features.records.database import open_records
from features.records.forecasts import ForecastLedger
from features.records.scores import ScoreRecords
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import compute
from features.transforms.intervals import IntervalTable
from pipelines.building.build import fit_specification
from pipelines.errors import WorkerRunning
from pipelines.worker.worker import Round, Worker
from tests.edge_export.machine import TinyHazard
from tests.pipelines.building.machines import CALENDAR, COUNT, MINE, at, fan, track
from tests.pipelines.worker.stores import readings, record

A, B = AssetId("a"), AssetId("b")
NOTHING = Round(0, 0, 0)


def worker(home: Home, pack: Pack | None = None, owner: str = "one") -> Worker:
    return Worker(home, pack or fan(), MINE, owner, lease_seconds=30.0)


def once(seconds: float) -> bool:
    return True


def after(looks: int) -> Callable[[float], bool]:
    left = iter(range(looks))
    return lambda seconds: next(left, None) is None


def test_second_worker_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    first = worker(Home(tmp_path))
    with pytest.raises(WorkerRunning, match="one worker"):
        worker(Home(tmp_path), owner="two")
    first.run(once, 0.0)
    worker(Home(tmp_path), owner="two").run(once, 0.0)


def test_lease_is_given_back_when_a_look_fails(tmp_path: Path) -> None:
    def broken(seconds: float) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        worker(Home(tmp_path)).run(broken, 0.0)
    worker(Home(tmp_path), owner="two").run(once, 0.0)


def test_look_that_outlasts_the_lease_does_not_end_the_worker(tmp_path: Path) -> None:
    slow = Worker(Home(tmp_path), fan(), MINE, "one", lease_seconds=0.0)  # run out before the first look ends
    slow.run(after(3), 0.0)


def test_lease_that_another_worker_has_taken_ends_this_one(tmp_path: Path) -> None:
    slow = Worker(Home(tmp_path), fan(), MINE, "one", lease_seconds=0.0)
    other = worker(Home(tmp_path), owner="two")
    with pytest.raises(WorkerRunning, match="taken it"):
        slow.run(after(3), 0.0)
    other.run(once, 0.0)


def test_without_a_champion_nothing_is_done_and_no_change_is_passed_over(tmp_path: Path) -> None:
    home = Home(tmp_path)
    work = worker(home)
    record(open_records(home.records_url), fan(), "a")
    with SqliteTelemetryStore(home.telemetry) as store:
        store.write(MINE, readings(fan(), track(fan(), "a", 20)))
    assert work.look() == NOTHING
    work.run(once, 0.0)


def promoted(tmp_path: Path, rule: LifeRule) -> tuple[Home, Pack]:
    """Make an installation whose champion is a tiny network for fans."""
    home, pack = Home(tmp_path / "home"), replace(fan(rule), valid_for=1e5)
    tracks = [track(pack, name, 60) for name in ("x", "y")]
    specification = fit_specification(pack, tracks)
    vectors = np.concatenate([each.vectors for each in compute(specification, [each.rows for each in tracks])])
    calibration = replace(Calibration.of(pack, IntervalTable.of_half_level(0.45)), minimum_life=0.0, ttl=8e5)
    network = TinyHazard(len(specification.names), pack.grid.steps)
    export_bundle(
        tmp_path / "bundle",
        network,
        specification,
        calibration,
        vectors,
        name="fan",
        version="1",
        card_markdown="# Fan\n",
        readings=tracks[0].rows,
    )
    shelf = BundleShelf(home.bundles)
    shelf.put(tmp_path / "bundle")
    shelf.promote(pack.id, "1")
    return home, pack


def history(home: Home, asset: AssetId) -> list[Forecast]:
    return ForecastLedger(open_records(home.records_url)).history(MINE, asset, 99)


@pytest.mark.slow  # Feast and an export
def test_worker_forecasts_what_changed_and_nothing_else(tmp_path: Path) -> None:
    home, pack = promoted(tmp_path, CALENDAR)
    records = open_records(home.records_url)
    record(records, pack, "a")
    record(records, pack, "b")
    work = worker(home, pack)
    life = readings(pack, track(pack, "a", 40, end=None))
    with SqliteTelemetryStore(home.telemetry) as store:
        store.write(MINE, life)
        first = work.look()
        assert (first.vectors, first.forecasts) == (1, 2)  # b has no readings, and is told so
        assert [each.status.value for each in history(home, A)] == ["ok"]
        assert [each.status.value for each in history(home, B)] == ["insufficient"]
        assert work.look() == NOTHING

        store.write(MINE, readings(pack, track(pack, "b", 40, end=None)))
        assert work.look() == Round(1, 1, 1)
        store.write(MINE, life)  # repetition
        assert work.look() == NOTHING

    # An event alone, long after the readings, begins another life: the old forecast must not stand.
    record(records, pack, "a", [Event(MINE, A, at(1000), EventKind.FAILURE)])
    assert work.look() == Round(1, 1, 1)  # the vector of the life before is taken away
    assert [each.status.value for each in history(home, A)] == ["insufficient", "ok"]
    assert work.look() == NOTHING
    assert work.look(timedelta(days=36_500)).forecasts == 2  # both would run out in so long a pause
    work.run(once, 0.0)


@pytest.mark.slow  # Feast and an export
def test_machines_whose_life_is_a_bare_count_are_not_forecast_again_and_again(tmp_path: Path) -> None:
    home, pack = promoted(tmp_path, COUNT)
    record(open_records(home.records_url), pack, "a")
    work = worker(home, pack)
    with SqliteTelemetryStore(home.telemetry) as store:
        store.write(MINE, readings(pack, track(pack, "a", 40, end=None)))
    assert work.look().forecasts == 1
    assert work.look() == NOTHING
    (forecast,) = history(home, A)
    assert forecast.issued_at > EPOCH
    work.run(once, 0.0)


def test_worker_scores_lives_as_they_end_also_before_a_model_is_promoted(tmp_path: Path) -> None:
    home, pack = Home(tmp_path), fan()
    records, work = open_records(home.records_url), worker(home)
    scores = ScoreRecords(records)
    record(records, pack, "a")
    work.look()
    assert scores.ended(MINE) == []
    record(records, pack, "a", [Event(MINE, A, at(30), EventKind.FAILURE)])
    work.look()
    assert [(each.length, each.is_failure) for each in scores.ended(MINE)] == [(30.0, True)]
    record(records, pack, "a", [Event(MINE, A, at(20), EventKind.PREVENTIVE_REPLACEMENT)])  # a correction, late
    work.look()
    assert [(each.length, each.is_failure) for each in scores.ended(MINE)] == [(20.0, False)]
    work.close()
