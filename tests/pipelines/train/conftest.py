import shutil
from pathlib import Path

import pytest

from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT
from features.packs.loader import load_pack
from features.records.database import open_records
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.ingest.folder import ingest_folder
from pipelines.simulate.files import write_fleet
from pipelines.simulate.fleet import simulate_fleet
from pipelines.simulate.settings import FleetSettings

FLEET = FleetSettings(pumps=14, days=200, interval_minutes=720, with_defects=False)
"""Two of its pumps are held out; of the lives of the others twelve ended in a failure."""


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with the telemetry of a small fleet, for tests to copy."""
    home = Home(tmp_path_factory.mktemp("installation"))
    write_fleet(simulate_fleet(FLEET), home.root / "data")
    records = open_records(home.records_url)
    with SqliteTelemetryStore(home.telemetry) as store:
        ingest_folder(home.root / "data", load_pack("pump"), DEFAULT_TENANT, store, records)
    records.dispose()
    return home.root


@pytest.fixture
def installation(ingested: Path, tmp_path: Path) -> Path:
    """A data folder of a test's own with the telemetry of a small fleet."""
    return shutil.copytree(ingested, tmp_path / "home")
