from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.cmapss.protocol import (
    FOLDS,
    Judged,
    check_enough,
    drawn_cycles,
    fold_of,
    out_of_fold,
)
from experiments.cmapss.protocol import (
    test_forecasts as forecast_tests,
)
from experiments.cmapss.reader import Engine, Subset, read_subset
from experiments.errors import DataSetUnusable
from tests.experiments.cmapss.drawing_board import DrawingBoard
from tests.experiments.cmapss.nasa_files import write_subset


@pytest.fixture(scope="module")
def subset(tmp_path_factory: pytest.TempPathFactory) -> Subset:
    folder: Path = tmp_path_factory.mktemp("cmapss")
    write_subset(folder, "FD001", training=16, tests=5)
    return read_subset(folder, "FD001")


def cut(engine: Engine, cycles: int) -> Engine:
    return Engine(engine.unit, engine.cycle[:cycles], engine.values[:cycles])


def handed(laboratory: DrawingBoard) -> list[tuple[str, bytes]]:
    return [(track.epoch.asset, track.rows.values.tobytes()) for track in laboratory.handed[-1]]


def test_cycles_are_drawn_by_the_published_rule(subset: Subset) -> None:
    generator = np.random.default_rng(0)
    expected = [
        sorted(generator.choice(np.arange(20, len(engine.cycle) + 1), 10, replace=False)) for engine in subset.training
    ]
    assert [cycles.tolist() for cycles in drawn_cycles(subset.training)] == expected


@pytest.mark.parametrize(("length", "count"), [(19, 0), (20, 1), (28, 9), (29, 10), (30, 10)])
def test_engine_of_few_cycles_gives_all_from_cycle_20_on(subset: Subset, length: int, count: int) -> None:
    engines = [subset.training[0], cut(subset.training[1], length), subset.training[2]]
    cycles = drawn_cycles(engines)
    assert [len(each) for each in cycles] == [10, count, 10]
    assert set(cycles[1].tolist()) <= set(range(20, length + 1))


def test_each_engine_is_judged_once_by_what_never_saw_it(subset: Subset) -> None:
    laboratory = DrawingBoard()
    parts = [out_of_fold(laboratory, subset.training, fold) for fold in range(FOLDS)]
    for part, tracks in zip(parts, laboratory.handed, strict=True):
        seen = {int(track.epoch.asset.rsplit("-")[-1]) for track in tracks}
        assert seen.isdisjoint(part.forecasts.unit.tolist())
        assert len(seen) + len(set(part.forecasts.unit.tolist())) == 16
        assert all(track.epoch.is_failure for track in tracks)
    units, counts = np.unique(Judged.join(parts).forecasts.unit, return_counts=True)
    assert units.tolist() == list(range(1, 17))
    assert set(counts.tolist()) == {10}
    assert laboratory.baseline_folds == [1] * FOLDS


def test_truth_is_what_the_record_had_left(subset: Subset) -> None:
    part = out_of_fold(DrawingBoard(), subset.training, 0)
    for engine, cycles in zip(subset.training, drawn_cycles(subset.training), strict=True):
        if engine.unit in part.forecasts.unit:
            rows = part.forecasts.unit == engine.unit
            assert part.truth[rows].tolist() == (len(engine.cycle) - cycles).tolist()


def _other_values(engine: Engine) -> Engine:
    return replace(engine, values=engine.values * 1.01)


def _another_end(engine: Engine) -> Engine:
    return cut(engine, len(engine.cycle) - 13)


@pytest.mark.parametrize("change", [_other_values, _another_end])
def test_nothing_of_the_fold_reaches_what_is_learnt_for_it(subset: Subset, change: Callable[[Engine], Engine]) -> None:
    fold, as_it_is, changed = 2, DrawingBoard(), DrawingBoard()
    is_judged = fold_of(subset.training) == fold
    engines = [change(each) if judged else each for each, judged in zip(subset.training, is_judged, strict=True)]
    out_of_fold(as_it_is, subset.training, fold)
    out_of_fold(changed, engines, fold)
    assert handed(as_it_is) == handed(changed)
    assert as_it_is.specifications == changed.specifications
    assert as_it_is.judged[0].shape == changed.judged[0].shape
    assert not np.array_equal(as_it_is.judged[0], changed.judged[0])


def test_forecast_does_not_know_what_the_engine_did_later(subset: Subset) -> None:
    fold, as_it_is, changed = 1, DrawingBoard(), DrawingBoard()
    last_drawn = [cycles[-1] for cycles in drawn_cycles(subset.training)]
    later = [
        np.where((engine.cycle > last)[:, None], -1.0, engine.values)
        for engine, last in zip(subset.training, last_drawn, strict=True)
    ]
    is_judged = fold_of(subset.training) == fold
    engines = [
        replace(each, values=values) if judged else each
        for each, values, judged in zip(subset.training, later, is_judged, strict=True)
    ]
    expected = out_of_fold(as_it_is, subset.training, fold)
    found = out_of_fold(changed, engines, fold)
    np.testing.assert_array_equal(as_it_is.judged[0], changed.judged[0])
    np.testing.assert_array_equal(expected.forecasts.estimate.mean, found.forecasts.estimate.mean)


def test_test_engines_are_judged_at_their_last_cycle_by_what_saw_every_training_engine(subset: Subset) -> None:
    laboratory = DrawingBoard()
    forecasts = forecast_tests(laboratory, subset.training, subset.tests, with_baseline=True)
    assert forecasts.unit.tolist() == [1, 2, 3, 4, 5]
    assert len(laboratory.handed[0]) == 16
    assert laboratory.judged[0][:, 0].tolist() == [engine.cycle[-1] for engine in subset.tests]  # the feature "age"
    assert laboratory.baseline_folds == [FOLDS]


def test_where_nobody_asks_the_baseline_is_not_fitted_and_the_network_says_the_same(subset: Subset) -> None:
    laboratory = DrawingBoard()
    without = forecast_tests(laboratory, subset.training, subset.tests, with_baseline=False)
    beside = forecast_tests(DrawingBoard(), subset.training, subset.tests, with_baseline=True)
    assert laboratory.baseline_folds == [0]
    np.testing.assert_array_equal(without.estimate.mean, beside.estimate.mean)


def test_score_of_a_test_engine_does_not_depend_on_the_others(subset: Subset) -> None:
    together = forecast_tests(DrawingBoard(), subset.training, subset.tests, with_baseline=True)
    alone = forecast_tests(DrawingBoard(), subset.training, subset.tests[3:4], with_baseline=True)
    assert alone.estimate.mean[0] == pytest.approx(together.estimate.mean[3], rel=1e-9)


def test_too_few_engines_are_told_before_any_work(subset: Subset) -> None:
    check_enough(subset.training)
    short = [cut(engine, 19) for engine in subset.training[:2]]
    with pytest.raises(DataSetUnusable, match="at least 15 engines of 20 cycles or more; found 14"):
        check_enough([*short, *subset.training[2:]])
