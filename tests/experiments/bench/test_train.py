import numpy as np
import pytest

from experiments.bench.errors import OutputsDiffer
from experiments.bench.train import GRID, Pace, compare, pace, plain_pace, synthetic_rows
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


def test_plain_loop_gives_the_same_loss_again() -> None:
    first, second = plain_pace(ROWS, SETTINGS), plain_pace(ROWS, SETTINGS)
    assert first.loss == second.loss
    assert first.seconds > 0


def test_pace_leaves_the_first_epoch_out_and_counts_every_wait_after_it() -> None:
    found = pace(began=10.0, ended=[25.0, 26.0, 28.5, 29.0], noted=31.0, loss=0.25)
    assert found == Pace(seconds=2.0, loss=0.25, start_seconds=15.0, end_seconds=2.0)


def test_ways_take_turns_and_medians_are_compared() -> None:
    loss, paces = plain_pace(ROWS, SETTINGS).loss, iter([9.0, 1.0, 3.0])
    found = compare(ROWS, SETTINGS, 3, lambda rows, settings: Pace(next(paces), loss, 1.0, 0.5))
    assert [each.seconds for each in found.ray] == [9.0, 1.0, 3.0]
    assert len(found.plain) == 4
    told = found.to_dict()
    plain = float(np.median([each.seconds for each in found.plain]))
    assert told["overhead"] == pytest.approx(3.0 / plain - 1.0)
    assert told["overhead_seconds_per_epoch"] == pytest.approx(3.0 - plain)
    assert told["end_seconds"] == 0.5


def test_ways_that_come_to_another_loss_are_not_compared() -> None:
    other = Pace(1.0, plain_pace(ROWS, SETTINGS).loss + 0.01, 1.0, 0.5)
    with pytest.raises(OutputsDiffer, match="further apart"):
        compare(ROWS, SETTINGS, 1, lambda rows, settings: other)
