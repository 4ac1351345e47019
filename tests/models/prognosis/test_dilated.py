"""The dilated stack and the network that is told of it: nothing looks ahead, and lives leave one another alone."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.prognosis.dilated import DilatedHazards, DilatedShape, DilatedStack, dilated_survival
from models.prognosis.network import HazardLogits, NetworkShape

SHAPE = DilatedShape(sensors=3, inputs=3, members=2, channels=4, dilations=(1, 2, 4))
HEAD = NetworkShape(features=5, steps=6, members=2, hidden=(8,), dropout=0.0)
LENGTH = 20


class LooksAhead(DilatedStack):
    """The planted bug: padded on the right by one, so that a block is given what comes one reading later."""

    def _change(self, hidden: torch.Tensor, dilation: int, *weights: torch.Tensor) -> torch.Tensor:
        return super()._change(torch.roll(hidden, -1, dims=2), dilation, *weights)


def stack(kind: type[DilatedStack] = DilatedStack) -> DilatedStack:
    torch.manual_seed(0)
    return kind(SHAPE).eval()


def readings(seed: int = 0, lives: int = 2) -> NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    scores = generator.standard_normal((lives, LENGTH, SHAPE.sensors)).astype(np.float32)
    scores[generator.random(scores.shape) < 0.2] = np.nan
    return scores


def told(network: DilatedStack, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.no_grad():
        return np.asarray(network(torch.from_numpy(scores)).numpy(), np.float32)


def changed_before(network: DilatedStack, place: int, seed: int) -> float:
    """Return by how much anything before a place changes when all from there on does."""
    scores = readings(seed)
    later = scores.copy()
    later[:, place:] = readings(seed + 1)[:, place:] * 5.0
    return float(np.abs(told(network, scores) - told(network, later))[:, :, :place].max(initial=0.0))


@settings(max_examples=20, deadline=None)
@given(place=st.integers(0, LENGTH), seed=st.integers(0, 1000))
def test_what_comes_later_changes_nothing_before(place: int, seed: int) -> None:
    assert changed_before(stack(), place, seed) == 0.0


def test_planted_look_ahead_is_found() -> None:
    assert changed_before(stack(LooksAhead), 10, 0) > 0.01


def test_output_reaches_back_as_far_as_told_and_no_further() -> None:
    scores = readings()
    last = told(stack(), scores)[:, :, -1]
    for back, counts in ((SHAPE.reach, True), (SHAPE.reach + 1, False)):
        other = scores.copy()
        other[:, LENGTH - back] = 3.0
        assert bool(np.abs(told(stack(), other)[:, :, -1] - last).max() > 1e-6) is counts


def test_lives_of_a_batch_and_what_fills_them_up_leave_one_another_alone() -> None:
    scores = readings()
    alone = told(stack(), scores[:1, :12])
    filled = scores.copy()
    filled[0, 12:] = np.nan
    np.testing.assert_allclose(told(stack(), filled)[:, :1, :12], alone, atol=1e-6)


def test_mixing_gives_every_combination_a_size_of_one_and_shares_that_add_up() -> None:
    network = DilatedStack(DilatedShape(sensors=3, inputs=2, members=1))
    scores = 10.0 * np.nan_to_num(readings())
    network.mix_by(np.array([[1.0, 0.0], [-2.0, 0.0], [0.0, 4.0]]), scores)
    mixed = scores.reshape(-1, 3) @ network.mixing.numpy()
    np.testing.assert_allclose(np.sqrt((mixed**2).mean(axis=0)), 1.0, rtol=1e-4)
    np.testing.assert_allclose(network.shares.numpy(), [[1 / 3, 0.0], [2 / 3, 0.0], [0.0, 1.0]], atol=1e-6)


@pytest.fixture
def hazards() -> DilatedHazards:
    torch.manual_seed(0)
    return DilatedHazards(HEAD, SHAPE).eval()


def rows(count: int = 6) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    generator = np.random.default_rng(4)
    vectors = generator.standard_normal((count, HEAD.features)).astype(np.float32)
    return vectors, generator.integers(0, 2, count), generator.integers(0, LENGTH, count)


def test_training_begins_at_the_network_without_a_stack(hazards: DilatedHazards) -> None:
    vectors, life, place = rows()
    with torch.no_grad():
        head: HazardLogits = hazards.head
        alone = torch.exp(torch.cumsum(torch.nn.functional.logsigmoid(-head(torch.from_numpy(vectors))), dim=-1))
    found = dilated_survival(hazards, vectors, readings(), life, place)
    np.testing.assert_allclose(found, alone.mean(dim=0).numpy(), atol=1e-6)


def test_survival_is_the_same_however_many_lives_are_at_hand(hazards: DilatedHazards) -> None:
    with torch.no_grad():
        hazards.joint.normal_()
    vectors, life, place = rows()
    scores = readings()
    together = dilated_survival(hazards, vectors, scores, life, place)
    for row in range(len(vectors)):
        own = scores[life[row] : life[row] + 1, : place[row] + 1]
        alone = dilated_survival(hazards, vectors[row : row + 1], own, np.zeros(1, np.int64), place[row : row + 1])
        np.testing.assert_allclose(alone[0], together[row], atol=1e-6)
    assert (np.diff(together, axis=1) <= 0).all()
