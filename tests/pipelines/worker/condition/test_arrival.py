"""However readings arrive, late, shuffled, doubled or in portions, and whoever ends meanwhile: the same is said."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.domain.conditions import AssetCondition
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId
from features.records.events import EventRecords
from tests.pipelines.building.machines import MINE
from tests.pipelines.worker.condition.machines import Plant, at, drawn, machine

ROWS = 48
MACHINES = {
    "a": drawn(ROWS, 1, begin=38, warmth=9.0, vibration=9.0),
    "b": drawn(ROWS, 2, lag=0.3).gather([*range(20), *range(26, ROWS)]),  # it was silent for a while
    "c": drawn(ROWS, 3, lag=0.3, begin=38, current=-7.0, pressure=-7.0).gather([*range(20), *range(23, ROWS)]),
}
REPAIR = Event(MINE, AssetId("c"), at(40.1), EventKind.REPAIR)


def in_order(plant: Plant) -> dict[AssetId, AssetCondition]:
    for name, wide in MACHINES.items():
        plant.write(name, wide)
    EventRecords(plant.records).put_all([REPAIR])
    plant.look(plant.watch(), ROWS)
    return dict(plant.on_record())


def arrivals(seed: int) -> list[tuple[str, pl.DataFrame]]:
    """Return parts of the readings in some order of arrival; some come again."""
    rng = np.random.default_rng(seed)
    parts = []
    for name, wide in MACHINES.items():
        cuts = np.sort(rng.choice(np.arange(1, wide.height), 4, replace=False)).tolist()
        pieces = [wide.slice(begin, end - begin) for begin, end in zip([0, *cuts], [*cuts, wide.height], strict=True)]
        pieces.append(wide.filter(pl.Series(rng.random(wide.height) < 0.1)))
        parts += [(name, piece) for piece in pieces if piece.height]
    return [parts[place] for place in rng.permutation(len(parts))]


@pytest.fixture(scope="module")
def expected(empty_plant: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[AssetId, AssetCondition]:
    """What is said where everything is there at once."""
    folder = tmp_path_factory.mktemp("order") / "plant"
    shutil.copytree(empty_plant, folder)
    plant = Plant(folder, tuple(map(machine, "abc")))
    found = in_order(plant)
    plant.close()
    return found


def test_readings_of_the_property_tell_kinds_of_things_apart(expected: dict[AssetId, AssetCondition]) -> None:
    found = {asset: each.verdict.value for asset, each in expected.items()}
    assert found == {"a": "machine", "b": "normal", "c": "normal"}  # it was repaired
    assert expected[AssetId("a")].since < expected[AssetId("a")].at


@pytest.mark.parametrize("seed", range(2))
def test_order_of_arrival_and_new_beginnings_change_nothing(
    plant: Plant, seed: int, expected: dict[AssetId, AssetCondition]
) -> None:
    rng, watch = np.random.default_rng(seed), plant.watch()
    parts = arrivals(seed)
    repair_at = int(rng.integers(0, len(parts)))
    for place, (name, part) in enumerate(parts):
        plant.write(name, part)
        if place == repair_at:
            EventRecords(plant.records).put_all([REPAIR])
        if rng.random() < 0.25:
            plant.look(watch, ROWS)
        if rng.random() < 0.2:
            watch = plant.watch()
    plant.look(watch, ROWS)
    assert plant.on_record() == expected
