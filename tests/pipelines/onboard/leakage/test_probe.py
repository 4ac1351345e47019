"""Planted leaks are found and clean data raise none; the same cases are what `bench leaks` measures."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.bench.leaks import is_found
from experiments.bench.leaks_planted import Case, clean_cases, clean_table, planted_cases
from pipelines.onboard.leakage.probe import columns_of, probe, ridge_scores, shuffled_area
from pipelines.onboard.leakage.probe_table import Leak, LeakKind, area

CASES = planted_cases()


def test_twenty_leaks_and_more_are_planted() -> None:
    assert len(CASES) >= 20
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_planted_leak_is_found(case: Case) -> None:
    assert is_found(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_columns_that_do_not_leak_are_left_in_peace(case: Case) -> None:
    innocent = {"vibration", "temperature", "noise", "load"}
    assert not innocent & columns_of(probe(case.table, case.split))


@pytest.mark.parametrize("case", clean_cases(range(2)), ids=lambda case: case.name)
def test_clean_data_raise_nothing(case: Case) -> None:
    assert probe(case.table, case.split) == ()


def test_lives_of_one_length_do_not_make_every_sign_of_wear_a_leak() -> None:
    table = clean_table()
    alike = replace(table, is_failure=np.ones(len(table.age), np.bool_))
    alike = alike.take(alike.age < 60)
    remaining = 59.0 - alike.age
    assert probe(replace(alike, remaining=remaining)) == ()


def test_few_lives_are_no_reason_to_cry_leak() -> None:
    table = clean_table()
    assert probe(table.take(table.asset < 2)) == ()


def test_steps_of_the_product_are_not_searched_for_later_values() -> None:
    case = next(each for each in CASES if each.name == "later_value")
    kinds = {leak.kind for leak in probe(case.table, case.split, is_causal=True)}
    assert LeakKind.FUTURE_VALUES not in kinds


def test_scaler_is_no_reason_to_leave_columns_out() -> None:
    assert columns_of((Leak(LeakKind.SCALER, ("vibration",), ""), Leak(LeakKind.CLOCK, ("time",), ""))) == {"time"}


def test_shuffled_labels_tell_nothing() -> None:
    table = clean_table(seed=1)
    near = table.is_failure & (table.remaining <= 24)
    assert shuffled_area(table.values, near, table.asset, shuffles=10) == pytest.approx(0.5, abs=0.02)


def test_true_labels_tell_something_by_the_same_model() -> None:
    table = clean_table(seed=1)
    near = table.is_failure & (table.remaining <= 24)
    inside = table.asset % 2 == 0
    scores = ridge_scores(table.values[inside], near[inside], table.values[~inside])
    assert area(scores, near[~inside]) > 0.8


def test_too_few_groups_give_no_area() -> None:
    assert shuffled_area(np.zeros((4, 1)), np.array([True, False, True, False]), np.zeros(4, np.int64)) == 0.5
