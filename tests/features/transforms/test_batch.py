from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.packs import FeatureFamily
from features.transforms.batch import LifeFeatures, LifeRows, compute
from features.transforms.errors import EventsMissing
from features.transforms.events import courses_of
from features.transforms.specification import FeatureSpecification
from features.transforms.state import initial_state
from features.transforms.step import StepPlan, step
from tests.features.transforms.fleet import ALL, COUNTER, RICH, SPECIFICATIONS, life


def streamed(specification: FeatureSpecification, rows: LifeRows) -> LifeFeatures:
    """Feed one life row by row to the streaming step, through its packed state."""
    plan, state = StepPlan.of(specification), initial_state(specification, 1)
    results, events = [], None if rows.events is None else [courses_of(specification.layout, rows.events)]
    for time, values in zip(rows.time, rows.values, strict=True):
        state, result = step(plan, state, np.array([time]), values[None, :], events)
        results.append(result)
    return LifeFeatures(
        np.concatenate([result.vectors for result in results]),
        np.concatenate([result.life for result in results]),
        np.concatenate([result.regime for result in results]),
        np.concatenate([result.is_running for result in results]),
        state.pack()[0],
    )


def assert_same(one: LifeFeatures, other: LifeFeatures) -> None:
    for each in fields(LifeFeatures):
        np.testing.assert_array_equal(getattr(one, each.name), getattr(other, each.name), err_msg=each.name)


@pytest.mark.parametrize("specification", ALL.values(), ids=ALL)
def test_one_life_streamed_gives_the_bits_of_many_lives_in_a_batch(specification: FeatureSpecification) -> None:
    lives = [life(specification, rows, seed) for seed, rows in enumerate([40, 3, 90, 1, 57])]
    for rows, computed in zip(lives, compute(specification, lives), strict=True):
        assert_same(computed, streamed(specification, rows))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(0, 1000))
def test_padding_and_company_change_nothing(lengths: list[int], seed: int) -> None:
    lives = [life(RICH, rows, seed + index) for index, rows in enumerate(lengths)]
    together = compute(RICH, lives)
    for rows, computed in zip(lives, together, strict=True):
        assert_same(computed, compute(RICH, [rows])[0])
        assert computed.vectors.shape == (len(rows.time), len(RICH.names))


def test_order_of_lives_is_kept() -> None:
    lives = [life(COUNTER, 20, seed) for seed in range(3)]
    forwards, backwards = compute(COUNTER, lives), compute(COUNTER, lives[::-1])
    for one, other in zip(forwards, backwards[::-1], strict=True):
        assert_same(one, other)


def test_no_lives_give_no_features_and_an_empty_life_gives_no_rows() -> None:
    assert compute(COUNTER, []) == []
    empty = LifeRows(np.empty(0), np.empty((0, len(COUNTER.signals))))
    alone = compute(COUNTER, [empty])[0]
    beside = compute(COUNTER, [life(COUNTER, 5), empty])[1]
    assert alone.vectors.shape == beside.vectors.shape == (0, len(COUNTER.names))
    np.testing.assert_array_equal(alone.state, initial_state(COUNTER, 1).pack()[0])
    np.testing.assert_array_equal(beside.state, alone.state)


def test_vectors_are_float32_and_regimes_whole_numbers() -> None:
    (computed,) = compute(COUNTER, [life(COUNTER, 5)])
    assert computed.vectors.dtype == np.float32
    assert computed.regime.dtype == np.int64
    assert computed.is_running.dtype == np.bool_


@pytest.mark.parametrize("specification", SPECIFICATIONS.values(), ids=SPECIFICATIONS)
def test_what_a_pack_chooses_changes_nothing_of_what_it_had(specification: FeatureSpecification) -> None:
    rows = life(specification, 60)
    more = replace(specification, rule=replace(specification.rule, families=tuple(FeatureFamily)))
    (plain,), (rich,) = compute(specification, [rows]), compute(more, [rows])
    width = len(specification.names)
    assert more.names[:width] == specification.names
    np.testing.assert_array_equal(rich.vectors[:, :width], plain.vectors)
    np.testing.assert_array_equal(rich.state[: len(plain.state)], plain.state)


def test_events_that_nobody_looked_up_are_missed_and_not_taken_for_none() -> None:
    rows = replace(life(RICH, 5), events=None)
    with pytest.raises(EventsMissing, match="must be given the events"):
        compute(RICH, [life(RICH, 5), rows])
    with pytest.raises(EventsMissing):
        streamed(RICH, rows)
    assert compute(COUNTER, [replace(life(COUNTER, 5), events=None)])


@pytest.mark.parametrize("specification", ALL.values(), ids=ALL)
@pytest.mark.parametrize("cut", [0, 1, 29, 60])
def test_life_computed_in_two_parts_gives_the_bits_of_one(specification: FeatureSpecification, cut: int) -> None:
    rows = life(specification, 60)
    (whole,) = compute(specification, [rows])
    head = replace(rows, time=rows.time[:cut], values=rows.values[:cut])
    tail = replace(rows, time=rows.time[cut:], values=rows.values[cut:])
    (first,) = compute(specification, [head])
    (second,) = compute(specification, [tail], [first.state])
    np.testing.assert_array_equal(np.concatenate([first.vectors, second.vectors]), whole.vectors)
    np.testing.assert_array_equal(second.state, whole.state)


def test_many_and_long_lives_are_computed_in_portions_with_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    lives = [life(RICH, rows, seed) for seed, rows in enumerate([50, 3, 41, 17])]
    usual = compute(RICH, lives)
    monkeypatch.setattr("features.transforms.batch._LIVES_SUMS", 8)
    monkeypatch.setattr("features.transforms.batch._STRETCH_SUMS", 56)
    for one, other in zip(usual, compute(RICH, lives), strict=True):
        assert_same(one, other)
