"""Short forms of the parts of the trial; what needs a real server is marked so."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.bench.errors import PartMissing
from experiments.bench.servers import real_influxd
from experiments.faults.outage_answers import answers_run
from experiments.faults.outage_disk import disk_run
from experiments.faults.outage_hung import hung_run
from experiments.faults.outage_poison import poison_run
from experiments.faults.outage_poisoning import poisoned
from experiments.faults.outage_results import AnswersFigures, OutageResult, Part, Planted
from experiments.faults.outage_traffic import Traffic, difference
from tests.conftest import missing


def silent(done: int, total: int) -> None:
    """Tell nobody."""


def test_a_store_with_everything_differs_in_nothing() -> None:
    sent = Traffic(3).sent([0, 1])
    assert sent.height == 30
    assert (difference(sent, sent.reverse()).lost, difference(sent, sent.reverse()).duplicated) == (0, 0)


def test_a_missing_a_changed_and_a_doubled_reading_are_counted() -> None:
    sent = Traffic(3).sent([0])
    found = sent.with_columns(value=sent["value"].scatter(0, -1.0))[:-1]
    wrong = difference(sent, found.vstack(found[1:3]))
    assert (wrong.lost, wrong.duplicated) == (2, 2)


def test_about_one_per_cent_is_poisonous() -> None:
    records = list(poisoned(200))
    good = sum(record.good.height for record in records)
    assert 0.005 < 1 - good / (200 * 500) < 0.02
    assert {key[0] for record in records for key in record.bad} == {"line", "row", "value", "record"}


def test_all_good_readings_arrive_and_all_bad_ones_are_set_aside() -> None:
    figures = poison_run(40_000, None, silent)
    assert figures.is_sound, figures
    assert figures.bad > 50


@pytest.mark.parametrize("mutant", ["drops bad lines", "drops bad batches"])
def test_poison_that_is_dropped_is_noticed(mutant: str) -> None:
    assert not poison_run(30_000, mutant, silent).is_sound


@pytest.mark.slow
def test_a_full_disk_loses_nothing_and_recovers() -> None:
    try:
        figures = disk_run(None)
    except PartMissing as error:
        missing(f"a small disk ({error})")
    assert figures.is_sound, figures


def test_a_part_that_could_not_run_is_null_with_its_reason() -> None:
    lost = AnswersFigures(answers_lost=2, readings=10, failures=2, lost=1, duplicated=0, set_aside=0)
    missing = OutageResult({"hung": Part(reason="no influxd")})
    assert missing.is_sound
    assert missing.to_dict() == {"hung": None, "reasons": {"hung": "no influxd"}}
    assert not OutageResult({"lost_answers": Part(lost)}).is_sound
    assert OutageResult({"lost_answers": Part(replace(lost, lost=0))}).is_sound
    assert not OutageResult({"lost_answers": Part(replace(lost, lost=0), Planted.of({"x": False}))}).is_sound


@pytest.mark.integration
def test_a_store_that_hangs_loses_and_doubles_nothing(require_program: Callable[..., str], tmp_path: Path) -> None:
    require_program("influxd")
    with real_influxd(tmp_path) as url:
        figures = hung_run(url, 40, None, silent)
        assert figures.is_sound, figures
        assert figures.failures > 0
        assert figures.backlog_records > 0
        assert hung_run(url, 40, "swallows outages", silent).lost > 0


@pytest.mark.integration
def test_lost_answers_leave_no_gap_and_nothing_double(require_program: Callable[..., str], tmp_path: Path) -> None:
    require_program("influxd")
    with real_influxd(tmp_path) as url:
        figures = answers_run(url, 20, None, silent)
        assert figures.is_sound, figures
        assert figures.answers_lost == 20 <= figures.failures
        assert answers_run(url, 10, "done before delivery", silent).lost > 0
        assert answers_run(url, 10, "stamps delivery", silent).duplicated > 0
