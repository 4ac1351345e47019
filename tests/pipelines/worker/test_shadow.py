"""A model in shadow beside a champion, with real stores in a folder of its own."""

import shutil
from pathlib import Path

import pytest

from edge_export.bundle.reading import read_bundle
from edge_export.bundle.shelf import BundleShelf
from features.domain.home import Home
from features.domain.identifiers import AssetId
from features.records.database import open_records
from features.records.forecasts import ForecastLedger
from features.records.shadows import ShadowRecords
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.worker.worker import Round, Worker
from tests.pipelines.building.machines import MINE, track
from tests.pipelines.promote.bundles import PACK, put_bundle
from tests.pipelines.worker.stores import readings, record

pytestmark = pytest.mark.slow  # Feast and exports
A = AssetId("a")


@pytest.fixture
def shelf(tmp_path: Path) -> BundleShelf:
    """Return a shelf with a champion and, in its shadow, a model of other features."""
    shelf = BundleShelf(Home(tmp_path / "home").bundles)
    for version, seed in (("1", 1), ("2", 2)):
        shelf.put(put_bundle(tmp_path, version, seed))
    shelf.promote("fan", "1")
    shelf.cast_shadow("fan", "2")
    return shelf


def looked(home: Home, rows: int, times: int = 1) -> Round:
    """Let a worker look at a fan that runs."""
    records = open_records(home.records_url)
    record(records, PACK, "a")
    with SqliteTelemetryStore(home.telemetry) as store:
        store.write(MINE, readings(PACK, track(PACK, "a", rows, end=None)))
    worker = Worker(home, PACK, MINE, "one", lease_seconds=30.0)
    done = [worker.look() for _ in range(times)]
    worker.close()
    return done[0]


def test_shadow_forecasts_what_the_champion_does_and_is_not_served(shelf: BundleShelf, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert looked(home, 40, times=2).forecasts == 1
    engine = open_records(home.records_url)
    (served,) = ForecastLedger(engine).history(MINE, A, 9)
    assert served.model is not None
    assert served.model.version == "1"
    sha256 = read_bundle(shelf.root / "fan" / "2").bundle_sha256
    found = ShadowRecords(engine).evidence(MINE, sha256)
    assert (found.forecasts, found.assets, found.lost) == (1, 1, 0)


def test_a_shadow_that_cannot_be_loaded_holds_nobody_up(
    shelf: BundleShelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(shelf.root / "fan" / "2")
    assert looked(Home(tmp_path / "home"), 40, times=3).forecasts == 1
    assert [each.message for each in caplog.records].count("the model in shadow cannot be loaded") == 1


def test_a_shadow_promoted_goes_on_from_its_own_features(shelf: BundleShelf, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    looked(home, 40)
    shelf.promote("fan", "2")
    shelf.cast_shadow("fan", None)
    again = looked(home, 40)
    assert (again.vectors, again.forecasts) == (0, 1)  # its vectors were there already
    newest = ForecastLedger(open_records(home.records_url)).history(MINE, A, 1)[0]
    assert newest.model is not None
    assert newest.model.version == "2"
