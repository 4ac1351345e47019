from dataclasses import fields, replace

import numpy as np
import pytest

from features.transforms.batch import compute
from features.transforms.events import courses_of
from features.transforms.specification import FeatureSpecification
from features.transforms.state import FeatureState, initial_state, unpack_state
from features.transforms.step import StepPlan, step
from tests.features.transforms.fleet import ALL, COUNTER, RICH, life


@pytest.mark.parametrize("specification", ALL.values(), ids=ALL)
def test_packed_state_reads_back_whole(specification: FeatureSpecification) -> None:
    packed = np.stack([each.state for each in compute(specification, [life(specification, 30, s) for s in range(3)])])
    state = unpack_state(specification, packed)
    np.testing.assert_array_equal(state.pack(), packed)
    assert _shapes(state) == _shapes(initial_state(specification, 3))


def _shapes(state: FeatureState) -> dict[str, tuple[int, ...]]:
    own = {each.name: getattr(state, each.name) for each in fields(FeatureState)}
    arrays = {name: value for name, value in own.items() if isinstance(value, np.ndarray)}
    return {name: array.shape for name, array in (arrays | state.chosen).items()}


@pytest.mark.parametrize("specification", ALL.values(), ids=ALL)
def test_computation_goes_on_from_a_packed_state_as_if_it_had_never_stopped(
    specification: FeatureSpecification,
) -> None:
    rows = life(specification, 60)
    (whole,) = compute(specification, [rows])
    assert rows.events is not None
    plan, state = StepPlan.of(specification), initial_state(specification, 1)
    events = [courses_of(plan.layout, rows.events)]
    for index, (time, values) in enumerate(zip(rows.time, rows.values, strict=True)):
        state = unpack_state(specification, state.pack())
        state, result = step(plan, state, np.array([time]), values[None, :], events)
        np.testing.assert_array_equal(result.vectors[0], whole.vectors[index])


def test_unpacked_state_is_independent_of_what_it_was_read_from() -> None:
    packed = initial_state(COUNTER, 1).pack()
    unpack_state(COUNTER, packed).rows[...] += 1
    np.testing.assert_array_equal(packed, initial_state(COUNTER, 1).pack())


def test_state_of_another_specification_is_refused() -> None:
    packed = initial_state(COUNTER, 1).pack()
    wider = replace(COUNTER, rule=replace(COUNTER.rule, windows=(4.0, 20.0, 60.0)))
    with pytest.raises(ValueError, match="Rebuild the state"):
        unpack_state(wider, packed)


def test_copy_shares_nothing_with_what_it_was_copied_from() -> None:
    state = initial_state(RICH, 2)
    copied = state.copy()
    for array in copied.chosen.values():
        array.fill(7.0)
    copied.sums.fill(7.0)
    np.testing.assert_array_equal(state.pack(), initial_state(RICH, 2).pack())


@pytest.mark.parametrize("specification", ALL.values(), ids=ALL)
def test_size_of_a_state_does_not_grow_with_age(specification: FeatureSpecification) -> None:
    young, old = compute(specification, [life(specification, 2), life(specification, 90)])
    assert young.state.shape == old.state.shape
