"""Small fleets for the tests of this room: fans that wear, as folders and as lives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from features.domain.events import EventKind
from features.domain.identifiers import SignalId
from features.domain.packs import FailureThreshold, Pack, RegimeRule
from features.transforms.batch import LifeRows
from pipelines.building.tracks import LifeTrack
from pipelines.onboard.assessing import Brought
from tests.pipelines.building.machines import fan, track

PACK = replace(fan(), horizons=(24.0, 72.0))


PATH_PACK = replace(
    PACK, threshold=FailureThreshold(SignalId("vibration"), 4.0, is_below=False), regimes=RegimeRule((), 1.0, None, 0.0)
)
"""The same fans without regimes, which fail where their vibration reaches 4."""


def path_fleet(failures: int) -> list[LifeTrack]:
    """Return lives of fans with vibration alone."""
    return [replace(each, rows=LifeRows(each.rows.time, each.rows.values[:, 1:])) for each in fleet(failures, others=2)]


def fleet(failures: int, others: int = 2, pack: Pack = PACK) -> list[LifeTrack]:
    """Return lives of as many fans that failed, each at its own age, and others that go on."""
    lengths = 90 + 25 * (np.arange(failures) % 5)
    failed = [track(pack, f"fan-{index:02d}", int(hours), seed=index) for index, hours in enumerate(lengths)]
    running = [track(pack, f"fan-x{index}", 60 + 10 * index, end=None, seed=99 + index) for index in range(others)]
    return failed + running


def one_fan(lives: int, pack: Pack = PACK) -> list[LifeTrack]:
    """Return lives of a single fan, one after the other."""
    found, start = [], 0.0
    for number in range(lives):
        hours = 80 + 17 * (number % 3)
        found.append(track(pack, "fan-00", hours, EventKind.FAILURE, number=number, start=start, seed=number))
        start += hours + 3.0
    return found


def brought(tracks: list[LifeTrack], states: dict[str, dict[str, int]] | None = None) -> Brought:
    """Return lives as onboarding has them after ingest."""
    return Brought(tracks, {}, (), states or {})


def write_states_folder(folder: Path, cycles: int = 12, labelled: int = 9) -> None:
    """Write a machine whose duty cycles are hot or cold, most of them labelled."""
    generator = np.random.default_rng(0)
    rows, labels = [], []
    for cycle in range(cycles):
        is_hot = cycle % 2 == 0
        for row in range(30):
            level = (9.0 if is_hot else 3.0) + generator.standard_normal()
            rows.append(
                {"asset_id": "oven", "life": cycle + row / 100, "vibration": level, "batch_number": float(cycle)}
            )
        if cycle < labelled:
            value = "hot" if is_hot else "cold"
            labels.append(
                {"asset_id": "oven", "from": float(cycle), "to": cycle + 0.5, "target": "heat", "value": value}
            )
    pl.DataFrame(rows).write_csv(folder / "telemetry.csv")
    pl.DataFrame(labels).write_csv(folder / "labels.csv")
