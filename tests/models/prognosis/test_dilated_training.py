"""Training with a stack: it finds what readings alone tell, is the same for a seed, and keeps members blind."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest
import torch

from models.prognosis.dilated import dilated_survival
from models.prognosis.dilated_training import DilatedSettings, FittedDilated, LifeReadings, fit_dilated
from models.prognosis.targets import LabelledVectors
from models.prognosis.training import Inputs, TrainingSettings
from tests.features.transforms.fleet import PLAIN
from tests.models.prognosis.toys import GRID

LIVES, LENGTH, SENSORS = 20, 24, 2
SETTINGS = DilatedSettings(
    TrainingSettings(epochs=5, batch_rows=96, learning_rate=2e-2, hidden=(16,), dropout=0.0, inputs=Inputs.WEAR),
    channels=4,
    dilations=(1, 2, 4),
    lives_at_once=10,
)


def toy(seed: int = 0) -> tuple[LabelledVectors, LifeReadings]:
    """Make lives of which feature vectors tell nothing, and readings that begin to tell some time before a failure."""
    generator = np.random.default_rng(seed)
    life, place = np.repeat(np.arange(LIVES), LENGTH), np.tile(np.arange(LENGTH), LIVES)
    remaining = np.repeat(generator.uniform(0.0, 40.0, LIVES), LENGTH) + 2.5 * (LENGTH - 1.0 - place)
    scores = 3.0 - remaining.reshape(LIVES, LENGTH, 1) / 15.0 + generator.normal(0.0, 0.2, (LIVES, LENGTH, SENSORS))
    vectors = generator.standard_normal((len(life), len(PLAIN.names))).astype(np.float32)
    unknown = np.zeros(len(life), np.int64)
    rows = LabelledVectors(
        vectors, remaining, np.ones(len(life), np.bool_), life, life.copy(), 2.5 * place.astype(np.float64), unknown
    )
    return rows, LifeReadings(scores.astype(np.float32), life, place)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads would wait for one another over numbers as few as these."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@lru_cache
def fitted() -> FittedDilated:
    return fit_dilated(*toy(), PLAIN.layout, GRID, SETTINGS)


def blind_loss_of(readings: LifeReadings) -> float:
    return fit_dilated(toy()[0], readings, PLAIN.layout, GRID, SETTINGS).blind_loss


def test_what_readings_alone_tell_is_found() -> None:
    told = toy()[1]
    silent = LifeReadings(np.zeros_like(told.scores), told.life, told.place)
    assert fitted().blind_loss < 0.5 * blind_loss_of(silent)


def test_same_seed_gives_the_same_network() -> None:
    again = fit_dilated(*toy(), PLAIN.layout, GRID, SETTINGS)
    assert (again.blind_loss, again.epoch) == (fitted().blind_loss, fitted().epoch)
    for name, value in again.model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), fitted().model.state_dict()[name].numpy())


def test_progress_is_told_of_every_epoch_and_curves_fall() -> None:
    rows, readings = toy()
    told: list[tuple[int, int]] = []
    fit_dilated(rows, readings, PLAIN.layout, GRID, SETTINGS, lambda done, every: told.append((done, every)))
    assert told == [(epoch + 1, 5) for epoch in range(5)]
    curves = dilated_survival(fitted().model, rows.vectors, readings.scores, readings.life, readings.place)
    assert curves.shape == (len(rows), GRID.steps)
    assert (np.diff(curves, axis=1) <= 0).all()


@pytest.mark.parametrize("filled", [np.nan, 9.0])
def test_what_lies_after_the_newest_row_of_all_changes_nothing(filled: float) -> None:
    rows, readings = toy()
    longer = np.concatenate([readings.scores, np.full((LIVES, 5, SENSORS), filled, np.float32)], axis=1)
    curves = [
        dilated_survival(fitted().model, rows.vectors, scores, readings.life, readings.place)
        for scores in (readings.scores, longer)
    ]
    np.testing.assert_allclose(curves[0], curves[1], atol=1e-6)
