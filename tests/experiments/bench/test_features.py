import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from experiments.bench.command import app
from experiments.bench.errors import OutputsDiffer
from experiments.bench.features_fleet import Fleet, fleet_lives, frame_of, sensor_names, specification_of_peers
from experiments.bench.features_peers import (
    compare_pandas,
    compare_tsfresh,
    pandas_statistics,
    tsfresh_statistics,
)
from features.transforms.batch import LifeFeatures, compute

FLEET = Fleet(assets=3, rows=12, signals=2)
SPECIFICATION = specification_of_peers(FLEET.signals)
LIVES = fleet_lives(FLEET, SPECIFICATION)
TABLE = frame_of(LIVES, sensor_names(FLEET.signals))


def changed(computed: list[LifeFeatures], name: str, by: float) -> list[LifeFeatures]:
    """Return the features with one value of one statistic of one asset off by a little."""
    vectors = computed[1].vectors.copy()
    vectors[7, SPECIFICATION.names.index(name)] += np.float32(by)
    return [computed[0], replace(computed[1], vectors=vectors), *computed[2:]]


def shifted(computed: list[LifeFeatures]) -> list[LifeFeatures]:
    """Return the features late by one row."""
    return [replace(each, vectors=np.concatenate([each.vectors[:1], each.vectors[:-1]])) for each in computed]


def test_peers_find_the_same() -> None:
    computed = compute(SPECIFICATION, LIVES)
    compare_pandas(computed, SPECIFICATION.names, pandas_statistics(TABLE))
    compare_tsfresh(computed, SPECIFICATION.names, tsfresh_statistics(TABLE))


@pytest.mark.parametrize("statistic", ["life_mean", "life_spread", "mean_24", "spread_120", "shift_480"])
def test_a_statistic_that_is_off_is_not_timed(statistic: str) -> None:
    wrong = changed(compute(SPECIFICATION, LIVES), f"s1__{statistic}", 1e-4)
    with pytest.raises(OutputsDiffer, match=f"s1__{statistic}"):
        compare_pandas(wrong, SPECIFICATION.names, pandas_statistics(TABLE))


@pytest.mark.parametrize("statistic", ["life_mean", "life_min", "life_max", "life_spread"])
def test_a_statistic_that_tsfresh_finds_otherwise_is_not_timed(statistic: str) -> None:
    wrong = changed(compute(SPECIFICATION, LIVES), f"s0__{statistic}", 1e-4)
    with pytest.raises(OutputsDiffer, match=f"s0__{statistic}"):
        compare_tsfresh(wrong, SPECIFICATION.names, tsfresh_statistics(TABLE))


def test_features_late_by_one_row_are_not_timed() -> None:
    late = shifted(compute(SPECIFICATION, LIVES))
    with pytest.raises(OutputsDiffer):
        compare_pandas(late, SPECIFICATION.names, pandas_statistics(TABLE))
    with pytest.raises(OutputsDiffer):
        compare_tsfresh(late, SPECIFICATION.names, tsfresh_statistics(TABLE))


@pytest.mark.slow
def test_command_prints_one_object_with_every_figure() -> None:
    sizes = ["--assets", "3", "--rows", "10", "--signals", "1", "--rolled-rows", "5", "--rolled-assets", "2"]
    result = CliRunner().invoke(app, ["features", *sizes, "--runs", "1", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["equal_outputs"] is True
    assert all(told[name] > 0 for name in ("pandas_ratio", "tsfresh_ratio", "tsfresh_once_ratio"))
    assert set(told["readings_per_second"]) == {"batch", "streaming", "streaming_alone", "shared_statistics"}
    assert len(set(told["growth"]["state_bytes_per_asset_by_rows"].values())) == 1
