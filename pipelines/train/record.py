"""What a training leaves in MLflow: parameters, tags, the identity of its data, figures, pictures and weights."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.store.names import view_name
from features.transforms.survival import failure_probability, mean_life
from models.calibration.coverage import CoverageRow
from models.registry.tracking import DataIdentity, Tracking
from pipelines.condition.learning import LearntCondition
from pipelines.condition.telling import DOCUMENT as DOCUMENT_OF_CONDITION
from pipelines.condition.telling import condition_json_text, condition_metrics
from pipelines.train.cluster import CHECKOUT
from pipelines.train.coverage_report import DOCUMENT, TABLE, coverage_document, coverage_markdown, coverage_metrics
from pipelines.train.data import PreparedData
from pipelines.train.evaluation import Evaluation, Examination, Survival
from pipelines.train.identity import code_revision, revision_tags
from pipelines.train.modes import DOCUMENT as DOCUMENT_OF_MODES
from pipelines.train.modes import JudgedModes
from pipelines.train.pictures import calibration_picture, life_picture
from pipelines.train.stories import life_stories, story_picture

if TYPE_CHECKING:
    from models.prognosis.training import TrainingSettings
    from pipelines.train.trainer import TrainedPrognosis

DATA_TAG, FEATURES_TAG, WEIGHTS, SPLIT = "data.sha256", "feature_sha256", "weights.npz", "split.json"


def run_tags(data: PreparedData) -> dict[str, str]:
    """Return the tags of a run: pack, tenant, Feast's own names, and the identity of features, data and code."""
    from features.store.definitions import service_name  # lazy: feast

    specification = data.features.specification
    return {
        "pack": f"{data.pack.id} {data.pack.version}",
        "tenant": data.tenant,
        "feast.project": "millwright",
        "feast.feature_service": service_name(specification),
        "feast.feature_refs": view_name(specification),
        FEATURES_TAG: specification.sha256,
        DATA_TAG: data.digest,
        **revision_tags(code_revision(CHECKOUT)),
    }


def run_parameters(
    data: PreparedData, candidates: "Sequence[TrainingSettings]", held_out_share: float
) -> dict[str, object]:
    """Return the parameters of a run: settings of every candidate, the seed, the grid, and how machines were split."""
    grid, first = data.pack.grid, candidates[0]
    return {
        **{
            f"{index}.{each.label}.{name}": value
            for index, each in enumerate(candidates)
            for name, value in asdict(each).items()
        },
        "seed": first.seed,
        "held_out_share": held_out_share,
        "split_protocol": f"by machine: held out by hash of pack and name; {first.folds} folds of the others by seed",
        "grid_step": grid.step,
        "grid_steps": grid.steps,
        "horizons": ", ".join(f"{horizon:g}" for horizon in data.pack.horizons),
    }


@dataclass(frozen=True, slots=True)
class Judgement:
    """A trained model with its figures on unseen machines.

    Attributes:
        survival: The model as a function.
        curves: What it says of the rows of the examination. Shape (batch, time).
        model: Its figures.
        baseline: Those of the fixed LightGBM beside it.
        coverage: How often the model's intervals held, by group.
        modes: Failure modes told apart, or why they are not.
        condition: What state detection goes by, or why there is none.
    """

    examination: Examination
    survival: Survival
    curves: NDArray[np.float64]
    model: Evaluation
    baseline: Evaluation
    coverage: Sequence[CoverageRow]
    modes: JudgedModes
    condition: LearntCondition


def record(
    tracking: Tracking, run_id: str, data: PreparedData, trained: "TrainedPrognosis", judgement: Judgement
) -> None:
    """Write figures, data, tables, weights and pictures of a training."""
    chosen = {"chosen": trained.settings.label, "best_epoch": trained.last_metrics["best_epoch"]}
    tracking.log_parameters(run_id, chosen)
    metrics = {f"test_{name}": value for name, value in judgement.model.to_dict().items()}
    metrics |= {f"baseline_{name}": value for name, value in judgement.baseline.to_dict().items()}
    tracking.log_metrics(run_id, {**metrics, "test_failures": judgement.examination.failures})
    tracking.log_metrics(run_id, judgement.modes.metrics())
    tracking.log_text(run_id, judgement.modes.to_json(), DOCUMENT_OF_MODES)
    tracking.log_metrics(run_id, condition_metrics(judgement.condition))
    tracking.log_text(run_id, condition_json_text(judgement.condition), DOCUMENT_OF_CONDITION)
    _record_data(tracking, run_id, data, judgement.examination)
    tracking.log_text(run_id, split_document(data, trained.fold), SPLIT)
    held, unit = judgement.coverage, data.pack.life.unit
    tracking.log_metrics(run_id, coverage_metrics(held))
    tracking.log_text(run_id, coverage_document(held, trained.intervals), DOCUMENT)
    tracking.log_text(run_id, coverage_markdown(held, unit) + "\n", TABLE)
    weights = {name: value.numpy() for name, value in trained.ensemble.state_dict().items()}
    tracking.log_arrays(run_id, weights, WEIGHTS)
    _record_pictures(tracking, run_id, data, trained, judgement)


def split_document(data: PreparedData, fold: NDArray[np.int64]) -> str:
    """Return which machines were held out, which were trained on, and which of these stand in each fold, as JSON.

    Where machines were dealt more than once, there are `deals`, each with its folds, in the place of `folds`.

    Args:
        data: What was trained on.
        fold: Fold of each training row in each deal. Shape (batch, deal).
    """
    assets = {track.epoch.asset for track in data.tracks}
    deals: list[list[list[str]]] = [[[] for _ in range(int(fold.max()) + 1)] for _ in fold.T]
    for machine, first in zip(*np.unique(data.training.machine, return_index=True), strict=True):
        for folds, index in zip(deals, fold[first], strict=True):
            folds[int(index)].append(data.machines[int(machine)])
    split: dict[str, object] = {"held_out": sorted(data.unseen), "training": sorted(assets - data.unseen)}
    split |= {"folds": deals[0]} if len(deals) == 1 else {"deals": deals}
    return json.dumps(split, indent=2, ensure_ascii=False)


def _record_data(tracking: Tracking, run_id: str, data: PreparedData, examination: Examination) -> None:
    specification = data.features.specification
    name = f"{specification.view}_{specification.sha256[:12]}"
    source, width = f"feast://millwright/{name}", data.training.vectors.shape[1]
    tracking.log_data(run_id, DataIdentity(name, data.digest, source, len(data.training), width), "training")
    tracking.log_data(
        run_id, DataIdentity(f"{name}_held_out", data.digest, source, len(examination.rows), width), "testing"
    )
    tracking.log_text(run_id, specification.to_json(), "feature_specification.json")


def _record_pictures(
    tracking: Tracking, run_id: str, data: PreparedData, trained: "TrainedPrognosis", judgement: Judgement
) -> None:
    rows, grid, unit = judgement.examination.rows, data.pack.grid, data.pack.life.unit
    curves, horizons = judgement.curves, data.pack.horizons
    probability = failure_probability(curves, grid.step, np.asarray(horizons))
    calibration = calibration_picture(probability, rows.remaining, rows.is_failure, horizons, unit)
    tracking.log_picture(run_id, calibration, "calibration.png")
    failed = rows.is_failure
    against = life_picture(rows.remaining[failed], mean_life(curves, grid.step)[failed], grid.cap, unit)
    tracking.log_picture(run_id, against, "predicted_against_true.png")
    stories = life_stories(data.features.specification, data, judgement.survival, trained.intervals.table)
    for number, story in enumerate(stories, start=1):
        name = f"lives/{number}_{_file_name(story.asset)}.png"
        tracking.log_picture(run_id, story_picture(story, grid.cap, unit), name)


def _file_name(asset: str) -> str:
    """Return an asset's name as a file's: other letters than these would be folders or worse."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in asset).strip(".")
