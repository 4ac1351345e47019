from dataclasses import replace

import numpy as np
import pytest

from experiments.bench.promotion import NOISE, broken_judges, is_caught, measure_promotion
from experiments.bench.promotion_models import Seen, trial_of
from features.packs.loader import load_pack
from pipelines.promote.finding import Finding
from pipelines.promote.judging import judge
from pipelines.promote.trial import Trial

PUMP = load_pack("pump")


def never(trial: Trial) -> tuple[Finding, ...]:
    return (Finding("cost", False, "cost less", "more"),)


@pytest.mark.slow
def test_the_judge_promotes_few_equals_no_worse_one_and_many_better_ones() -> None:
    rates = measure_promotion(PUMP, 60, 18, 40, seed=5)
    assert rates.same[0] <= 3
    assert rates.identical[0] == 0
    assert rates.worse_promoted == 0
    assert rates.better[0] > 0
    assert rates.to_dict()["worse_comparisons"] == 18


@pytest.mark.slow
@pytest.mark.parametrize("name", ["whatever looks cheaper is promoted", "the sign of the cost turned round"])
def test_a_judge_with_a_bug_is_found_out(name: str) -> None:
    assert is_caught(measure_promotion(PUMP, 40, 30, 40, seed=5, judging=broken_judges()[name]))


def test_a_judge_that_promotes_nothing_is_found_out() -> None:
    assert is_caught(measure_promotion(PUMP, 10, 6, 6, seed=5, judging=never))


def test_models_are_calibrated_by_construction_and_no_better_than_their_noise() -> None:
    trial = trial_of(PUMP, Seen(NOISE), Seen(NOISE, sharper=3.0), 400, seed=1)
    (found,) = (finding for finding in judge(trial) if finding.check == "calibration")
    assert not found.holds
    worse, champion = (float(part.rpartition(" ")[2]) for part in found.found.split(","))
    assert champion < 0.02
    assert worse > 0.04


def test_a_silent_model_leaves_answers_out() -> None:
    trial = trial_of(PUMP, Seen(NOISE), replace(Seen(NOISE), silent=0.5), 20, seed=1)
    assert trial.champion.is_given.all()
    assert np.mean(trial.challenger.is_given) == pytest.approx(0.5, abs=0.1)
