import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from features.domain.home import Home
from features.domain.identifiers import TenantId
from features.packs.loader import load_pack
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.ingest.command import ingest

APP = typer.Typer()
APP.command()(ingest)
SIGNAL = load_pack("turbofan").signals[0]
VALUE = (SIGNAL.low + SIGNAL.high) / 2


def test_a_folder_goes_into_the_stores_of_the_home(tmp_path: Path) -> None:
    data, home = tmp_path / "data", tmp_path / "var"
    data.mkdir()
    (data / "telemetry.csv").write_text(f"asset_id,life,{SIGNAL.id}\nengine-1,1,{VALUE}\nengine-1,2,nan\n")
    arguments = ["--data", str(data), "--pack", "turbofan", "--home", str(home), "--tenant", "maker", "--json"]
    result = CliRunner().invoke(APP, arguments)
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert (document["rows"], document["written"], document["set_aside"]) == (2, 1, {"non_finite": 1})
    with SqliteTelemetryStore(Home(home).telemetry) as store:
        assert store.read(TenantId("maker")).height == 1


def test_the_environment_names_home_pack_and_tenant(tmp_path: Path) -> None:
    line = json.dumps({"asset_id": "engine-1", "life": 1, "signals": {SIGNAL.id: VALUE}})
    environment = {
        "MILLWRIGHT_HOME": str(tmp_path / "all"),
        "MILLWRIGHT_PIPELINES_PACK": "turbofan",
        "MILLWRIGHT_PIPELINES_TENANT": "maker",
    }
    assert CliRunner().invoke(APP, ["--stream"], input=line, env=environment).exit_code == 0
    with SqliteTelemetryStore(Home(tmp_path / "all").telemetry) as store:
        assert store.read(TenantId("maker")).height == 1


def test_lines_come_from_standard_input_and_a_spoilt_one_spoils_nothing_else(tmp_path: Path) -> None:
    line = json.dumps({"asset_id": "engine-1", "life": 1, "signals": {SIGNAL.id: VALUE}})
    lines = b"\xff\xfe\n" + line.encode() + b"\n"
    result = CliRunner().invoke(
        APP, ["--stream", "--pack", "turbofan", "--home", str(tmp_path / "var"), "--json"], input=lines
    )
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert (document["written"], document["set_aside"]) == (1, {"unreadable_line": 1})


def test_without_json_nothing_is_printed_on_standard_output(tmp_path: Path) -> None:
    result = CliRunner().invoke(APP, ["--stream", "--pack", "turbofan", "--home", str(tmp_path / "var")], input="")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "0 rows" in result.stderr


def test_an_error_is_said_in_words_and_by_the_exit_code(tmp_path: Path) -> None:
    for arguments in (["--data", str(tmp_path / "nowhere")], [], ["--stream", "--tenant", "?"]):
        result = CliRunner().invoke(APP, [*arguments, "--pack", "turbofan", "--home", str(tmp_path / "var")], input="")
        assert result.exit_code == 2
        assert result.stdout == ""
        assert "must" in result.stderr
