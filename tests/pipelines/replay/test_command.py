"""A worker's forecast replayed by the command, before and after readings were filled in; Feast and an export."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from features.domain.identifiers import AssetId
from features.records.database import open_records
from features.records.forecasts import ForecastLedger
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.__main__ import build_app
from pipelines.worker.issuing import Spacing
from pipelines.worker.worker import Worker
from tests.pipelines.building.machines import CALENDAR, MINE, track
from tests.pipelines.worker.stores import readings, record
from tests.pipelines.worker.test_worker import promoted, worker

pytestmark = pytest.mark.slow
A = AssetId("a")


def replayed(home: Path, forecast: str, exit_code: int = 0) -> dict[str, object]:
    app = build_app("replay")
    done = CliRunner().invoke(app, ["replay", forecast, "--home", str(home), "--tenant", MINE, "--json"])
    assert done.exit_code == exit_code, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_replay_gives_the_same_bytes_and_vector_also_after_a_backfill(tmp_path: Path) -> None:
    home, pack = promoted(tmp_path, CALENDAR)
    records = open_records(home.records_url)
    record(records, pack, "a")
    work = Worker(home, pack, MINE, "one", lease_seconds=30.0, spacing=Spacing(timedelta(0)))
    life = readings(pack, track(pack, "a", 40, end=None))
    is_late = pl.col("time").dt.hour() % 5 == 3
    with SqliteTelemetryStore(home.telemetry) as store:
        store.write(MINE, life.filter(~is_late))
        work.look()
        first = ForecastLedger(records).history(MINE, A, 1)[0]
        before = replayed(home.root, first.id)
        assert before["same"] is True
        assert before["expired"] is (first.valid_until <= datetime.now(UTC))
        store.write(MINE, life.filter(is_late))
        work.look()
    work.close()  # writes what history still holds
    later = ForecastLedger(records).history(MINE, A, 1)[0]
    assert later.features != first.features
    for forecast in (first, later):
        found = replayed(home.root, forecast.id)
        assert (found["same"], found["replayed"]) == (True, None)
        assert (found["rebuilt_same"], found["rebuilt_reason"]) == (True, None)


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    home, pack = promoted(tmp_path, CALENDAR)
    records = open_records(home.records_url)
    record(records, pack, "a")
    work = worker(home, pack)
    work.look()
    work.close()
    forecast = ForecastLedger(records).history(MINE, A, 1)[0]
    (home.bundles / pack.id / "1").rename(home.bundles / "gone")
    done = CliRunner().invoke(
        build_app("replay"), ["replay", forecast.id, "--home", str(home.root), "--tenant", MINE, "--json"]
    )
    assert "must lie on the shelf" in str(done.exception)
