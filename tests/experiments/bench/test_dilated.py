from pathlib import Path

import numpy as np
import pytest

from experiments.bench.dilated import Errors, Told, measure_dilated, told_of
from experiments.bench.dilated_lives import Machines, cmapss_machines, labelled_readings, pump_machines, recorded_after
from experiments.cmapss.protocol import drawn_cycles
from experiments.cmapss.reader import read_engines
from features.domain.packs import LifeGrid
from features.transforms.scores import life_scores
from models.prognosis.metrics import root_mean_square
from models.prognosis.targets import LabelledVectors
from models.prognosis.training import candidates
from pipelines.building.build import fit_specification
from pipelines.simulate.settings import FleetSettings
from tests.experiments.cmapss.nasa_files import write_subset


@pytest.fixture
def engines(tmp_path: Path) -> Machines:
    write_subset(tmp_path, "FD001", training=16, tests=1)
    return cmapss_machines(tmp_path, "FD001")


def test_every_row_stands_at_the_reading_of_its_own_cycle(engines: Machines) -> None:
    specification = fit_specification(engines.pack, engines.tracks)
    found = labelled_readings(specification, engines.tracks)
    rows, readings = found.rows, found.readings
    assert found.machines == tuple(f"engine-{number:03d}" for number in range(1, 17))
    assert len(rows) == sum(len(track.time_us) for track in engines.tracks)
    np.testing.assert_array_equal(readings.place, rows.age - 1)
    for life, track in enumerate(engines.tracks):
        own = life_scores(specification, track.rows)
        np.testing.assert_allclose(readings.scores[life, : len(own)], own, rtol=1e-6)
        assert np.isnan(readings.scores[life, len(own) :]).all()


def test_engines_are_judged_at_the_cycles_of_the_protocol(engines: Machines, tmp_path: Path) -> None:
    specification = fit_specification(engines.pack, engines.tracks)
    part = engines.tracks[3:7]
    found = labelled_readings(specification, part)
    drawn = found.rows.take(engines.draw(found.rows, found.machines))
    wanted = drawn_cycles(read_engines(tmp_path / "train_FD001.txt"))[3:7]
    assert [sorted(drawn.age[drawn.machine == index]) for index in range(4)] == [sorted(each) for each in wanted]


@pytest.mark.slow  # simulates five machines
def test_rows_of_pumps_stand_at_a_running_reading_no_younger_than_themselves() -> None:
    settings = FleetSettings(pumps=5, days=260, seed=3, interval_minutes=360, with_defects=False)
    pumps = pump_machines(settings, lambda _done, _all: None)
    specification = fit_specification(pumps.pack, pumps.tracks)
    found = labelled_readings(specification, pumps.tracks)
    rows, readings = found.rows, found.readings
    assert (readings.place >= 0).all()
    assert not np.isnan(readings.scores[readings.life, readings.place]).all(axis=1).any()
    assert rows.take(pumps.draw(rows, [])).is_known_within(pumps.pack.grid.cap).all()


def test_record_after_a_row_goes_on_through_the_later_lives_of_its_machine() -> None:
    machine, life = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2])
    age, remaining = np.array([10.0, 60.0, 5.0, 20.0]), np.array([90.0, 40.0, 45.0, 30.0])
    vectors, ended = np.zeros((4, 1), np.float32), np.array([True, True, False, False])
    rows = LabelledVectors(vectors, remaining, ended, machine, life, age, np.zeros(4, np.int64))
    assert recorded_after(rows).tolist() == [140.0, 90.0, 45.0, 30.0]


def errors(better_by: float) -> Errors:
    generator = np.random.default_rng(0)
    machine, error = np.repeat(np.arange(30), 10), generator.normal(0.0, 10.0, 300)
    present, dilated = (Told(factor * error, np.abs(factor * error)) for factor in (1.0, 1.0 - better_by))
    return Errors(machine, present, dilated, (("all_32", 1.0, 1.0),) * 5)


@pytest.mark.parametrize(("better_by", "helps"), [(0.2, True), (0.0, False), (-0.2, False)])
def test_clear_gain_is_told_from_none_and_from_a_loss(better_by: float, helps: bool) -> None:
    found = errors(better_by)
    told = found.to_dict()
    assert told["helps"] is helps
    assert told["difference"] == pytest.approx(-better_by * root_mean_square(found.present.error))
    assert told["crps_difference"] == pytest.approx(-better_by * np.abs(found.present.error).mean())


def test_curve_that_is_sure_and_right_has_no_distance_and_one_that_is_sure_and_wrong_that_of_its_error() -> None:
    grid, remaining = LifeGrid(step=2.0, steps=5), np.array([7.0, 99.0])
    right = np.array([[1.0, 1.0, 1.0, 0.0, 0.0], [1.0] * 5])
    told = told_of(right, remaining, grid)
    assert told.distance.tolist() == [0.0, 0.0]
    wrong = told_of(np.array([[1.0, 0.0, 0.0, 0.0, 0.0], [0.0] * 5]), remaining, grid)
    assert wrong.distance.tolist() == [4.0, 10.0]
    assert (told.error[1], wrong.error[1]) == (0.0, pytest.approx(-9.0))


@pytest.mark.slow  # trains ten small ensembles
def test_every_engine_is_judged_once_by_networks_that_never_saw_it(engines: Machines) -> None:
    told: list[tuple[int, int]] = []
    found = measure_dilated(engines, candidates(epochs=1), lambda done, every: told.append((done, every)))
    assert np.bincount(found.machine).tolist() == [10] * 16
    assert np.isfinite([each.error for each in (found.present, found.dilated)]).all()
    assert told == [(done, 10) for done in range(1, 11)]
    assert [label for label, *_ in found.blind] == ["wear_128x64"] * 5
