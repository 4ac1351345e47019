import numpy as np
import pytest
from numpy.typing import NDArray

from features.domain.packs import Costs
from models.prognosis.ledger.savings import WatchedLife, savings
from models.prognosis.replacement import best_age

COSTS = Costs(miss=20.0, false_alarm=1.0, planned=4.0)


def test_hand_counted_lives() -> None:
    lives = [
        WatchedLife(100.0, True, 90.0, True),  # acted upon in time
        WatchedLife(80.0, True, None, True),  # missed
        WatchedLife(120.0, True, 60.0, True),  # acted upon early
        WatchedLife(500.0, True, 10.0, False),  # nobody watched its beginning
    ]
    found = savings(lives, COSTS, best_age([70.0, 110.0], [True, True], COSTS))
    assert (found.lives, found.left_out, found.known_before) == (3, 1, 2)
    assert (found.forecasts.failures, found.forecasts.planned, found.forecasts.unanswered) == (1, 2, 0)
    assert found.forecasts.rate == pytest.approx((4 + 20 + 4) / (90 + 80 + 60))
    assert found.run_to_failure.rate == pytest.approx(60 / 300)
    assert found.interval == 70.0
    assert found.fixed is not None
    assert found.fixed.rate == pytest.approx(12 / 210)
    assert found.against_failure == pytest.approx(1 - (28 / 230) / (60 / 300))
    assert found.against_fixed == pytest.approx(1 - (28 / 230) / (12 / 210))


def test_a_replacement_is_no_failure_and_its_life_only_lacks_an_answer() -> None:
    replaced = WatchedLife(50.0, False, None, True)
    failing = [WatchedLife(100.0, True, None, True)] * 3
    found = savings([replaced, *failing], COSTS, None)
    assert found.run_to_failure.unanswered == 1
    assert found.run_to_failure.rate == pytest.approx(20 / 100)
    assert found.fixed is None
    assert found.against_fixed is None


def test_censoring_does_not_move_what_a_policy_costs() -> None:
    random = np.random.default_rng(2)
    lives = 1000.0 * random.weibull(3.0, 20_000)
    warned = lives - random.choice([30.0, np.nan], len(lives), p=[0.8, 0.2])
    acted = np.where(np.isnan(warned) | (warned <= 0), np.inf, warned)
    followed = random.uniform(200.0, 2_500.0, len(lives))
    policy = best_age(lives[:5_000].tolist(), [True] * 5_000, COSTS)

    def watched(until: NDArray[np.float64]) -> list[WatchedLife]:
        return [
            WatchedLife(min(life, end), life <= end, at if at <= min(life, end) else None, True)
            for life, end, at in zip(lives.tolist(), until.tolist(), acted.tolist(), strict=True)
        ]

    whole = savings(watched(np.full(len(lives), np.inf))[:5_000], COSTS, policy, draws=1)
    cut = savings(watched(followed), COSTS, policy, draws=1)
    used = np.minimum(lives, acted)
    truth = float(np.where(acted < lives, 4.0, 20.0).mean() / used.mean())
    assert whole.forecasts.rate == pytest.approx(truth, rel=0.03)
    assert cut.forecasts.rate == pytest.approx(truth, rel=0.03)
    assert cut.run_to_failure.rate == pytest.approx(20.0 / float(lives.mean()), rel=0.03)
    assert policy is not None
    assert cut.fixed is not None
    assert cut.fixed.rate == pytest.approx(policy.rate, rel=0.04)


def test_interval_holds_the_figure_and_no_life_gives_no_figure() -> None:
    random = np.random.default_rng(4)
    lives = [WatchedLife(float(life), True, float(life) - 20.0, True) for life in random.uniform(80.0, 120.0, 12)]
    found = savings(lives, COSTS, None)
    assert found.against_failure is not None
    assert found.against_failure_interval is not None
    low, high = found.against_failure_interval
    assert low <= found.against_failure <= high
    assert savings([], COSTS, None).against_failure is None
