import json
from pathlib import Path

from typer.testing import CliRunner

from pipelines.simulate.command import app

SMALL = ["--pumps", "3", "--days", "60"]


def test_batch_writes_the_folder_and_one_json_object(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["batch", "--out", str(tmp_path / "fleet"), *SMALL, "--json"])
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["assets"] == 3
    assert sorted(summary["files"])[:3] == ["assets.csv", "events.csv", "telemetry.parquet"]
    assert all((tmp_path / "fleet" / name).is_file() for name in summary["files"])


def test_batch_refuses_a_full_folder_before_it_works_and_overwrites_when_told(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    refused = CliRunner().invoke(app, ["batch", "--out", str(tmp_path), *SMALL])
    assert refused.exit_code == 2
    assert "--overwrite" in refused.stderr
    assert refused.stdout == ""
    allowed = CliRunner().invoke(app, ["batch", "--out", str(tmp_path), *SMALL, "--format", "csv", "--overwrite"])
    assert allowed.exit_code == 0
    assert (tmp_path / "telemetry.csv").exists()
    assert allowed.stdout == ""


def test_stream_writes_as_many_json_lines_as_asked() -> None:
    result = CliRunner().invoke(app, ["stream", "--speed-up", "0", *SMALL, "--limit", "7"])
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 7


def test_a_bad_setting_is_told_on_standard_error() -> None:
    result = CliRunner().invoke(app, ["stream", "--speed-up", "0", "--pumps", "0"])
    assert result.exit_code == 2
    assert "pumps must lie within 1 to" in result.stderr


def test_faults_of_instruments_and_gateways_come_only_where_asked_for(tmp_path: Path) -> None:
    asked = ["--instrument-faults", "40", "--path-faults", "30", "--operation-changes", "30"]
    asked += ["--fault-kind", "impeller_wear"]
    with_faults = CliRunner().invoke(app, ["batch", "--out", str(tmp_path / "some"), *SMALL, *asked, "--json"])
    without = CliRunner().invoke(app, ["batch", "--out", str(tmp_path / "none"), *SMALL, "--json"])
    some, none = json.loads(with_faults.stdout), json.loads(without.stdout)
    assert sum(some["instrument_faults"].values()) > 5
    assert "truth/faulty_readings.parquet" in some["files"]
    assert set(some["failures_by_mode"]) <= {"impeller_wear"}
    assert some["operation_changes"]
    assert none["instrument_faults"] == none["operation_changes"] == {}
    assert not {"clock_off", "replayed", "replayed_as_new"} & set(none["defects"])
    assert {"clock_off", "replayed", "replayed_as_new"} & set(some["defects"])
