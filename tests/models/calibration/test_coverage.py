from dataclasses import replace

import numpy as np
import pytest

from models.calibration.coverage import CoverageRow, Judged, coverage_table, stage_names

CAP = 100.0


def judged(rows: int = 400, seed: int = 0) -> Judged:
    generator = np.random.default_rng(seed)
    middle = generator.uniform(5.0, 90.0, rows)
    return Judged(
        low=middle - 10.0,
        median=middle,
        high=middle + 10.0,
        remaining=np.maximum(middle + generator.normal(0.0, 8.0, rows), 0.0),
        is_failure=np.ones(rows, np.bool_),
        unit=np.arange(rows) // 4,
        regime=generator.integers(0, 3, rows),
    )


def named(table: list[CoverageRow]) -> dict[str, CoverageRow]:
    return {row.group: row for row in table}


def test_groups_are_all_regimes_stages_and_the_end_of_life() -> None:
    rows = judged()
    table = named(coverage_table(rows, CAP, (20.0, 60.0)))
    assert list(table) == [
        "all", "regime 0", "regime 1", "regime 2", "stage [0, 20)", "stage [20, 60)", "stage 60 and more", "last 30",
    ]  # fmt: skip
    held = (rows.low <= rows.remaining) & (rows.remaining <= rows.high)
    assert table["all"].coverage == pytest.approx(held.mean())
    assert table["all"].count == 400
    assert table["all"].units == 100
    assert table["all"].width == pytest.approx(20.0)
    for index in range(3):
        assert table[f"regime {index}"].coverage == pytest.approx(held[rows.regime == index].mean())
    assert table["stage [20, 60)"].count == ((rows.median >= 20) & (rows.median < 60)).sum()
    assert table["last 30"].coverage == pytest.approx(held[rows.remaining <= 30].mean())


def test_life_beyond_the_cap_is_held_by_an_interval_that_reaches_it() -> None:
    one = np.ones(1)
    rows = Judged(60 * one, 90 * one, CAP * one, 500 * one, np.zeros(1, np.bool_), np.zeros(1, np.int64))
    assert coverage_table(rows, CAP)[0].coverage == 1.0
    assert coverage_table(replace(rows, high=99 * one), CAP)[0].coverage == 0.0


def test_hidden_lives_are_counted_apart_and_bound_the_coverage() -> None:
    # known and held; hidden and sure to have left; hidden and may have stayed
    rows = Judged(
        low=np.full(3, 10.0),
        median=np.full(3, 20.0),
        high=np.full(3, 30.0),
        remaining=np.array([20.0, 40.0, 5.0]),
        is_failure=np.array([True, False, False]),
        unit=np.arange(3),
    )
    row = coverage_table(rows, CAP)[0]
    assert (row.count, row.hidden, row.units) == (1, 2, 1)
    assert row.coverage == 1.0
    assert [row.least, row.most] == pytest.approx([1 / 3, 2 / 3])


def test_hidden_life_whose_interval_reaches_the_cap_has_surely_stayed_if_it_passed_the_lower_bound() -> None:
    ones = np.ones(2)
    rows = Judged(10 * ones, 50 * ones, CAP * ones, np.array([20.0, 5.0]), np.zeros(2, np.bool_), np.arange(2))
    row = coverage_table(rows, CAP)[0]
    assert (row.least, row.most) == (0.5, 1.0)
    assert np.isnan(row.coverage)
    assert row.to_dict()["coverage"] is None


def test_weights_stand_for_hidden_rows() -> None:
    rows = judged(40)
    weight = np.where(rows.remaining > rows.high, 3.0, 1.0)
    held = (rows.low <= rows.remaining) & (rows.remaining <= rows.high)
    table = coverage_table(replace(rows, weight=weight), CAP)
    assert table[0].coverage == pytest.approx(np.average(held, weights=weight))


def test_deviation_is_that_of_whole_lives() -> None:
    """Against 300 fleets: rows of one life hold or miss together, so four rows tell no more than one."""
    generator = np.random.default_rng(5)
    shares, told = [], []
    for _ in range(300):
        held = np.repeat(generator.random(50) < 0.9, 4)
        rows = judged(200)
        rows = replace(rows, remaining=np.where(held, rows.median, rows.high + 1.0), regime=None)
        row = coverage_table(rows, 1000.0)[0]
        shares.append(row.coverage)
        told.append(row.deviation)
    assert np.mean(told) == pytest.approx(np.std(shares), rel=0.12)


def test_stages_are_named_by_their_bounds() -> None:
    assert stage_names([]) == ["0 and more"]
