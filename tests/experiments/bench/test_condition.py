import numpy as np
import pytest

from experiments.bench.condition import measure, told_share
from experiments.bench.condition_stream import FAULTY, LEARNT, STREAMED, ConditionLoad, Drawn, draw
from experiments.bench.condition_ways import Way, components, components_by_hand, one_by_one, together
from experiments.bench.errors import FaultNotTold

SMALL = ConditionLoad(machines=2, signals=5, runs=1)


def test_machines_are_sound_until_the_last_rows_and_the_same_for_a_seed() -> None:
    drawn, again = draw(SMALL), draw(SMALL)
    assert [rows.shape for rows in drawn.rows] == [(LEARNT + STREAMED, 5)] * 2
    for rows, same in zip(drawn.rows, again.rows, strict=True):
        np.testing.assert_array_equal(rows, same)
    assert not np.array_equal(drawn.rows[0], drawn.rows[1])


def test_scores_that_know_the_fault_are_told_from_those_that_know_nothing() -> None:
    knows = np.r_[np.zeros(STREAMED - FAULTY), np.ones(FAULTY)]
    assert told_share(np.stack([knows])) == 1.0
    assert told_share(np.zeros((1, STREAMED))) == 0.5
    assert told_share(-np.stack([knows])) == 0.0


def test_all_ways_are_timed_on_the_same_rows_and_tell_the_fault() -> None:
    found = measure(SMALL, peers={"pca": components})
    assert found["ratio"] == found["ratios"]["together"]["pca"] > 0.0  # type: ignore[index]  # a JSON form
    assert found["told"]["together"] == found["told"]["one_by_one"] > 0.9  # type: ignore[index]  # as above


def test_one_way_says_what_the_other_says() -> None:
    drawn = draw(SMALL)
    np.testing.assert_array_equal(one_by_one(drawn)(), together(drawn)())
    np.testing.assert_allclose(components(drawn)(), components_by_hand(drawn)(), rtol=1e-9)


def test_a_way_that_tells_nothing_is_not_timed() -> None:
    def blind(drawn: Drawn) -> Way:
        return lambda: np.zeros((len(drawn.rows), STREAMED))

    with pytest.raises(FaultNotTold, match=r"found 0\.500 \(together\)"):
        measure(SMALL, ours={"together": blind}, peers={"pca": components})
