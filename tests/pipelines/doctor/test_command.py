import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT
from features.records.database import open_records
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.__main__ import build_app

run = CliRunner()


def examined(*arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    result = run.invoke(build_app("doctor"), ["doctor", "--json", *arguments])
    document = json.loads(result.stdout)
    assert document["ok"] == (result.exit_code == 0)
    return result.exit_code, {each["check"]: each for each in document["findings"]}


def test_a_fresh_folder_is_well_and_stays_untouched(tmp_path: Path) -> None:
    _, found = examined("--home", str(tmp_path / "var"))
    assert {found[name]["level"] for name in ("telemetry", "records", "spool", "champion", "tracking")} == {"note"}
    assert not list(tmp_path.iterdir())


def test_stores_that_answer_say_what_is_in_them(tmp_path: Path) -> None:
    home = Home(tmp_path)
    SqliteTelemetryStore(home.telemetry).close()
    open_records(home.records_url).dispose()
    _, found = examined("--home", str(tmp_path))
    assert found["telemetry"]["level"] == "ok"
    assert found["records"]["detail"] == "0 assets on record"
    assert found["worker"]["level"] == "warning"
    assert "no worker runs" in found["worker"]["detail"]


@pytest.mark.parametrize("name", ["telemetry.sqlite", "records.sqlite", "mlflow.db", "spool.sqlite"])
def test_a_damaged_store_fails_with_what_to_do_and_the_others_are_still_looked_at(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is no database at all" * 400)
    status, found = examined("--home", str(tmp_path), "--tenant", DEFAULT_TENANT)
    failed = [each for each in found.values() if each["level"] == "failed"]
    assert status == 1
    assert failed
    assert all(each["remedy"] for each in failed)
    assert "champion" in found


def test_people_get_words_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"garbage")
    result = run.invoke(build_app("doctor"), ["doctor", "--home", str(tmp_path)])
    assert result.exit_code == 1
    assert "tracking" in result.stdout
    assert "→" in result.stdout
