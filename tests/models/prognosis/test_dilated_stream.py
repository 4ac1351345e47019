"""The streaming twin against the batch network: the same numbers however a life is cut."""

import io
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.prognosis.dilated import DilatedShape, DilatedStack
from models.prognosis.dilated_stream import DilatedState, DilatedWeights, advance_dilated, initial_dilated

SHAPE = DilatedShape(sensors=4, inputs=2, members=2, channels=3, dilations=(1, 2, 4, 8))
LONGEST = 3 * SHAPE.reach
TOLERANCE = 1e-5


@lru_cache
def trained() -> DilatedStack:
    """Return a stack whose biases are not zero, as after training."""
    torch.manual_seed(1)
    stack = DilatedStack(SHAPE)
    with torch.no_grad():
        for bias in (stack.entry_bias, stack.bias):
            bias.normal_(std=0.5)
    stack.mix_by(np.random.default_rng(2).standard_normal((4, 2)), readings(400, 3))
    return stack.eval()


def readings(length: int, seed: int, unknown: float = 0.2) -> NDArray[np.float32]:
    """Return z-scores with values that are not known, whole rows of them among those. Shape (time, sensor)."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(0.0, 3.0, (length, SHAPE.sensors)).astype(np.float32)
    scores[generator.random(scores.shape) < unknown] = np.nan
    scores[generator.random(length) < unknown / 2] = np.nan
    return scores


def batch(scores: NDArray[np.float32]) -> NDArray[np.floating]:
    with torch.no_grad():
        told = trained()(torch.from_numpy(scores)[None])[:, 0]
    return np.asarray(told.numpy().swapaxes(0, 1), np.float32)


def streamed(
    weights: DilatedWeights, scores: NDArray[np.float32], state: DilatedState | None = None
) -> tuple[DilatedState, NDArray[np.floating]]:
    """Take readings one by one; what is told after each has the shape (time, member, channel)."""
    state, told = state or initial_dilated(weights), []
    for row in scores:
        state, now = advance_dilated(weights, state, row.astype(np.float64))
        told.append(now)
    return state, np.array(told).reshape(-1, SHAPE.members, SHAPE.channels)


def gap(weights: DilatedWeights, scores: NDArray[np.float32]) -> float:
    """Return the largest difference of stream and batch, as a share of the size of the number, or of 1."""
    told = batch(scores)
    return float(np.max(np.abs(streamed(weights, scores)[1] - told) / np.maximum(np.abs(told), 1.0), initial=0.0))


def kept(state: DilatedState) -> DilatedState:
    """Write a state to a file of arrays and read it back, without pickle."""
    file = io.BytesIO()
    np.savez(file, rings=state.rings, count=state.count)
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return DilatedState(arrays["rings"], arrays["count"])


@settings(max_examples=15, deadline=None)
@given(
    length=st.integers(0, LONGEST),
    cuts=st.lists(st.integers(0, LONGEST), max_size=4).map(sorted),
    seed=st.integers(0, 10_000),
)
def test_stream_equals_batch_wherever_a_life_is_cut(length: int, cuts: list[int], seed: int) -> None:
    weights, scores = trained().weights(), readings(length, seed)
    state, parts = initial_dilated(weights), []
    for part in np.split(scores, cuts):
        state, told = streamed(weights, part, kept(state))
        parts.append(told)
    np.testing.assert_allclose(np.concatenate(parts), batch(scores), rtol=TOLERANCE, atol=TOLERANCE)
    assert state.count.tolist() == [length]


def test_life_of_which_nothing_was_ever_measured_is_told_alike() -> None:
    assert gap(trained().weights(), np.full((40, SHAPE.sensors), np.nan, np.float32)) < TOLERANCE


def test_unknown_is_not_the_same_as_normal() -> None:
    normal, unknown = np.zeros((5, SHAPE.sensors), np.float32), np.full((5, SHAPE.sensors), np.nan, np.float32)
    assert np.abs(batch(normal) - batch(unknown)).max() > 0.01


def test_state_never_grows_and_is_left_as_it_was() -> None:
    weights = trained().weights()
    first = initial_dilated(weights)
    later, _ = streamed(weights, readings(60, 5), first)
    assert (later.rings.shape, later.rings.nbytes, later.count.nbytes) == (first.rings.shape, first.rings.nbytes, 8)
    assert first.rings.shape[0] == SHAPE.reach - 1
    assert not first.rings.any()
    assert first.count.tolist() == [0]


@pytest.mark.parametrize(("block", "off"), [(0, 1), (1, -1), (1, 1), (2, -1), (2, 1), (3, -1), (3, 1)])
def test_planted_padding_that_is_off_by_one_is_found(block: int, off: int) -> None:
    dilations = list(SHAPE.dilations)
    dilations[block] += off
    planted = replace(trained().weights(), dilations=tuple(dilations))
    assert gap(trained().weights(), readings(40, 6)) < TOLERANCE
    assert gap(planted, readings(40, 6)) > 100 * TOLERANCE


def test_planted_padding_that_is_no_zeros_is_found_at_the_first_readings() -> None:
    weights, scores = trained().weights(), readings(40, 7)
    state = initial_dilated(weights)
    _, told = streamed(weights, scores, replace(state, rings=state.rings + 0.5))
    assert np.abs(told - batch(scores))[: SHAPE.reach - 1].max() > 100 * TOLERANCE


def test_planted_stream_that_forgets_at_the_cut_is_found() -> None:
    weights, scores = trained().weights(), readings(40, 8)
    _, told = streamed(weights, scores[20:], initial_dilated(weights))
    assert np.abs(told - batch(scores)[20:]).max() > 100 * TOLERANCE
