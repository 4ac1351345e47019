from dataclasses import replace

import numpy as np
import pytest

from experiments.bench.calibration import CalibrationLoad, holds, narrowed, tried
from experiments.bench.calibration_fleet import Fleet, judged_rows, tracks_of, training_rows
from features.packs.loader import load_pack
from models.calibration.coverage import Judged, coverage_table
from pipelines.building.build import fit_specification
from pipelines.simulate.settings import FleetSettings

SETTINGS = FleetSettings(pumps=5, days=260, seed=3, interval_minutes=360, with_defects=False)


def intervals(width: float, worse: float = 1.0, rows: int = 40_000) -> Judged:
    """Make intervals of normal errors, 1.645 deviations wide to either side, in two regimes."""
    generator = np.random.default_rng(0)
    middle, regime = generator.uniform(100.0, 200.0, rows), generator.integers(0, 2, rows)
    error = generator.normal(size=rows) * np.where(regime == 1, worse, 1.0)
    low, high = middle - 1.645 * width, middle + 1.645 * width
    return Judged(low, middle, high, middle + error, np.ones(rows, np.bool_), np.arange(rows), regime)


def test_intervals_that_hold_are_told_from_those_a_tenth_too_narrow() -> None:
    honest = intervals(1.0)
    assert holds(coverage_table(honest, 1e9))
    assert not holds(coverage_table(narrowed(honest), 1e9))


def test_one_regime_in_which_they_do_not_hold_is_enough() -> None:
    table = coverage_table(intervals(1.0, worse=1.15), 1e9)
    assert not holds(table)


def test_regime_too_small_to_tell_anything_does_not_decide() -> None:
    table = coverage_table(intervals(1.0), 1e9)
    vague = [replace(row, coverage=0.8, deviation=0.03) if row.group == "regime 1" else row for row in table]
    assert holds(vague)
    assert not holds([replace(row, deviation=0.005) for row in vague])


@pytest.mark.slow  # simulates ten machines
def test_judged_machines_have_a_known_end_and_those_trained_on_have_what_their_maker_knows() -> None:
    pack = load_pack("pump")
    known, field = Fleet(SETTINGS, replaces=False), Fleet(SETTINGS, replaces=True)
    tracks = [track for record in field.records() for track in tracks_of(field, record, pack)]
    specification = fit_specification(pack, tracks)
    told = training_rows(specification, tracks, lambda _done, _all: None)
    assert not told.is_known_within(pack.grid.cap).all(), "the last lives go on"
    rows = judged_rows(specification, known, pack, lambda _done, _all: None)
    assert len(rows) > 100
    assert rows.is_known_within(pack.grid.cap).all()


def test_one_of_the_products_candidates_is_trained() -> None:
    (only,) = tried(CalibrationLoad(400, 600, 420, seed=3, epochs=5))
    assert (only.hidden, only.seed, only.epochs) == ((32,), 3, 5)
