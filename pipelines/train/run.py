"""One training from stored telemetry to a decided promotion."""

import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.shelf import BundleShelf
from edge_export.runtime.runtime import Runtime
from features.domain.assets import Asset
from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.store.names import view_name
from features.telemetry.influx.server import InfluxServer
from features.transforms.survival import failure_probability, mean_life
from models.calibration.coverage import CoverageRow
from models.prognosis.baseline import fit_baseline
from models.prognosis.folds import machine_folds
from models.registry.registry import CHALLENGER, CHAMPION, HELD_OUT_SHARE, SHADOW, ModelRegistry
from models.registry.tracking import DataIdentity, Tracking
from pipelines.progress import Stages
from pipelines.quiet import hush_vendors
from pipelines.train.card import model_card
from pipelines.train.coverage_report import (
    DOCUMENT,
    TABLE,
    coverage_document,
    coverage_markdown,
    coverage_metrics,
)
from pipelines.train.data import PreparedData, prepare, read_tracks, unseen_rows
from pipelines.train.evaluation import Evaluation, Examination, Survival, constant_rate
from pipelines.train.gate import Decision, decide
from pipelines.train.intervals import level_rule
from pipelines.train.pictures import calibration_picture, life_picture
from pipelines.train.trainer import RayRun, TrainedPrognosis, train_prognosis

if TYPE_CHECKING:
    from models.prognosis.training import TrainingSettings

_SAMPLE_ROWS = 256


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """What to train, where.

    Attributes:
        candidates: Settings to try.
        held_out_share: Share of machines to judge by.
        workers: Ray Train workers.
        ray_address: A cluster, or None for this machine.
        server: The InfluxDB that holds the telemetry, or None for SQLite.
        features_url: The Redis that holds the newest features, or None for SQLite; may carry a password.
        shadow_hours: How long a model that is better than the champion runs in its shadow first; 0 for not at all.
        offline_url: Where offline feature rows lie, or None for the data folder.
    """

    home: Home
    pack: Pack
    tenant: TenantId
    candidates: "Sequence[TrainingSettings]"
    held_out_share: float = 0.3
    workers: int = 2
    ray_address: str | None = None
    server: InfluxServer | None = None
    features_url: str | None = field(default=None, repr=False)
    shadow_hours: float = 24.0
    offline_url: str | None = None

    @property
    def model_name(self) -> str:
        """Name of the registered model."""
        return f"{self.pack.id}_prognosis"

    @property
    def tracking(self) -> Tracking:
        """The MLflow store of the installation."""
        return Tracking(self.home.tracking_url, self.home.artefacts)


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """What a training gave.

    Attributes:
        failures: Failures among the held-out machines.
        coverage: How often the model's intervals held, by regime, stage of life and at the end of life.
        seconds: Duration of the fit on Ray alone.
        bundle: Where the bundle lies on the shelf.
    """

    run_id: str
    model: str
    version: str
    feature_rows: int
    workers: int
    seconds: float
    failures: int
    evaluation: Evaluation
    baseline: Evaluation
    coverage: Sequence[CoverageRow]
    decision: Decision
    bundle: Path

    def to_dict(self) -> dict[str, object]:
        """Return the outcome in the form that `--json` prints."""
        return {
            "feature_rows": self.feature_rows,
            "training": {
                "ray_workers": self.workers,
                "mlflow_run_id": self.run_id,
                "model": self.model,
                "version": self.version,
                "seconds": self.seconds,
            },
            "test": {
                "failures": self.failures,
                "model": self.evaluation.to_dict(),
                "baseline": self.baseline.to_dict(),
                "coverage_by": {row.group: row.to_dict() for row in self.coverage},
            },
            "promotion": self.decision.to_dict(),
        }


def train(order: TrainingOrder, stages: Stages) -> TrainingOutcome:
    """Prepare data, train on Ray beside the baseline, judge on unseen machines, register, decide, promote.

    Raises:
        NothingToTrain: If there are too few machines or failures.
        TrainingFailed: If Ray gave up.
    """
    hush_vendors()
    with stages.stage("features") as tell:
        tracks = read_tracks(order.home, order.pack, order.tenant, order.server, tell)
        share, urls = order.held_out_share, (order.features_url, order.offline_url)
        data = prepare(order.home, order.pack, order.tenant, tracks, share, tell, *urls)
    tracking = order.tracking
    run_id = tracking.start(order.pack.id, f"{order.model_name} {data.digest[:8]}", _tags(data), _parameters(order))
    try:
        outcome = _train(order, data, run_id, stages)
    except BaseException:
        tracking.finish(run_id, "FAILED")
        raise
    tracking.finish(run_id)
    return outcome


def _train(order: TrainingOrder, data: PreparedData, run_id: str, stages: Stages) -> TrainingOutcome:
    first = order.candidates[0]
    fold = machine_folds(data.training.machine, first.folds, first.seed)
    with stages.stage("training, the baseline beside it"), ThreadPoolExecutor(1) as beside:
        started = time.perf_counter()
        growing = beside.submit(fit_baseline, data.training, fold, order.pack.grid.cap)
        trained, workers = _fit(order, data, run_id)
        seconds = time.perf_counter() - started
        baseline = growing.result()
    with stages.stage("register"):
        version = _register(order, data, run_id, trained)
    with stages.stage("evaluation"):
        rate = constant_rate(data.training)
        examination = Examination(order.pack, unseen_rows(data.features.specification, data), rate)
        model_figures = examination.of_network(_survival(trained), trained.intervals.table)
        baseline_figures = examination.of_baseline(baseline)
        held = examination.coverage_by(_survival(trained), trained.intervals.table)
        _log(order, data, run_id, examination, trained, model_figures, baseline_figures)
        _log_coverage(order, run_id, trained, held)
    with stages.stage("bundle and promotion"):
        card = model_card(order.model_name, version, data, model_figures, baseline_figures, held, run_id)
        place = _export(order, data, run_id, trained, version, card)
        shelf = BundleShelf(order.home.bundles)
        decision = decide(model_figures, Runtime.load(place), data, shelf, order.shadow_hours, _assets(order))
        _promote(order, data, shelf, version, decision)
    return TrainingOutcome(
        run_id,
        order.model_name,
        version,
        data.feature_rows,
        workers,
        seconds,
        examination.failures,
        model_figures,
        baseline_figures,
        held,
        decision,
        place,
    )


def _fit(order: TrainingOrder, data: PreparedData, run_id: str) -> tuple[TrainedPrognosis, int]:
    from pipelines.train.cluster import ray_cluster  # lazy: ray takes seconds to import

    with ray_cluster(order.workers, order.ray_address):
        from pipelines.train.callback import TrackingCallback  # lazy: ray again

        run = RayRun(order.home.runs, order.workers, callbacks=[TrackingCallback(order.tracking, run_id)])
        first_age = order.pack.features.baseline
        specification = data.features.specification
        rule = level_rule(order.pack, len(specification.regimes.centers))
        trained = train_prognosis(
            data.training, order.pack.grid, first_age, order.candidates, run, rule, specification.layout
        )
    return trained, int(trained.last_metrics["workers"])


def _survival(trained: TrainedPrognosis) -> Survival:
    from models.prognosis.network import mean_survival  # lazy: torch

    return lambda vectors: mean_survival(trained.ensemble, vectors)


def _register(order: TrainingOrder, data: PreparedData, run_id: str, trained: TrainedPrognosis) -> str:
    import torch  # lazy: torch takes seconds to import

    from edge_export.graph import export_graph, frozen

    sample = data.training.vectors[:_SAMPLE_ROWS]
    graph = export_graph(frozen(trained.ensemble), sample.shape[1])
    with torch.no_grad():
        survival = trained.ensemble(torch.from_numpy(sample)).numpy()
    specification = data.features.specification
    tags = {
        "feature_view": specification.view,
        "feature_sha256": specification.sha256,
        HELD_OUT_SHARE: str(order.held_out_share),
    }
    registry = ModelRegistry(order.tracking)
    version = registry.register(run_id, order.model_name, graph, sample, survival, tags)
    registry.set_alias(order.model_name, CHALLENGER, version)
    return version


def _log(
    order: TrainingOrder,
    data: PreparedData,
    run_id: str,
    examination: Examination,
    trained: TrainedPrognosis,
    model: Evaluation,
    baseline: Evaluation,
) -> None:
    tracking, rows, grid = order.tracking, examination.rows, order.pack.grid
    metrics = {f"test_{name}": value for name, value in model.to_dict().items()}
    chosen = {"chosen": trained.settings.label, "best_epoch": trained.last_metrics["best_epoch"]}
    tracking.log_parameters(run_id, chosen)
    metrics |= {f"baseline_{name}": value for name, value in baseline.to_dict().items()}
    tracking.log_metrics(run_id, {**metrics, "test_failures": examination.failures})
    name = f"{data.features.specification.view}_{data.features.specification.sha256[:12]}"
    source = f"feast://millwright/{name}"
    shape = data.training.vectors.shape
    tracking.log_data(run_id, DataIdentity(name, data.digest, source, shape[0], shape[1]), "training")
    tracking.log_text(run_id, data.features.specification.to_json(), "feature_specification.json")
    curves = _survival(trained)(rows.vectors)
    probability = failure_probability(curves, grid.step, np.asarray(order.pack.horizons))
    horizons, unit = order.pack.horizons, order.pack.life.unit
    calibration = calibration_picture(probability, rows.remaining, rows.is_failure, horizons, unit)
    tracking.log_picture(run_id, calibration, "calibration.png")
    failed = rows.is_failure
    picture = life_picture(rows.remaining[failed], mean_life(curves, grid.step)[failed], grid.cap, unit)
    tracking.log_picture(run_id, picture, "predicted_against_true.png")


def _log_coverage(order: TrainingOrder, run_id: str, trained: TrainedPrognosis, held: Sequence[CoverageRow]) -> None:
    order.tracking.log_metrics(run_id, coverage_metrics(held))
    order.tracking.log_text(run_id, coverage_document(held, trained.intervals), DOCUMENT)
    order.tracking.log_text(run_id, coverage_markdown(held, order.pack.life.unit) + "\n", TABLE)


def _export(
    order: TrainingOrder, data: PreparedData, run_id: str, trained: TrainedPrognosis, version: str, card: str
) -> Path:
    from edge_export.export import export_bundle  # lazy: torch

    longest = max(data.tracks, key=lambda track: len(track.time_us))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bundle"
        export_bundle(
            folder,
            trained.ensemble,
            data.features.specification,
            Calibration.of(order.pack, trained.intervals.table),
            data.training.vectors[:_SAMPLE_ROWS],
            name=order.model_name,
            version=version,
            card_markdown=card,
            readings=longest.rows,
        )
        order.tracking.log_files(run_id, folder, "bundle")
        return BundleShelf(order.home.bundles).put(folder)


def _assets(order: TrainingOrder) -> dict[AssetId, Asset]:
    from features.records.assets import AssetRecords  # lazy: sqlalchemy is for commands that read records
    from features.records.database import open_records

    found = AssetRecords(open_records(order.home.records_url)).list_all(order.tenant, order.pack.id)
    return {asset.id: asset for asset in found}


def _promote(order: TrainingOrder, data: PreparedData, shelf: BundleShelf, version: str, decision: Decision) -> None:
    registry = ModelRegistry(order.tracking)
    if decision.is_in_shadow:
        shelf.cast_shadow(order.pack.id, version)
        registry.set_alias(order.model_name, SHADOW, version)
    if not decision.is_promoted:
        return
    data.features.materialise()
    registry.set_alias(order.model_name, CHAMPION, version)
    shelf.promote(order.pack.id, version)


def _tags(data: PreparedData) -> dict[str, str]:
    from features.store.definitions import service_name  # lazy: feast

    specification = data.features.specification
    return {
        "pack": f"{data.pack.id} {data.pack.version}",
        "tenant": data.tenant,
        "feast.project": "millwright",
        "feast.feature_service": service_name(specification),
        "feast.feature_refs": view_name(specification),
        "feature_sha256": specification.sha256,
    }


def _parameters(order: TrainingOrder) -> dict[str, object]:
    return {
        **{f"{each.label}.{name}": value for each in order.candidates for name, value in asdict(each).items()},
        "held_out_share": order.held_out_share,
        "ray_workers": order.workers,
        "grid_step": order.pack.grid.step,
        "grid_steps": order.pack.grid.steps,
        "horizons": ", ".join(f"{horizon:g}" for horizon in order.pack.horizons),
    }
