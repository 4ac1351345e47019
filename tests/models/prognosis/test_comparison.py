import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.packs import Costs
from models.prognosis.comparison import FEWEST_MACHINES, decision_costs, paired_difference

COSTS = Costs(miss=9.0, false_alarm=1.0)


def test_costs_by_hand() -> None:
    probability = np.array([[0.05], [0.05], [0.5], [0.5]])
    remaining = np.array([5.0, 50.0, 5.0, 50.0])
    cost = decision_costs(probability, remaining, np.ones(4, np.bool_), (10.0,), COSTS)
    assert cost.tolist() == [9.0, 0.0, 0.0, 1.0]  # missed, rightly silent, rightly warned, false alarm


def test_a_machine_censored_before_the_horizon_costs_nothing_that_anybody_knows() -> None:
    cost = decision_costs(np.array([[0.9, 0.9]]), np.array([5.0]), np.array([False]), (3.0, 10.0), COSTS)
    assert cost.tolist() == [1.0]  # known at 3, where the warning was false; not at 10
    assert np.isnan(decision_costs(np.array([[0.9]]), np.array([5.0]), np.array([False]), (10.0,), COSTS)).all()


def test_no_forecast_is_no_warning() -> None:
    cost = decision_costs(np.array([[np.nan]]), np.array([5.0]), np.array([True]), (10.0,), COSTS)
    assert cost.tolist() == [9.0]


@given(st.floats(0.01, 0.99))
def test_the_threshold_is_the_one_of_least_expected_cost(probability: float) -> None:
    expected_warned = (1 - probability) * COSTS.false_alarm
    expected_silent = probability * COSTS.miss
    given_forecast = np.array([[probability]])
    failed, outlived = (
        float(decision_costs(given_forecast, np.array([remaining]), np.array([True]), (10.0,), COSTS)[0])
        for remaining in (5.0, 50.0)
    )
    expected = probability * failed + (1 - probability) * outlived
    assert expected == pytest.approx(min(expected_warned, expected_silent))


def test_two_alike_differ_by_nothing() -> None:
    cost = np.random.default_rng(0).uniform(size=60)
    found = paired_difference(cost, cost, np.repeat(np.arange(6), 10))
    assert (found.estimate, found.low, found.high) == (0.0, 0.0, 0.0)


def test_of_few_machines_nothing_is_said() -> None:
    machine = np.repeat(np.arange(FEWEST_MACHINES - 1), 10)
    found = paired_difference(np.ones(len(machine)), np.zeros(len(machine)), machine)
    assert (found.estimate, found.low, found.high) == (-1.0, -np.inf, np.inf)


def test_rows_without_a_known_cost_are_left_out() -> None:
    machine = np.repeat(np.arange(8), 3)
    champion, challenger = np.full(24, 2.0), np.full(24, 1.0)
    champion[::3] = np.nan
    found = paired_difference(champion, challenger, machine)
    assert (found.estimate, found.rows, found.champion) == (-1.0, 16, 2.0)
    assert found.low == found.high == -1.0


def test_interval_of_a_mean_covers_it_as_often_as_it_says() -> None:
    """Machines differ by their own mean, as they do; an interval over rows would cover half as often."""
    generator, hits, runs = np.random.default_rng(1), 0, 200
    machine = np.repeat(np.arange(12), 20)
    for run in range(runs):
        own = generator.exponential(1.0, 12) - 1.0
        challenger = own[machine] + generator.normal(0, 0.5, len(machine))
        found = paired_difference(np.zeros(len(machine)), challenger, machine, seed=run, draws=400)
        hits += found.low <= 0.0 <= found.high
    assert hits / runs >= 0.92
