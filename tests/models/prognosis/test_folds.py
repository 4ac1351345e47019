import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.prognosis.folds import held_out, machine_deals, machine_folds, rows_per_life

NAMES = st.lists(st.text("abc0123", min_size=1, max_size=6), unique=True, max_size=40)


def test_machines_are_dealt_whole_and_evenly() -> None:
    machine = np.repeat(np.arange(13), [1, 5, 2, 9, 4, 1, 1, 30, 2, 2, 3, 7, 8])
    fold = machine_folds(machine, 5, seed=0)
    by_machine = {index: set(fold[machine == index].tolist()) for index in range(13)}
    assert all(len(folds) == 1 for folds in by_machine.values())
    sizes = np.bincount([folds.pop() for folds in by_machine.values()])
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)
    assert sizes.max() - sizes.min() <= 1


def test_seed_decides_the_folds() -> None:
    machine = np.arange(50)
    np.testing.assert_array_equal(machine_folds(machine, 5, 1), machine_folds(machine, 5, 1))
    assert not np.array_equal(machine_folds(machine, 5, 1), machine_folds(machine, 5, 2))


def test_machines_are_dealt_anew_each_time_and_first_as_ever() -> None:
    machine = np.repeat(np.arange(50), 3)
    dealt = machine_deals(machine, 5, 3, seed=1)
    np.testing.assert_array_equal(dealt[:, 0], machine_folds(machine, 5, 1))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        together = dealt[::3, one] == dealt[::3, other]
        assert 0 < together.sum() < 25  # about a fifth by chance
    assert (dealt[0::3] == dealt[2::3]).all()  # machines stay whole


def test_fewer_machines_than_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="found 4"):
        machine_folds(np.array([3, 3, 4, 5, 9]), 5, 0)


@given(NAMES, NAMES, st.floats(0, 1))
def test_machine_held_out_stays_so_as_the_fleet_grows(fleet: list[str], more: list[str], share: float) -> None:
    grown = list(dict.fromkeys([*fleet, *more]))
    assert held_out(fleet, share, "pump") == held_out(grown, share, "pump") & set(fleet)


def test_share_is_held_out_about_and_salt_makes_another_split() -> None:
    fleet = [f"p-{index}" for index in range(2000)]
    assert 0.27 < len(held_out(fleet, 0.3, "pump")) / 2000 < 0.33
    assert held_out(fleet, 0.3, "pump") != held_out(fleet, 0.3, "fan")
    assert held_out(fleet, 0.3, "pump") <= held_out(fleet, 0.4, "pump")
    assert held_out(fleet, 0.0, "pump") == frozenset()
    assert held_out(fleet, 1.0, "pump") == frozenset(fleet)


def test_each_life_gives_as_many_rows_drawn_uniformly() -> None:
    life_id = np.repeat([4, 7], [1000, 100])
    age = np.concatenate([np.arange(1000), np.arange(100)]).astype(np.float64)
    drawn = np.concatenate([rows_per_life(life_id, age, 20.0, 10, seed) for seed in range(300)])
    assert np.bincount(life_id[drawn])[[4, 7]].tolist() == [3000, 3000]
    assert age[drawn].min() >= 20.0
    long = age[drawn[life_id[drawn] == 4]]
    assert abs(long.mean() - 509.5) < 4 * 283 / np.sqrt(3000)


def test_rows_are_drawn_once_and_in_order() -> None:
    life_id = np.repeat([0, 1, 2], [30, 5, 3])
    age = np.concatenate([np.arange(30), np.arange(5), np.arange(3)]).astype(np.float64)
    drawn = rows_per_life(life_id, age, 2.0, 10, seed=0)
    assert drawn.tolist() == sorted(set(drawn.tolist()))
    assert np.bincount(life_id[drawn]).tolist() == [10, 3, 1]
    np.testing.assert_array_equal(drawn, rows_per_life(life_id, age, 2.0, 10, seed=0))


def test_life_too_young_gives_nothing() -> None:
    assert rows_per_life(np.array([0, 0]), np.array([1.0, 2.0]), 5.0, 10, 0).tolist() == []
    assert rows_per_life(np.empty(0, np.int64), np.empty(0), 5.0, 10, 0).tolist() == []
