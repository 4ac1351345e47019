"""Bundles of two small models of a fan, and machines that neither has seen."""

from pathlib import Path

import numpy as np

from edge_export.bundle.calibration import Calibration
from edge_export.export import export_bundle
from edge_export.watching import export_watching
from features.domain.packs import Pack
from features.transforms.batch import compute
from features.transforms.intervals import IntervalTable
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from tests.edge_export.fan_condition import CONDITION_TABLE
from tests.edge_export.machine import TinyHazard
from tests.pipelines.building.machines import fan, track

PACK = fan()


def machines(count: int, first: int = 0) -> list[LifeTrack]:
    """Make machines that differ in how long they live."""
    return [track(PACK, f"fan-{first + index}", 60 + 9 * index, seed=first) for index in range(count)]


def put_bundle(folder: Path, version: str, seed: int, pack: Pack = PACK) -> Path:
    """Export a model whose features were fitted on machines of this seed."""
    specification = fit_specification(pack, machines(4, first=100 * seed))
    life = compute(specification, [machines(1, first=900)[0].rows])[0]
    vectors = life.vectors[life.regime >= 0][-8:]
    model = TinyHazard(len(specification.names), pack.grid.steps, seed)
    calibration, card = Calibration.of(pack, IntervalTable.of_half_level(0.42)), "# Fan\n"
    place = folder / f"fan-{version}"
    export_bundle(
        place,
        model,
        specification,
        calibration,
        np.asarray(vectors, np.float32),
        name="fan_prognosis",
        version=version,
        card_markdown=card,
    )
    return place


def put_watching(folder: Path, version: str) -> Path:
    """Export a bundle that makes no forecasts, and tells whether fans are as usual."""
    tracks, place = machines(4), folder / f"watching-{version}"
    export_watching(
        place,
        PACK,
        fit_specification(PACK, tracks),
        CONDITION_TABLE,
        name="fan_prognosis",
        version=version,
        card_markdown="# Fan, watched\n",
        readings=tracks[0].rows,
    )
    return place
