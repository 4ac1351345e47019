"""The real parts together: from readings and a promoted bundle on disk to a recorded forecast over HTTP."""

import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from edge_export.bundle.shelf import BundleShelf
from edge_export.export import export_bundle
from features.domain.events import LifeEpoch
from features.domain.home import Home
from features.domain.time import format_time
from features.records.assets import AssetRecords
from features.records.database import open_records
from features.store.feast_store import open_features
from features.transforms.batch import LifeRows, compute
from features.transforms.specification import FeatureSpecification
from pipelines.building.build import feature_rows
from pipelines.building.tracks import LifeTrack
from serving.app import build_app
from serving.assembly import assemble
from serving.parts import Wiring
from serving.settings import Settings
from tests.architecture.source_tree import ROOT
from tests.edge_export.machine import CALIBRATION, HOUR, SPECIFICATION, TinyHazard, healthy_rows, sample_vectors
from tests.serving.conftest import LOOPBACK
from tests.serving.fakes import LOCAL, asset

pytestmark = [pytest.mark.integration, pytest.mark.slow]

OUR_SPECIFICATION = replace(SPECIFICATION, pack_id="pump")


def promote(home: Home, folder: Path) -> None:
    calibration = replace(CALIBRATION, pack_id="pump")
    export_bundle(
        folder,
        TinyHazard(),
        OUR_SPECIFICATION,
        calibration,
        sample_vectors(OUR_SPECIFICATION),
        name="tiny",
        version="1",
        card_markdown="# Tiny\n",
    )
    shelf = BundleShelf(home.bundles)
    shelf.put(folder)
    shelf.promote("pump", "1")


def put_features_online(home: Home, specification: FeatureSpecification) -> None:
    """Write the newest vector of a life of forty hours that ended, rounded, an hour ago."""
    now = datetime.now(UTC).timestamp() // HOUR * HOUR
    rows: LifeRows = healthy_rows(start=now - 40 * HOUR)
    time_us = np.round(rows.time * 1e6).astype(np.int64)
    begun = datetime.fromtimestamp(rows.time[0], UTC)
    track = LifeTrack(LifeEpoch(LOCAL, asset("p-01").id, 0, begun, None, None), time_us, rows)
    frame = feature_rows(specification, LOCAL, track, compute(specification, [rows])[0])
    features = open_features(home.root, specification)
    features.apply()
    assert features.write_online(frame.tail(1)) == 1


def test_from_disk_to_a_recorded_forecast(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    AssetRecords(open_records(home.records_url)).put_all([asset("p-01"), asset("p-02")])
    put_features_online(home, OUR_SPECIFICATION)
    settings = Settings(home=home.root)
    wiring = Wiring()
    wiring.attach(settings, assemble(settings))
    client = TestClient(build_app(wiring), base_url="http://localhost", client=LOOPBACK)
    before = client.get("/readyz").json()["parts"]
    assert [part["state"] for part in before] == ["ready", "ready", "ready", "missing"]

    promote(home, tmp_path / "bundle")
    for _ in range(600):
        if client.get("/readyz").status_code == 200:
            break
        time.sleep(0.1)
    assert [part["part"] for part in client.get("/readyz").json()["parts"]] == [
        "records",
        "telemetry",
        "spool",
        "model",
        "online store",
    ]

    issued = client.post("/v1/forecasts", json={"assets": ["p-02", "p-01"]}).json()["forecasts"]
    assert issued[0]["status"] != "ok"
    assert issued[0]["reason"]
    assert issued[1]["status"] == "ok", issued[1]["reason"]
    assert issued[1]["model"]["name"] == "tiny"
    assert client.get("/v1/assets/p-01/forecast").json() == issued[1]
    assert issued[1]["issued_at"] <= format_time(datetime.now(UTC) + timedelta(seconds=1))
    assert client.get("/assets/p-01").status_code == 200
    assert "tiny 1" in client.get("/").text


_SERVING_ALONE = """
import sys, time
from pathlib import Path
from datetime import UTC, datetime
from features.domain.identifiers import AssetId
from serving.assembly import assemble
from serving.settings import Settings
from tests.serving.fakes import LOCAL
parts = assemble(Settings(home=Path(sys.argv[1])))
parts.issuer.wait(60)
forecast, = parts.issuer.issue(LOCAL, [AssetId("p-01")], datetime.now(UTC))
assert forecast.status == "ok", forecast.reason
print(*sorted({name.split(".")[0] for name in sys.modules} & {"feast", "mlflow", "ray", "torch", "redis"}))
"""


def test_serving_forecasts_without_importing_feast(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    AssetRecords(open_records(home.records_url)).put_all([asset("p-01")])
    put_features_online(home, OUR_SPECIFICATION)
    promote(home, tmp_path / "bundle")
    command = [sys.executable, "-c", _SERVING_ALONE, str(home.root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == []
