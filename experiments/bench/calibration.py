"""Do intervals and probabilities hold? A fleet whose truth is known, the product's trainer, and a planted bug."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from experiments.bench.calibration_fleet import Fleet, judged_rows, tracks_of, training_rows
from features.domain.packs import Pack
from features.packs.loader import load_pack
from features.transforms.intervals import bounds
from features.transforms.survival import failure_probability
from models.calibration.coverage import CoverageRow, Judged, coverage_table
from models.calibration.reliability import calibration_error
from models.prognosis.targets import LabelledVectors
from pipelines.building.build import fit_specification
from pipelines.progress import Stages
from pipelines.simulate.settings import FleetSettings
from pipelines.train.intervals import draw_rows, level_rule
from pipelines.train.trainer import RayRun, TrainedPrognosis, train_prognosis

if TYPE_CHECKING:
    from models.prognosis.training import TrainingSettings

PACK, NOMINAL = "pump", 0.9
COVERAGE_DISTANCE, CALIBRATION_ERROR = 0.02, 0.05
TELLING_DEVIATION = 0.01
"""A group whose coverage is known less exactly than this cannot be told from one within two points."""
_NARROWER = 0.9
_SPECIFICATION_PUMPS = 48


@dataclass(frozen=True, slots=True)
class CalibrationLoad:
    """How large a fleet to train on and to judge by.

    Attributes:
        training: Machines to train and calibrate on; their lives are cut off and replaced in time as in the field.
        judged: Machines to judge by, of another seed, whose remaining life is known.
        days: Length of the record of each.
        seed: Of both fleets and of the training.
        epochs: Passes over the rows.
        workers: Ray Train workers.
    """

    training: int = 400
    judged: int = 600
    days: int = 420
    seed: int = 0
    epochs: int = 8
    workers: int = 2


def measure_calibration(load: CalibrationLoad, stages: Stages) -> dict[str, object]:
    """Train on one fleet, judge on another, and see that intervals a tenth too narrow are caught.

    Returns:
        Coverage by group with its deviation, calibration error by horizon, and whether the bars are kept.
    """
    pack = load_pack(PACK)
    fleet = Fleet(FleetSettings(pumps=load.training, days=load.days, seed=load.seed, with_defects=False), replaces=True)
    with stages.stage(f"simulating {load.training} machines to train on") as tell:
        tracks = [track for record in fleet.records(tell) for track in tracks_of(fleet, record, pack)]
    with stages.stage("features") as tell:
        first = [each for each in tracks if _number(each.epoch.asset) < _SPECIFICATION_PUMPS]
        specification = fit_specification(pack, first)
        rows = training_rows(specification, tracks, tell)
        del tracks
    with stages.stage("training and calibration"):
        trained = _train(pack, rows, len(specification.regimes.centers), load)
    others = Fleet(replace(fleet.settings, pumps=load.judged, seed=load.seed + 1_000), replaces=False)
    with stages.stage(f"simulating and labelling {load.judged} machines to judge by") as tell:
        unseen = judged_rows(specification, others, pack, tell)
    with stages.stage("judging"):
        return {"training_rows": len(rows), "judged_rows": len(unseen), **_judge(pack, trained, unseen)}


def holds(table: Sequence[CoverageRow]) -> bool:
    """Say whether coverage is within two points of nominal in all and in every regime of which that can be told."""
    telling = [row for row in table if row.group == "all" or _is_telling(row)]
    return all(abs(row.coverage - NOMINAL) <= COVERAGE_DISTANCE for row in telling)


def narrowed(judged: Judged) -> Judged:
    """Return the same intervals a tenth too narrow about their medians: the planted bug."""
    low, high = (judged.median + _NARROWER * (each - judged.median) for each in (judged.low, judged.high))
    return replace(judged, low=low, high=high)


def _train(pack: Pack, rows: LabelledVectors, regimes: int, load: CalibrationLoad) -> TrainedPrognosis:
    from pipelines.train.cluster import ray_cluster  # lazy: ray takes seconds to import

    with TemporaryDirectory() as folder, ray_cluster(load.workers):
        run, rule = RayRun(Path(folder), load.workers), level_rule(pack, regimes)
        return train_prognosis(rows, pack.grid, pack.features.baseline, tried(load), run, rule)


def tried(load: CalibrationLoad) -> "Sequence[TrainingSettings]":
    """Return the narrow network alone: the one that trainings of this fleet keep, at half of the time."""
    from models.prognosis.training import Inputs, candidates  # lazy: torch

    return [each for each in candidates(load.seed, load.epochs) if each.inputs is not Inputs.WEAR]


def _judge(pack: Pack, trained: TrainedPrognosis, unseen: LabelledVectors) -> dict[str, object]:
    from models.prognosis.network import survival_of  # lazy: torch

    parts = np.array_split(unseen.vectors, max(1, len(unseen) // 50_000))
    curves = np.concatenate([survival_of(trained.ensemble, part).mean(axis=0) for part in parts]).astype(np.float64)
    probability = failure_probability(curves, pack.grid.step, np.asarray(pack.horizons))
    errors = {
        f"{horizon:g}": calibration_error(probability[:, index], unseen.is_failure & (unseen.remaining <= horizon))
        for index, horizon in enumerate(pack.horizons)
    }
    judged = _intervals(pack, trained, unseen, curves)
    table, spoilt = (
        coverage_table(each, pack.grid.cap, trained.intervals.table.stage_edges) for each in (judged, narrowed(judged))
    )
    return {
        "coverage": [each.to_dict() for each in table],
        "regimes": _verdicts(table),
        "coverage_holds": holds(table),
        "calibration_error": errors,
        "calibration_holds": max(errors.values()) <= CALIBRATION_ERROR,
        "planted": {"width": _NARROWER, "coverage": spoilt[0].coverage, "caught": not holds(spoilt)},
        "levels": trained.intervals.to_rows(),
    }


def _intervals(pack: Pack, trained: TrainedPrognosis, unseen: LabelledVectors, curves: NDArray[np.float64]) -> Judged:
    drawn = draw_rows(unseen, pack.features.baseline, pack.grid.cap, seed=0).index
    part = unseen.take(drawn)
    low, median, high = bounds(curves[drawn], pack.grid.step, trained.intervals.table, part.regime)
    return Judged(low, median, high, part.remaining, part.is_failure, part.life_id, part.regime)


def _is_telling(row: CoverageRow) -> bool:
    return row.group.startswith("regime") and row.deviation <= TELLING_DEVIATION


def _verdicts(table: Sequence[CoverageRow]) -> dict[str, dict[str, object]]:
    return {
        row.group: {
            "coverage": row.coverage,
            "deviation": row.deviation,
            "can_be_told": _is_telling(row),
            "within_two_points": abs(row.coverage - NOMINAL) <= COVERAGE_DISTANCE,
        }
        for row in table
        if row.group.startswith("regime")
    }


def _number(asset: str) -> int:
    return int(asset.split("-")[1]) - 1
