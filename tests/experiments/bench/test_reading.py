import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from experiments.bench.command import app
from experiments.bench.reading import measure_reading


@pytest.mark.integration
def test_without_influxd_the_part_gives_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    told = measure_reading(60, 2, 1).to_dict()
    assert told["readings"] == 60
    assert told["ratio"] > 0
    assert told["influxd"] == {
        "readings_per_second": None,
        "timing": None,
        "reason": "the program influxd is not installed",
    }


@pytest.mark.integration
def test_the_command_reads_from_a_real_server_and_prints_one_object(require_program: Callable[..., str]) -> None:
    require_program("influxd")
    result = CliRunner().invoke(app, ["read", "--rows", "100", "--signals", "2", "--runs", "1", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["equal_outputs"] is True
    assert told["influxd"]["readings_per_second"] > 0
    assert told["influxd"]["reason"] is None
