import numpy as np
import pytest

from experiments.bench.errors import OutputsDiffer
from experiments.bench.train import GRID, Pace, compare, plain_pace, synthetic_rows
from models.prognosis.training import TrainingSettings

SETTINGS = TrainingSettings(epochs=3, batch_rows=64, hidden=(8,), dropout=0.1)
ROWS = synthetic_rows(20, 8)


def test_rows_are_the_same_for_a_seed_and_tell_wear_to_who_looks() -> None:
    again = synthetic_rows(20, 8)
    np.testing.assert_array_equal(ROWS.vectors, again.vectors)
    assert len(np.unique(ROWS.life_id[ROWS.is_failure])) == 15
    wear, share = ROWS.vectors[:, :10].mean(axis=1), ROWS.age / (ROWS.age + ROWS.remaining)
    assert np.corrcoef(wear, share)[0, 1] > 0.9
    assert ROWS.remaining.max() < GRID.cap


def test_plain_loop_gives_the_same_loss_again_and_leaves_the_start_out() -> None:
    first, second = plain_pace(ROWS, SETTINGS), plain_pace(ROWS, SETTINGS)
    assert first.loss == second.loss
    assert len(first.epoch_seconds) == SETTINGS.epochs - 1
    assert first.seconds > 0


def test_ways_that_come_to_another_loss_are_not_compared() -> None:
    other = Pace((1.0, 1.0), plain_pace(ROWS, SETTINGS).loss + 0.01, 1.0)
    with pytest.raises(OutputsDiffer, match="further apart"):
        compare(ROWS, SETTINGS, lambda rows, settings: other)
