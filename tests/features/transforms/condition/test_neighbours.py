"""What neighbours do is known without looking at each of them, and is the same."""

import numpy as np
import pytest

from features.transforms.condition.neighbours import Neighbours
from features.transforms.condition.state import ConditionState, initial_condition
from features.transforms.condition.together.block import gathered
from tests.features.transforms.condition.rig import INTERVAL, MODEL, company, judged, rows_of, shifted


def drawn(rng: np.random.Generator) -> ConditionState:
    """Return a machine of which some is known."""
    state = initial_condition(MODEL)
    state.seconds = float(rng.choice([np.nan, 0.0, 100.0, 105.0]) * INTERVAL)
    state.settled = int(rng.integers(0, 3))
    state.strays_since = float(rng.choice([np.nan, 60.0, 95.0, 100.0]) * INTERVAL)
    return state


@pytest.mark.parametrize("seed", range(5))
def test_company_is_that_of_all_the_others(seed: int) -> None:
    rng = np.random.default_rng(seed)
    neighbours, states = Neighbours(MODEL), [drawn(rng) for _ in range(20)]
    for place, state in enumerate(states):
        neighbours.note(place, drawn(rng))  # as it was before
        neighbours.note(place, state)
    for place, state in enumerate(states):
        others = states[:place] + states[place + 1 :]
        assert neighbours.company(place) == company(MODEL, state, others)
    neighbours.forget(3)
    assert neighbours.company(0) == company(MODEL, states[0], states[1:3] + states[4:])


def test_neighbours_that_began_to_stray_at_the_same_time_are_counted() -> None:
    neighbours = Neighbours(MODEL)
    for number in range(3):
        state, rows = initial_condition(MODEL), rows_of(130, seed=number)
        judged(shifted(rows, 120, {"current": -40.0}) if number < 2 else rows, state)
        neighbours.note(number, state)
    assert neighbours.company(0) == (2, 1)


def test_of_a_machine_that_does_not_stray_nobody_asks() -> None:
    state = initial_condition(MODEL)
    judged(rows_of(60), state)
    neighbours = Neighbours(MODEL)
    neighbours.note("a", state)
    assert not neighbours.matter("a")
    assert neighbours.interval("a") == state.interval
    judged(shifted(rows_of(130), 60, {"pressure": 30.0})[60:90], state)
    neighbours.note("a", state)
    assert neighbours.matter("a")


def test_machines_in_a_block_are_noted_like_those_by_themselves() -> None:
    rng = np.random.default_rng(9)
    states, one, other = [drawn(rng) for _ in range(12)], Neighbours(MODEL), Neighbours(MODEL)
    for place, state in enumerate(states):
        one.note(place, state)
    other.note_all(range(12), gathered(states), np.arange(12))
    assert [one.company(place) for place in range(12)] == [other.company(place) for place in range(12)]
