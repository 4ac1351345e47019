from datetime import timedelta

import numpy as np

from features.domain.identifiers import AssetId
from features.domain.labels import Label
from features.domain.time import EPOCH
from pipelines.onboard.states.stretches import (
    AssetRows,
    Stretch,
    feature_groups,
    fit_state_specification,
    state_pack,
    stretch_vectors,
    stretches_of,
)
from tests.pipelines.building.machines import MINE
from tests.pipelines.onboard.machines import PACK, fleet


def label(start: float, end: float, value: str = "worn") -> Label:
    at = [EPOCH + timedelta(seconds=each) for each in (start, end)]
    return Label(MINE, AssetId("mill"), at[0], at[1], "tool", value)


def rows(cycle: list[float] | None, count: int = 12) -> AssetRows:
    time_us = np.arange(count, dtype=np.int64) * 1_000_000
    return AssetRows("mill", time_us, np.zeros((count, 2)), None if cycle is None else np.array(cycle))


def spans(stretches: list[Stretch]) -> list[tuple[int, int, str | None]]:
    return [(int(s.time_us[0]) // 1_000_000, s.last_us // 1_000_000, s.value) for s in stretches]


def test_every_cycle_is_a_stretch_with_the_label_that_covers_half_of_it() -> None:
    cycles = [1.0] * 4 + [2.0] * 4 + [3.0] * 4
    found = stretches_of(rows(cycles), [label(0, 4), label(6.0, 7.0, "sound"), label(8, 10, "sound")])
    assert spans(found) == [(0, 3, "worn"), (4, 7, None), (8, 11, "sound")]


def test_number_that_comes_back_is_another_cycle_and_gaps_hold_the_last_one() -> None:
    cycles = [1.0, np.nan, 1.0, 2.0, 2.0, 2.0, 1.0, 1.0, np.nan, 1.0, 1.0, 1.0]
    assert spans(stretches_of(rows(cycles), [])) == [(0, 2, None), (3, 5, None), (6, 11, None)]


def test_without_cycles_labels_are_stretches_and_what_lies_between_is_cut_to_their_length() -> None:
    found = stretches_of(rows(None), [label(0, 4), label(4, 6, "sound")], 3_000_000)
    assert spans(found) == [(0, 3, "worn"), (4, 5, "sound"), (6, 8, None), (9, 11, None)]


def test_machine_without_labels_is_cut_to_the_length_of_labels_elsewhere() -> None:
    assert [s.value for s in stretches_of(rows(None), [], 4_000_000)] == [None] * 3


def test_machine_without_labels_anywhere_is_one_stretch() -> None:
    assert spans(stretches_of(rows(None), [])) == [(0, 11, None)]


def test_single_row_is_no_stretch() -> None:
    assert stretches_of(rows([1.0] * 11 + [2.0]), [])[-1].value is None
    assert len(stretches_of(rows([1.0] * 11 + [2.0]), [])) == 1


def test_features_of_a_stretch_are_its_own_and_know_no_clock() -> None:
    stretches = [Stretch(t.epoch.asset, t.time_us, t.rows.values, None) for t in fleet(3)]
    specification = fit_state_specification(state_pack(PACK), stretches)
    vectors = stretch_vectors(specification, stretches)
    assert vectors.shape == (5, len(specification.names))
    late = [Stretch(s.asset, s.time_us + 10**15, s.values, None) for s in stretches]
    assert np.array_equal(stretch_vectors(specification, late), vectors, equal_nan=True)
    groups = feature_groups(specification)
    assert all(specification.names.index("age") not in columns for columns in groups.values())
    assert len(groups["mean"]) == 1
    assert stretch_vectors(specification, []).shape == (0, len(specification.names))
