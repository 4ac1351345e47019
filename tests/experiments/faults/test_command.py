"""The short form of both trials, as people start them: in processes of their own."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from experiments.faults.command import app
from tests.conftest import missing


def figures(*arguments: str) -> dict[str, Any]:
    answer = CliRunner().invoke(app, [*arguments, "--json"])
    assert answer.exit_code == 0, answer.output
    document: dict[str, Any] = json.loads(answer.stdout)
    return document


@pytest.mark.slow
def test_killed_processes_lose_invent_and_double_nothing() -> None:
    found = figures("spool", "--kills", "40")
    assert found["kills"] >= 40
    assert found["acknowledged"] > 0
    assert (found["lost"], found["invented"], found["duplicated"], found["miscounted"], found["failed"]) == (0,) * 5
    assert found["mutants_caught"] == found["mutants"] >= 5
    assert min(found["points"].values()) >= 1


@pytest.mark.slow
def test_lost_power_loses_and_invents_nothing() -> None:
    found = figures("power", "--states", "300")
    if found["reason"] is not None:
        missing(f"a shared SQLite library ({found['reason']})")
    assert found["states"] == 300
    assert found["acknowledged"] > 0
    assert (found["lost"], found["invented"], found["duplicated"], found["unopened"]) == (0,) * 4
    assert found["mutants_caught"] == found["mutants"] == 4
