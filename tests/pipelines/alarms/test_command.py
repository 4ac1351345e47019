import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.alarms.command import app
from pipelines.simulate.files import write_fleet
from pipelines.simulate.fleet import simulate_fleet
from pipelines.simulate.settings import FleetSettings


@pytest.mark.slow
def test_folder_is_replayed_with_its_gateways_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = FleetSettings(pumps=4, days=70, interval_minutes=120, pumps_per_station=2)
    write_fleet(simulate_fleet(settings), tmp_path / "data")
    arguments = ["replay", "--data", "data", "--pack", "pump", "--budget", "200", "--margin-days", "5", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["budget"] == 200.0
    assert document["ingest"]["set_aside"] == {}
    assert f"{document['ingest']['rows']:,} rows of 4 machines" in result.stderr
    assert document["threshold"] is not None
    assert document["fitted"]["bound"] <= 200.0
    assert document["healthy"]["machine_weeks"] > 1.0
    assert {each["gateway"] for each in document["alarms"]} <= {"station-01", "station-02"}
    assert sum(document["by_asset"].values()) == len(document["alarms"])
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
