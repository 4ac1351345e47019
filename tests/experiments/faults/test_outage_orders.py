"""Random orders end in one state, and wrong rules are noticed."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from experiments.faults.command import app
from experiments.faults.orders import end_of, sets_of
from experiments.faults.orders_making import Told, random_orders, rank
from experiments.faults.orders_mutants import RULES, Broken, Rule

KEY = "speed", datetime(2026, 3, 1, tzinfo=UTC)


def test_the_highest_revision_stays_and_then_the_larger_bytes() -> None:
    lowest_first: list[Told] = [(KEY, 0.0, 0), (KEY, 1.5, 0), (KEY, -1.0, 0), (KEY, -2.0, 0), (KEY, 0.5, 1)]
    highest_first = lowest_first[::-1]
    assert sorted(highest_first, key=rank) == lowest_first
    assert rank((KEY, -0.0, 0)) == rank((KEY, 0.0, 0))


def test_every_order_holds_every_reading() -> None:
    made = random_orders(20, seed=3)
    assert len({batch.height for batch in made.batches}) > 1
    for machine in made.machines:
        rows = {row for batch in made.batches for row in batch.filter(asset=machine).select("signal", "time").rows()}
        assert rows == {key for key, _, _ in made.state}


def test_a_store_that_keeps_the_rule_ends_in_one_state() -> None:
    ended = end_of(Broken(lambda new, old: rank(new) > rank(old)), sets_of(50, seed=1))
    assert (ended.states, ended.differing) == (1, 0)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_wrong_rule_is_noticed(rule: Rule) -> None:
    assert end_of(Broken(rule), sets_of(100, seed=0)).differing > 0


@pytest.mark.slow
def test_the_command_reports_one_state() -> None:
    answer = CliRunner().invoke(app, ["orders", "--orders", "60", "--json"])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert (found["states_sqlite"], found["differing"], found["escaped"]) == (1, 0, [])
    assert found["states_influxdb"] == (None if found["reason"] else 1)
