from dataclasses import replace

import numpy as np
import pytest
import torch

from features.domain.packs import LifeGrid
from features.transforms.survival import quantile
from models.prognosis.curves import curves_of
from models.prognosis.life_stage import LifeStageSurvival, choose_columns, fit_life_stage, wear_columns
from models.prognosis.targets import LabelledVectors
from tests.edge_export.machine import SPECIFICATION
from tests.models.prognosis.toys import GRID, toy_rows


def weibull_rows(shape: float, scale: float, machines: int, seed: int = 0, censored: float = 0.0) -> LabelledVectors:
    """Make lives of a known Weibull law, with age as the first feature and noise as the second."""
    generator = np.random.default_rng(seed)
    length = scale * generator.weibull(shape, machines)
    is_failure = generator.random(machines) >= censored
    length = np.where(is_failure, length, length * generator.random(machines))
    grid = [np.arange(0.0, each, 20.0) for each in length]
    machine = np.repeat(np.arange(machines), [len(each) for each in grid])
    age = np.concatenate(grid)
    vectors = np.stack([age, generator.standard_normal(len(age))], axis=1).astype(np.float32)
    return LabelledVectors(
        vectors, length[machine] - age, is_failure[machine], machine, machine.copy(), age, 0 * machine
    )


def aged(rows: LabelledVectors) -> LabelledVectors:
    """Return toy rows with their age in the first feature, and the sign of wear in the second."""
    vectors = np.stack([rows.age, rows.vectors[:, 0]], axis=1).astype(np.float32)
    return replace(rows, vectors=vectors)


def test_many_lives_give_the_law_they_were_drawn_from() -> None:
    fit = fit_life_stage(weibull_rows(2.5, 100.0, 400), ())
    assert np.exp(fit.draws[:, 0].mean()) == pytest.approx(2.5, rel=0.12)
    assert np.exp(fit.draws[:, 1].mean()) == pytest.approx(100.0, rel=0.08)


def test_few_lives_give_a_wider_interval_than_many() -> None:
    grid, new = LifeGrid(5.0, 100), np.zeros((1, 2), np.float32)

    def width(machines: int) -> float:
        fit = fit_life_stage(weibull_rows(3.0, 100.0, machines, seed=1), ())
        curve = curves_of(LifeStageSurvival(fit, grid), new, grid.steps)
        return float((quantile(curve, grid.step, 0.95) - quantile(curve, grid.step, 0.05))[0])

    assert width(3) > 1.1 * width(300)


def test_censored_lives_lengthen_what_is_expected() -> None:
    failed = weibull_rows(2.0, 100.0, 6)
    mostly_alive = weibull_rows(2.0, 100.0, 6)
    still = mostly_alive.is_failure & (mostly_alive.machine < 2)
    mostly_alive = replace(mostly_alive, is_failure=still)
    assert fit_life_stage(mostly_alive, ()).draws[:, 1].mean() > fit_life_stage(failed, ()).draws[:, 1].mean()


def test_signs_are_kept_where_they_tell_and_dropped_where_they_do_not() -> None:
    telling = aged(toy_rows(machines=12, rows=8))
    assert choose_columns(telling, (1,), telling.machine) == (1,)
    noise = weibull_rows(3.0, 100.0, 8, seed=4)
    assert choose_columns(noise, (1,), noise.machine) == ()


def test_curve_falls_and_stays_finite_whatever_the_vector() -> None:
    network = LifeStageSurvival(fit_life_stage(aged(toy_rows(machines=6)), (1,)), GRID)
    rows = np.array([[np.nan, np.nan], [0, 0], [1e6, 1e6], [-1e6, -1e6], [30.0, 0.5]], np.float32)
    curves = network(torch.from_numpy(rows)).numpy()
    assert curves.dtype == np.float32
    assert np.isfinite(curves).all()
    assert (np.diff(curves, axis=1) <= 1e-6).all()
    assert ((curves >= 0) & (curves <= 1)).all()


def test_same_seed_gives_the_same_model() -> None:
    rows = weibull_rows(2.0, 80.0, 5)
    assert np.array_equal(fit_life_stage(rows, (1,), 3).draws, fit_life_stage(rows, (1,), 3).draws)


def test_no_failure_is_refused() -> None:
    rows = weibull_rows(2.0, 80.0, 5, censored=1.0)
    with pytest.raises(ValueError, match="found none"):
        fit_life_stage(rows, ())


def test_signs_are_the_changes_of_every_sensor_since_its_beginning() -> None:
    names = [SPECIFICATION.names[column] for column in wear_columns(SPECIFICATION)]
    assert names == ["vibration__rise_20", "temperature__rise_20"]
