"""Streaming equals batch exactly, the state can be saved, and nothing looks ahead or at other machines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.errors import InvalidValue
from features.quality.batch import AssetRows, judge, judge_fleet
from features.quality.state import initial_state, reset, restore_state
from features.quality.step import judge_step
from tests.features.quality.machines import FLOW, FRONT, machine_rows, machine_rules

RULES = machine_rules()


def faulty(seed: int, rows: int) -> AssetRows:
    """A machine with gaps, spikes, repeats and infinities anywhere."""
    drawn, rng = machine_rows(seed, rows), np.random.default_rng(seed)
    values = drawn.values.copy()
    values[rng.random(values.shape) < 0.02] = np.nan
    values[rng.random(values.shape) < 0.005] *= 1.8
    values[rng.random(values.shape) < 0.001] = np.inf
    if rows > 90:
        values[80:90, FLOW] = values[79, FLOW]
        values[60:75, [4, 5]] = values[60:75][:, [5, 4]]
    return AssetRows(drawn.time_us, values)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), lengths=st.lists(st.integers(0, 160), min_size=1, max_size=4))
def test_streaming_batch_and_fleet_agree_exactly(seed: int, lengths: list[int]) -> None:
    machines = [faulty(seed + place, length) for place, length in enumerate(lengths)]
    fleet = judge_fleet(RULES, machines)
    for machine, judged in zip(machines, fleet, strict=True):
        state = initial_state(RULES, 1)
        for row in range(len(machine.time_us)):
            state, given_now = judge_step(RULES, state, machine.time_us[row : row + 1], machine.values[row : row + 1])
            assert np.array_equal(given_now.verdicts[0], judged.verdicts[row])
            assert np.array_equal(given_now.namur[0], judged.namur[row])
        for name, array in state.to_dict().items():
            assert np.array_equal(array, judged.state.to_dict()[name], equal_nan=True), name


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 250))
def test_nothing_depends_on_later_readings(seed: int, cut: int) -> None:
    machine = faulty(seed, 260)
    other = machine.values.copy()
    other[cut:] = np.random.default_rng(seed).permutation(other[cut:]) * 0.5
    whole = judge(RULES, machine.time_us, machine.values).verdicts
    assert np.array_equal(whole[:cut], judge(RULES, machine.time_us, other).verdicts[:cut])


@pytest.mark.parametrize("cut", [1, 37, 150, 299])
def test_saved_state_goes_on_as_if_it_had_never_stopped(cut: int) -> None:
    machine = faulty(3, 300)
    whole = judge(RULES, machine.time_us, machine.values)
    begun = judge(RULES, machine.time_us[:cut], machine.values[:cut])
    state = restore_state(RULES, begun.state.to_dict())
    rest = judge(RULES, machine.time_us[cut:], machine.values[cut:], state)
    assert np.array_equal(rest.verdicts, whole.verdicts[cut:])
    assert begun.states + rest.states == [*begun.states, *rest.states]
    assert len(begun.states + rest.states) == len(whole.states)


def test_step_leaves_the_state_before_it_alone() -> None:
    machine = faulty(1, 50)
    state = judge(RULES, machine.time_us, machine.values).state
    before = state.copy()
    judge_step(RULES, state, machine.time_us[-1:] + 1, machine.values[-1:])
    assert all(np.array_equal(array, before.to_dict()[name], equal_nan=True) for name, array in state.to_dict().items())


def test_state_of_other_rules_is_refused() -> None:
    arrays = dict(initial_state(RULES, 2).to_dict())
    arrays["level"] = arrays["level"][:, :, :3]
    with pytest.raises(InvalidValue, match="hold the arrays of these rules"):
        restore_state(RULES, arrays)


def test_reset_forgets_a_signal_and_no_other() -> None:
    machine = machine_rows(1)
    state = judge(RULES, machine.time_us, machine.values).state
    after = reset(RULES, state, ["front", "unknown"])
    assert (after.level_count[:, :, FRONT] == 0).all()
    assert np.array_equal(after.level_count[:, :, :FRONT], state.level_count[:, :, :FRONT])
    shifted = machine.values + np.where(np.arange(7) == FRONT, 30.0, 0.0)
    later = machine.time_us + machine.time_us[-1]
    judged = judge(RULES, later[:100], shifted[:100], after)
    assert (judged.verdicts[:, FRONT] == 0).all()
