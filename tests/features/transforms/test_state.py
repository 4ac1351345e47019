from dataclasses import fields, replace

import numpy as np
import pytest

from features.transforms.batch import compute
from features.transforms.specification import FeatureSpecification
from features.transforms.state import FeatureState, initial_state, unpack_state
from features.transforms.step import StepPlan, step
from tests.features.transforms.fleet import COUNTER, SPECIFICATIONS, life


@pytest.mark.parametrize("specification", SPECIFICATIONS.values(), ids=SPECIFICATIONS)
def test_packed_state_reads_back_whole(specification: FeatureSpecification) -> None:
    packed = np.stack([each.state for each in compute(specification, [life(specification, 30, s) for s in range(3)])])
    state = unpack_state(specification, packed)
    np.testing.assert_array_equal(state.pack(), packed)
    for each in fields(FeatureState):
        assert getattr(state, each.name).shape == getattr(initial_state(specification, 3), each.name).shape


def test_computation_goes_on_from_a_packed_state_as_if_it_had_never_stopped() -> None:
    rows = life(COUNTER, 60)
    (whole,) = compute(COUNTER, [rows])
    plan, state = StepPlan.of(COUNTER), initial_state(COUNTER, 1)
    for index, (time, values) in enumerate(zip(rows.time, rows.values, strict=True)):
        state = unpack_state(COUNTER, state.pack())
        state, result = step(plan, state, np.array([time]), values[None, :])
        np.testing.assert_array_equal(result.vectors[0], whole.vectors[index])


def test_unpacked_state_is_independent_of_what_it_was_read_from() -> None:
    packed = initial_state(COUNTER, 1).pack()
    unpack_state(COUNTER, packed).rows += 1
    np.testing.assert_array_equal(packed, initial_state(COUNTER, 1).pack())


def test_state_of_another_specification_is_refused() -> None:
    packed = initial_state(COUNTER, 1).pack()
    wider = replace(COUNTER, rule=replace(COUNTER.rule, windows=(4.0, 20.0, 60.0)))
    with pytest.raises(ValueError, match="Rebuild the state"):
        unpack_state(wider, packed)


def test_size_of_a_state_does_not_grow_with_age() -> None:
    young, old = compute(COUNTER, [life(COUNTER, 2), life(COUNTER, 90)])
    assert young.state.shape == old.state.shape
