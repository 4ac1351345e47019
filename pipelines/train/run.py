"""One training from stored telemetry to a decided promotion."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.shelf import BundleShelf
from edge_export.runtime.runtime import Runtime
from features.domain.assets import Asset
from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.telemetry.influx.server import InfluxServer
from models.calibration.coverage import CoverageRow
from models.prognosis.baseline import fit_baseline
from models.prognosis.folds import machine_folds
from models.registry.address import tracking_of
from models.registry.registry import CHALLENGER, HELD_OUT_SHARE, ModelRegistry, prognosis_name
from models.registry.tracking import Tracking
from pipelines.aliases import follow_shelf, free_version
from pipelines.condition.learning import LearntCondition
from pipelines.condition.reading import learn_from_installation
from pipelines.progress import Stages
from pipelines.quiet import hush_vendors
from pipelines.train.card import model_card
from pipelines.train.data import PreparedData, prepare, read_tracks
from pipelines.train.evaluation import Evaluation, Examination, Survival, constant_rate
from pipelines.train.gate import Decision, decide
from pipelines.train.intervals import level_rule
from pipelines.train.modes import JudgedModes, learn_modes
from pipelines.train.record import Judgement, record, run_parameters, run_tags
from pipelines.train.resuming import ray_name, resume
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
        tracking_url: The MLflow server, or None for a database in the data folder.
        trials: Settings that a search tries first; its best joins the candidates. 0 for no search.
        resume: MLflow run of a training that was cut off and is to go on; None to begin anew.
        not_for_use: Signals that state detection leaves out whatever they show, each with the reason.
    """

    home: Home
    pack: Pack
    tenant: TenantId
    candidates: "Sequence[TrainingSettings]"
    _: KW_ONLY
    held_out_share: float = 0.3
    workers: int = 2
    ray_address: str | None = None
    server: InfluxServer | None = None
    features_url: str | None = field(default=None, repr=False)
    shadow_hours: float = 24.0
    offline_url: str | None = None
    tracking_url: str | None = None
    trials: int = 0
    resume: str | None = None
    not_for_use: Mapping[str, str] = field(default_factory=dict)

    @property
    def model_name(self) -> str:
        """Name of the registered model."""
        return prognosis_name(self.pack.id)

    @property
    def tracking(self) -> Tracking:
        """The MLflow store of the installation."""
        return tracking_of(self.home, self.tracking_url)


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """What a training gave.

    Attributes:
        failures: Failures among the held-out machines.
        coverage: How often the model's intervals held, by regime, stage of life and at the end of life.
        modes: Failure modes told apart, or why they are not.
        condition: What state detection goes by, or why there is none.
        seconds: Duration of the fit on Ray alone.
        bundle: Where the bundle lies on the shelf.
        warning: Why MLflow's aliases do not name what serves or runs in shadow, for people; None where they do.
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
    modes: JudgedModes
    condition: LearntCondition
    decision: Decision
    bundle: Path
    warning: str | None = None

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
                "modes": self.modes.to_dict(),
            },
            "condition": self.condition.to_dict(),
            "promotion": {**self.decision.to_dict(), "warning": self.warning},
        }


def train(order: TrainingOrder, stages: Stages) -> TrainingOutcome:
    """Prepare data, train on Ray beside the baseline, judge on unseen machines, register, decide, promote.

    Raises:
        NothingToTrain: If there are too few machines or failures.
        TrainingFailed: If Ray gave up, or a run that is to be resumed cannot be.
        RegistryUnavailable: If an MLflow server does not answer, before anything else is done.
    """
    hush_vendors()
    order.tracking.check()
    with stages.stage("features") as tell:
        tracks = read_tracks(order.home, order.pack, order.tenant, order.server, tell)
        share, urls = order.held_out_share, (order.features_url, order.offline_url)
        data = prepare(order.home, order.pack, order.tenant, tracks, share, tell, *urls)
    tracking, run_id = order.tracking, _begin(order, data)
    stages.console.print(f"[dim]MLflow run {run_id}; if it is cut off, --resume {run_id} goes on with it[/dim]")
    try:
        outcome = _train(order, data, run_id, stages)
    except BaseException:
        tracking.finish(run_id, "FAILED")
        raise
    tracking.finish(run_id)
    return outcome


def _begin(order: TrainingOrder, data: PreparedData) -> str:
    """Begin a run or go on with one, and return its id."""
    parameters = run_parameters(data, order.candidates, order.held_out_share)
    parameters["search_trials"] = order.trials
    if order.resume is not None:
        resume(order.tracking, order.resume, run_tags(data), parameters)
        return order.resume
    name = f"{order.model_name} {data.digest[:8]}"
    parameters["ray_workers"] = order.workers  # a run may go on with more of them, or fewer
    return order.tracking.start(order.pack.id, name, run_tags(data), parameters)


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
        number = _register(order, data, run_id, trained)
    with stages.stage("state detection"):
        condition = _learn_condition(order, data, stages)
    with stages.stage("evaluation"):
        examination = Examination(order.pack, data.held_out, constant_rate(data.training))
        survival = _survival(trained)
        curves = survival(data.held_out.vectors)
        model_figures = examination.of_network(curves, trained.intervals.table)
        baseline_figures = examination.of_baseline(baseline)
        held = examination.coverage_by(curves, trained.intervals.table)
        modes = learn_modes(data.training, data.held_out, order.pack, first.seed)
        judgement = Judgement(examination, survival, curves, model_figures, baseline_figures, held, modes, condition)
        record(order.tracking, run_id, data, trained, judgement)
    with stages.stage("bundle and promotion"):
        shelf = BundleShelf(order.home.bundles)
        version = free_version(shelf, order.pack.id, number, run_id)
        card = model_card(order.model_name, version, data, judgement, run_id)
        order.tracking.log_text(run_id, card, "model_card.md")
        place = _export(order, data, run_id, trained, version, card, judgement)
        runtime = Runtime.load(place)
        ModelRegistry(order.tracking).mark_bundle(order.model_name, number, runtime.bundle.bundle_sha256)
        decision = decide(model_figures, runtime, data, shelf, order.shadow_hours, _assets(order))
        warning = _promote(order, data, shelf, version, decision)
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
        modes,
        condition,
        decision,
        place,
        warning,
    )


def _fit(order: TrainingOrder, data: PreparedData, run_id: str) -> tuple[TrainedPrognosis, int]:
    from pipelines.train.cluster import ray_cluster  # lazy: ray takes seconds to import

    with ray_cluster(order.workers, order.ray_address):
        from pipelines.train.callback import TrackingCallback  # lazy: ray again

        told = [TrackingCallback(order.tracking, run_id)]
        run = RayRun(order.home.runs, order.workers, callbacks=told, name=ray_name(run_id))
        first_age = order.pack.features.baseline
        specification, candidates = data.features.specification, _candidates(order, data, run_id)
        rule = level_rule(order.pack, len(specification.regimes.centers))
        trained = train_prognosis(
            data.training, order.pack.grid, first_age, candidates, run, rule, specification.layout
        )
    return trained, int(trained.last_metrics["workers"])


def _candidates(order: TrainingOrder, data: PreparedData, run_id: str) -> "Sequence[TrainingSettings]":
    """Return the settings of the order, and what a search found where one was asked for."""
    if order.trials < 1:
        return order.candidates
    from pipelines.train.searched import Searching, searched  # lazy: ray

    found = searched(Searching(order.tracking, run_id, order.trials, order.workers), data, order.candidates[0])
    return [*order.candidates, *([] if found in order.candidates else [found])]


def _learn_condition(order: TrainingOrder, data: PreparedData, stages: Stages) -> LearntCondition:
    where = order.home, order.pack, order.tenant
    learnt = learn_from_installation(*where, data.tracks, data.unseen, order.server, order.not_for_use)
    if learnt.table is None:
        stages.console.print(f"[dim]No state detection: {learnt.reason}[/dim]")
    return learnt


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


def _export(
    order: TrainingOrder,
    data: PreparedData,
    run_id: str,
    trained: TrainedPrognosis,
    version: str,
    card: str,
    judgement: Judgement,
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
            modes=judgement.modes.shares,
            condition=judgement.condition.table,
        )
        order.tracking.log_files(run_id, folder, "bundle")
        return BundleShelf(order.home.bundles).put(folder)


def _assets(order: TrainingOrder) -> dict[AssetId, Asset]:
    from features.records.assets import AssetRecords  # lazy: sqlalchemy is for commands that read records
    from features.records.database import open_records

    found = AssetRecords(open_records(order.home.records_url)).list_all(order.tenant, order.pack.id)
    return {asset.id: asset for asset in found}


def _promote(
    order: TrainingOrder, data: PreparedData, shelf: BundleShelf, version: str, decision: Decision
) -> str | None:
    """Let a version serve or run in shadow, and MLflow's aliases say so; return why they do not."""
    if decision.is_in_shadow:
        shelf.cast_shadow(order.pack.id, version)
    if decision.is_promoted:
        data.features.materialise()
        shelf.promote(order.pack.id, version)
    if not (decision.is_in_shadow or decision.is_promoted):
        return None
    return follow_shelf(ModelRegistry(order.tracking), shelf, order.pack.id)
