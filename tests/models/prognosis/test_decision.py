from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.packs import Costs
from models.prognosis.decision import Decision, acts_now, decide
from models.prognosis.remaining import RemainingCurve, remaining_curve
from tests.models.prognosis.forecasts import CAP, forecast_of

COSTS = Costs(miss=20.0, false_alarm=1.0, planned=4.0)


def curve_of(shape: float, scale: float) -> RemainingCurve:
    found = remaining_curve(forecast_of(lambda life: exp(-((life / scale) ** shape))))
    assert found is not None
    return found


def made(curve: RemainingCurve, value: float, **more: object) -> Decision:
    found = decide(curve, COSTS, value, **more)  # type: ignore[arg-type]  # the test's own words
    assert found is not None
    return found


def brute_force(
    steps: list[float], chances: list[float], window: float, value: float, reach: float
) -> tuple[float, float]:
    """Go through every moment of failure of a discrete distribution: what the window costs, and how likely it fails."""
    cost, failed = 0.0, 0.0
    for moment, chance in zip(steps, chances, strict=True):
        fails_before = moment < window
        cost += chance * (COSTS.miss if fails_before else COSTS.of_planned_work)
        cost += chance * value * (min(moment, reach) - min(moment, window))
        failed += chance * fails_before
    return cost, failed


@given(
    weights=st.lists(st.floats(0.01, 1.0), min_size=5, max_size=9),
    value=st.floats(0.0, 0.1),
    windows=st.lists(st.sampled_from([0.0, 100.0, 200.0, 300.0, 400.0]), min_size=1, unique=True),
)
def test_options_cost_what_going_through_every_outcome_costs(
    weights: list[float], value: float, windows: list[float]
) -> None:
    chances = [each / sum(weights) for each in weights]
    steps = [100.0 * (place + 1) - 1e-6 for place in range(len(chances) - 1)] + [1e9]  # the last outlives the reach
    times = np.array([0.0, *(edge for step in steps[:-1] for edge in (step - 1e-6, step))])
    alive = 1 - np.cumsum(chances)[:-1]
    before = np.concatenate([[1.0], alive[:-1]])
    hazards = np.array([rate for a, b in zip(before, alive, strict=True) for rate in (0.0, -np.log(b / a) / 1e-6)])
    curve = RemainingCurve(times, hazards)
    found = made(curve, value, windows=windows)
    reach = float(times[-1])
    assert {each.after for each in found.options} == {each for each in windows if each < reach} | {reach}
    for option in found.options:
        beyond = option.after + (1e-5 if option.after >= reach else 0.0)
        cost, failed = brute_force(steps, chances, beyond, value, reach)
        assert option.total == pytest.approx(cost, abs=1e-3)
        assert option.p_fail == pytest.approx(failed, abs=1e-6)
    assert found.best.total == min(each.total for each in found.options)


def test_between_the_points_of_the_curve_no_moment_is_cheaper() -> None:
    for scale in (150.0, 400.0, 900.0, 3_000.0):
        curve = curve_of(2.5, scale)
        for value in (0.0, 0.002, 0.01, 0.05, 1.0):
            anywhere = made(curve, value)
            fine = made(curve, value, windows=np.linspace(0.0, CAP, 1_000, endpoint=False).tolist())
            assert anywhere.best.total <= fine.best.total + 1e-9


def test_one_acts_now_where_failing_is_likely_and_later_where_it_is_not() -> None:
    value = 0.01
    assert acts_now(curve_of(3.0, 150.0), COSTS, value)
    sound = made(curve_of(3.0, 2_500.0), value)
    assert not sound.is_now
    assert sound.extra(sound.now) > 0.0
    assert made(curve_of(1.0, 1e7), value).is_beyond


def test_machine_that_does_not_age_is_decided_by_bergmans_rule() -> None:
    hazard = 1 / 1000.0
    gain = hazard * (COSTS.miss - COSTS.of_planned_work)
    assert acts_now(curve_of(1.0, 1000.0), COSTS, gain * 0.98)
    assert made(curve_of(1.0, 1000.0), gain * 1.02).is_beyond


def test_what_was_survived_since_issue_is_taken_into_account() -> None:
    curve = curve_of(1.0, 500.0)
    fresh, later = made(curve, 0.01, windows=[100.0]), made(curve, 0.01, elapsed=200.0, windows=[100.0])
    assert later.options[0].p_fail == pytest.approx(fresh.options[0].p_fail, abs=3e-3)  # no memory
    assert later.reach == CAP - 200.0
    assert decide(curve, COSTS, 0.01, elapsed=CAP) is None


def test_windows_that_have_passed_or_lie_too_far_are_left_out() -> None:
    found = made(curve_of(3.0, 600.0), 0.01, windows=[-5.0, 24.0, 10 * CAP])
    assert [each.after for each in found.options] == [24.0, CAP]
    assert found.now.after == 0.0


def test_planned_work_costs_a_false_alarm_where_the_pack_says_nothing_else() -> None:
    assert Costs(20.0, 1.0).of_planned_work == 1.0
    assert COSTS.of_planned_work == 4.0
