import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from features.domain.home import Home
from features.records.alarms import AlarmQuery, AlarmRecords
from features.records.database import Records, open_records
from pipelines.alarms.command import app
from pipelines.alarms.watch import AlarmWatch
from tests.pipelines.alarms.plant import MINE, at, condition, pumps


@pytest.fixture
def home(tmp_path: Path, plant_file: Path) -> Path:
    """An installation in which one machine has an alarm that stands, and one an alarm that returned."""
    path = Path(Home(tmp_path).records_url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(plant_file.read_bytes())
    records: Records = open_records(Home(tmp_path).records_url)
    watch = AlarmWatch(records, pumps(), MINE)
    scores = (3.0, 3.0, 0.2, 0.2)
    rows = [condition("m1", 2 * place, score) for place, score in enumerate(scores)]
    watch.take([*rows, *(condition("m3", hours, 5.0) for hours in (0, 2))], at(6))
    records.dispose()
    return tmp_path


@pytest.fixture
def run(home: Path) -> Callable[..., Any]:
    def run(*arguments: str, code: int = 0) -> Any:  # Any: JSON, or words
        result = CliRunner().invoke(app, [*arguments, "--home", str(home), "--tenant", MINE])
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if "--json" in arguments else result.output

    return run


def test_the_list_has_what_asks_for_somebody(run: Callable[..., Any]) -> None:
    found = run("list", "--json")
    assert [(each["asset"], each["stage"], each["over"]) for each in found["alarms"]] == [
        ("m3", "unacknowledged", 5.0),
        ("m1", "returned", 3.0),
    ]
    assert (found["on_record"], found["notices"]) == (2, [])
    assert [each["asset"] for each in run("list", "--standing", "--json")["alarms"]] == ["m3"]
    assert "m3" in run("list")


def test_what_somebody_has_seen_leaves_the_list(run: Callable[..., Any], home: Path) -> None:
    name = run("list", "--asset", "m1", "--json")["alarms"][0]["id"]
    seen = run("acknowledge", name[:8], "--by", "Li Wei", "--comment", "greased", "--json")
    assert (seen["id"], seen["stage"]) == (name, "normal")
    assert (seen["acknowledged"]["by"], seen["acknowledged"]["comment"]) == ("Li Wei", "greased")
    assert [each["asset"] for each in run("list", "--json")["alarms"]] == ["m3"]
    assert len(run("list", "--all", "--json")["alarms"]) == 2
    records = open_records(Home(home).records_url)
    assert AlarmRecords(records).list_all(MINE, AlarmQuery(unacknowledged=True))[1] == 1
    records.dispose()


def test_an_empty_list_says_so_in_a_friendly_way(run: Callable[..., Any]) -> None:
    assert "No alarm stands" in run("list", "--asset", "m2")


def test_an_alarm_that_is_not_there_is_an_error(run: Callable[..., Any]) -> None:
    run("acknowledge", "nothing", code=1)
