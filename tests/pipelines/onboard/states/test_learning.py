from dataclasses import replace

import numpy as np
import pytest

from features.domain.packs import RegimeRule
from models.states.errors import TooFewStates
from pipelines.onboard.states.learning import binomial_tail, learn_state
from pipelines.onboard.states.stretches import Stretch
from tests.pipelines.onboard.machines import PACK

OVEN = replace(PACK, regimes=RegimeRule((), 1.0, None, 0.0))


def stretches(count: int, assets: int, difference: float, seed: int = 0) -> list[Stretch]:
    generator = np.random.default_rng(seed)
    found = []
    for index in range(count):
        values = 3.0 + difference * (index % 2) + generator.standard_normal((25, 1))
        time_us = (index * 100 + np.arange(25, dtype=np.int64)) * 1_000_000
        found.append(Stretch(f"oven-{index % assets}", time_us, values, "hot" if index % 2 else "cold"))
    return found


def test_state_that_shows_is_told_on_machines_not_seen() -> None:
    learnt = learn_state(OVEN, "heat", stretches(20, 5, difference=4.0))
    assert learnt.figures.right == 20
    assert learnt.figures.is_told
    assert "machines" in learnt.figures.protocol
    value, probability = learnt.tell(stretches(1, 1, difference=4.0))[0]
    assert value == "cold"
    assert probability > 0.7
    assert learnt.tell([]) == []


def test_state_that_does_not_show_is_said_not_to_be_told() -> None:
    learnt = learn_state(OVEN, "heat", stretches(18, 18, difference=0.0), each=True)
    assert not learnt.figures.is_told
    assert learnt.figures.log_loss < 1.2
    assert "each of 18" in learnt.figures.protocol


def test_single_machine_is_judged_in_blocks_and_says_so() -> None:
    learnt = learn_state(OVEN, "heat", stretches(24, 1, difference=4.0))
    assert "single machine" in learnt.figures.protocol
    assert learnt.figures.right >= 22


def test_one_value_is_refused() -> None:
    with pytest.raises(TooFewStates):
        learn_state(OVEN, "heat", [replace(each, value="hot") for each in stretches(6, 3, 1.0)])


def test_chance_is_that_of_the_binomial_law() -> None:
    assert binomial_tail(13, 18, 0.5) == pytest.approx(0.048126, abs=1e-5)
    assert binomial_tail(0, 2000, 0.3) == pytest.approx(1.0)
    assert binomial_tail(2000, 2000, 1.0) == pytest.approx(1.0, abs=1e-4)
