import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from features.domain.packs import Costs
from models.prognosis.replacement import best_age

COSTS = Costs(miss=20.0, false_alarm=1.0, planned=4.0)


def weibull_rate(age: float, shape: float, scale: float, costs: Costs) -> float:
    """Barlow and Hunter's cost per unit of life for a known distribution, by plain integration."""
    time = np.linspace(0.0, age, 4001)
    survival = np.exp(-((time / scale) ** shape))
    lived = float(np.sum(0.5 * (survival[1:] + survival[:-1])) * time[1])
    return float((costs.of_planned_work * survival[-1] + costs.miss * (1 - survival[-1])) / lived)


def test_best_age_of_many_lives_is_that_of_their_distribution() -> None:
    lives = 1000.0 * np.random.default_rng(5).weibull(3.0, 20_000)
    found = best_age(lives.tolist(), [True] * len(lives), COSTS)
    ages = np.linspace(100.0, 2500.0, 241)
    rates = [weibull_rate(age, 3.0, 1000.0, COSTS) for age in ages]
    assert found is not None
    assert found.interval == pytest.approx(ages[int(np.argmin(rates))], rel=0.06)
    assert found.rate == pytest.approx(min(rates), rel=0.02)
    assert found.run_to_failure_rate == pytest.approx(COSTS.miss / 892.98, rel=0.02)  # mean 1000 Γ(4/3)


def test_censored_lives_count_as_at_least_so_long() -> None:
    random = np.random.default_rng(6)
    lives, followed = 1000.0 * random.weibull(3.0, 20_000), random.uniform(300.0, 2000.0, 20_000)
    found = best_age(np.minimum(lives, followed).tolist(), (lives <= followed).tolist(), COSTS)
    assert found is not None
    assert found.mean_life == pytest.approx(892.98, rel=0.02)
    assert found.failures < found.lives == 20_000


def test_rate_is_that_of_a_kaplan_meier_curve_of_another_library() -> None:
    random = np.random.default_rng(7)
    lives = np.round(random.uniform(10.0, 50.0, 30))
    is_failure = random.random(30) < 0.6
    is_failure[lives == lives.max()] = True
    found = best_age(lives.tolist(), is_failure.tolist(), COSTS)
    curve = SurvfuncRight(lives, is_failure.astype(float))
    rates, area, before, last = [], 0.0, 1.0, 0.0
    for time, after in zip(curve.surv_times, curve.surv_prob, strict=True):
        area += (time - last) * before
        rates.append((COSTS.of_planned_work * before + COSTS.miss * (1 - before)) / area)
        before, last = after, time
    assert found is not None
    assert found.rate == pytest.approx(min(*rates, COSTS.miss / area))
    assert found.mean_life == pytest.approx(area)


def test_replacing_machines_that_do_not_age_saves_nothing() -> None:
    lives = np.random.default_rng(8).exponential(500.0, 2_000)
    found = best_age([*lives, 0.0], [True] * 2_001, Costs(miss=20.0, false_alarm=15.0))
    assert found is not None
    assert found.rate == pytest.approx(found.run_to_failure_rate, rel=0.01)
    assert found.run_to_failure_rate == pytest.approx(20.0 / 500.0, rel=0.05)
    assert found.lives == 2_000


def test_planned_work_as_dear_as_a_failure_is_never_done() -> None:
    found = best_age([90.0, 100.0, 110.0], [True, True, True], Costs(miss=20.0, false_alarm=20.0))
    assert found is not None
    assert found.interval is None
    assert found.rate == found.run_to_failure_rate == pytest.approx(0.2)


def test_without_a_failure_nobody_can_say() -> None:
    assert best_age([10.0, 20.0], [False, False], COSTS) is None
    assert best_age([], [], COSTS) is None
