import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from features.domain.arrivals import Arrival, ArrivalForm
from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT
from features.spool.durable import DurableSpool
from pipelines.__main__ import build_app

run = CliRunner()
NOW = datetime.now(UTC).replace(microsecond=0)


def put(home: Path, *bodies: bytes, form: ArrivalForm = ArrivalForm.LINE_PROTOCOL) -> None:
    """Put deliveries into the spool, as if they had come by HTTP just now."""
    with DurableSpool(Home(home).spool) as spool:
        for body in bodies:
            spool.put([Arrival(DEFAULT_TENANT, form, "http", NOW, body).to_bytes()])


def line(asset: str, fields: str, ago: timedelta) -> bytes:
    stamp = int((NOW - ago).timestamp() * 1e9)
    return f"pump,asset_id={asset} {fields} {stamp}\n".encode()


def asked(*arguments: str) -> Any:  # Any: JSON
    result = run.invoke(build_app(arguments[0]), [*arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation that received good, late, unknown and broken things."""
    put(
        tmp_path,
        line("p-01", "speed=1480,flow=210.5", timedelta(seconds=5)),
        line("p-01", "speed=1481", timedelta(hours=3)),
        line("p-02", "speed=1475,oil_colour=3", timedelta(minutes=2)),
        line("p-02", "speed=99999", timedelta(minutes=1)),
        b"no line protocol at all\n",
    )
    with DurableSpool(Home(tmp_path).spool) as spool:
        spool.put([b"\x00 no arrival"])
    asked("worker", "--home", str(tmp_path), "--once")
    return tmp_path


def test_status_tells_what_arrived_how_late_and_what_did_not_become_a_reading(home: Path) -> None:
    document = asked("telemetry", "status", "--home", str(home))
    assets = {each["asset"]: each for each in document["assets"]}
    assert set(assets) == {"p-01", "p-02"}
    assert assets["p-01"]["readings"] == 3
    assert assets["p-01"]["late"]["<1m"] == 2
    assert assets["p-01"]["late"]["<6h"] == 1
    assert assets["p-01"]["channels"] == {"http": 3}
    assert document["set_aside"] == {"impossible_value": 1, "unreadable_line": 1}
    (unknown,) = document["quarantine"]
    assert (unknown["asset"], unknown["signal"], unknown["readings"]) == ("p-02", "oil_colour", 1)
    assert document["spool"]["aside"] == 1
    assert document["spool"]["pending"] == 0


def test_status_is_readable_for_people_too(home: Path) -> None:
    result = run.invoke(build_app("telemetry"), ["telemetry", "status", "--home", str(home)])
    assert result.exit_code == 0
    for word in ("p-01", "impossible_value", "oil_colour", "1 aside"):
        assert word in result.stdout


def test_nothing_received_yet_is_an_answer_and_makes_no_spool(tmp_path: Path) -> None:
    document = asked("telemetry", "status", "--home", str(tmp_path))
    assert document["assets"] == []
    assert document["spool"] is None
    assert not Home(tmp_path).spool.exists()


def test_what_was_set_aside_is_shown_with_its_reason_and_content(home: Path) -> None:
    (item,) = asked("telemetry", "aside", "--home", str(home), "--reason", "impossible_value")["items"]
    assert item["signal"] == "speed"
    assert "99999" in str(item["content"])
    both = asked("telemetry", "aside", "--home", str(home))["items"]
    assert len(both) == 2


def test_a_delivery_that_was_set_aside_can_be_looked_at_and_put_back(home: Path) -> None:
    (record,) = asked("telemetry", "aside", "--spool", "--home", str(home))["items"]
    assert "no arrival" in record["begins"]
    asked("telemetry", "restore", str(record["offset"]), "--home", str(home))
    assert asked("telemetry", "status", "--home", str(home))["spool"]["pending"] == 1


def test_without_a_spool_nothing_can_be_restored(tmp_path: Path) -> None:
    result = run.invoke(build_app("telemetry"), ["telemetry", "restore", "1", "--home", str(tmp_path)])
    assert result.exit_code != 0


def test_a_correction_replaces_and_is_visible_as_such(home: Path) -> None:
    put(home, line("p-01", "speed=1500,speed__rev=2i", timedelta(seconds=5)))
    asked("worker", "--home", str(home), "--once")
    (row,) = asked("telemetry", "corrections", "--home", str(home), "--asset", "p-01")["corrections"]
    assert (row["signal"], row["value"], row["revision"]) == ("speed", 1500.0, 2)
    assert asked("telemetry", "corrections", "--home", str(home), "--asset", "p-02")["corrections"] == []
    result = run.invoke(build_app("telemetry"), ["telemetry", "corrections", "--home", str(home)])
    assert "revision 2" in result.stdout
