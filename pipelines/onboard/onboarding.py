"""Onboarding from a folder to registered models and forecasts, whatever the machine is."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_export.runtime.runtime import Runtime
from features.domain.home import Home
from features.domain.identifiers import TenantId
from features.domain.packs import Pack, Target
from features.telemetry.influx.server import InfluxServer
from features.transforms.errors import TooLittleData
from models.registry.address import tracking_of
from pipelines.building.tracks import LifeTrack
from pipelines.condition.learning import LearntCondition
from pipelines.onboard.assessing import assess
from pipelines.onboard.bringing import BroughtFolder, bring
from pipelines.onboard.deciding import CONDITION_TABLE, NETWORK
from pipelines.onboard.detecting import LEAKS, learn_detection
from pipelines.onboard.feasibility import Feasibility
from pipelines.onboard.few_lives import learn_few
from pipelines.onboard.narrowing import narrowed_stretches, narrowed_tracks
from pipelines.onboard.registering import Registered, Registrar
from pipelines.onboard.states.learning import LearnedState, learn_state
from pipelines.onboard.watching import register_watching
from pipelines.progress import Stages
from pipelines.quiet import hush_vendors

if TYPE_CHECKING:
    from models.prognosis.training import TrainingSettings


_OF_LIFE = (Target.REMAINING_LIFE.value, Target.FAILURE_WITHIN.value)


@dataclass(frozen=True, slots=True)
class OnboardingOrder:
    """What to onboard, where.

    Attributes:
        candidates: Settings that a network training tries.
        held_out_share: Share of machines that a network is judged by.
        workers: Ray Train workers.
        ray_address: A cluster, or None for this machine.
        server: The InfluxDB that holds the telemetry, or None for SQLite.
        features_url: The Redis that holds the newest features, or None for SQLite; may carry a password.
        offline_url: Where offline feature rows lie, or None for the data folder.
        tracking_url: The MLflow server, or None for a database in the data folder.
        shadow_hours: How long a network that is better than the champion runs in its shadow first.
    """

    folder: Path
    home: Home
    pack: Pack
    tenant: TenantId
    candidates: "tuple[TrainingSettings, ...]"
    _: KW_ONLY
    held_out_share: float = 0.3
    workers: int = 2
    ray_address: str | None = None
    server: InfluxServer | None = None
    features_url: str | None = field(default=None, repr=False)
    offline_url: str | None = None
    tracking_url: str | None = None
    shadow_hours: float = 24.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Onboarded:
    """What onboarding came to.

    Attributes:
        feasibility: The report.
        models: What was trained, by target: model, version, protocol and figures on what was left out.
        runtime: The forecaster, or None.
        states: Models of states by target.
        brought: The folder as it was read, without the signals that leak.
        pack: Without the signals that leak.
        detection: What is usual of the machines; None where the pack does not ask for detection, or it cannot be.
    """

    feasibility: Feasibility
    models: Mapping[str, Mapping[str, Any]]
    runtime: Runtime | None
    states: Mapping[str, LearnedState]
    brought: BroughtFolder
    pack: Pack
    detection: LearntCondition | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome in the form that `--json` prints."""
        detection = None if self.detection is None else self.detection.to_dict()
        return {"feasibility": self.feasibility.to_dict(), "models": dict(self.models), "detection": detection}


def onboard(order: OnboardingOrder, stages: Stages) -> Onboarded:
    """Say whether it can work; where it can, train, judge on what was not seen, and register.

    Raises:
        NoTelemetry: If there is no telemetry in the folder.
        BadTable: If a file cannot be read as a table.
        RegistryUnavailable: If an MLflow server does not answer.
    """
    hush_vendors()
    tracking_of(order.home, order.tracking_url).check()
    with stages.stage("ingest and quality"):
        brought = bring(order.folder, order.pack, order.tenant, order.home, order.server)
    with stages.stage("feasibility"):
        report, pack = assess(order.pack, brought.brought, order.held_out_share)
    work = _Work(order, pack, report, brought, stages)
    runtime, states, detection = work.life(), work.states(), work.detection()
    return Onboarded(report, work.models, runtime, states, _narrowed(brought, order.pack, pack), pack, detection)


def _narrowed(brought: BroughtFolder, whole: Pack, kept: Pack) -> BroughtFolder:
    stretches = {name: narrowed_stretches(found, whole, kept) for name, found in brought.stretches.items()}
    return replace(brought, tracks=narrowed_tracks(brought.tracks, whole, kept), stretches=stretches)


@dataclass  # without slots, for what is worked out once is kept
class _Work:
    """What is trained and registered of one folder, each target after the other.

    Attributes:
        pack: Without the signals that leak.
        models: What was trained so far, by target.
    """

    order: OnboardingOrder
    pack: Pack
    report: Feasibility
    brought: BroughtFolder
    stages: Stages
    models: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @cached_property
    def tracks(self) -> Sequence[LifeTrack]:
        """Lives without the signals that leak."""
        return narrowed_tracks(self.brought.tracks, self.order.pack, self.pack)

    @cached_property
    def registrar(self) -> Registrar:
        """Registers models of the pack."""
        order = self.order
        urls = order.features_url, order.offline_url, order.tracking_url
        return Registrar(order.home, self.pack, order.tenant, *urls)

    @cached_property
    def usual(self) -> LearntCondition:
        """What is usual of the machines, learnt once."""
        order, tracks, leaks = self.order, self.brought.tracks, self.report.left_out
        return learn_detection(order.home, order.pack, order.tenant, tracks, order.held_out_share, leaks, order.server)

    def life(self) -> Runtime | None:
        """Train what forecasts, if anything can."""
        decided = [each for each in self.report.decisions if each.is_go and each.target in _OF_LIFE]
        if not decided:
            return None
        if decided[0].model == NETWORK:
            return self._network()
        with self.stages.stage("training") as tell:
            learnt = learn_few(self.pack, self.tracks, self.order.seed, tell)
        with self.stages.stage("register"):
            registered = self.registrar.of_life(learnt, self.tracks, self.usual)
        figures = None if learnt.evaluation is None else learnt.evaluation.to_dict()
        self.models["life"] = {
            "model": learnt.kind,
            "protocol": learnt.protocol.words,
            "test": figures,
            **_told(registered),
        }
        return None if registered.bundle is None else Runtime.load(registered.bundle)

    def _network(self) -> Runtime:
        from pipelines.train.run import TrainingOrder, train  # lazy: mlflow and ray

        order = self.order
        outcome = train(
            TrainingOrder(
                order.home,
                self.pack,
                order.tenant,
                order.candidates,
                held_out_share=order.held_out_share,
                workers=order.workers,
                ray_address=order.ray_address,
                server=order.server,
                features_url=order.features_url,
                shadow_hours=order.shadow_hours,
                offline_url=order.offline_url,
                tracking_url=order.tracking_url,
                not_for_use=dict.fromkeys(self.report.left_out, LEAKS),
            ),
            self.stages,
        )
        self.models["life"] = {
            "model": NETWORK,
            "protocol": f"{order.held_out_share:.0%} of machines held out; no model has seen them",
            "test": outcome.evaluation.to_dict(),
            "baseline": outcome.baseline.to_dict(),
            "name": outcome.model,
            "version": outcome.version,
            "mlflow_run_id": outcome.run_id,
            "promoted": outcome.decision.is_promoted,
            "warning": outcome.warning,
        }
        return Runtime.load(outcome.bundle)

    def detection(self) -> LearntCondition | None:
        """Learn what is usual; where nothing makes forecasts and brings it along, it gets a bundle of its own."""
        if not any(each.is_go and each.target == Target.DETECTION.value for each in self.report.decisions):
            return None
        with self.stages.stage("what is usual"):
            learnt = self.usual
        if learnt.table is None or self.registrar.shelf.forecasts(self.pack.id):
            return learnt
        with self.stages.stage("register what is usual"):
            try:
                registered = register_watching(self.registrar, learnt, learnt.table, self.tracks)
            except TooLittleData as error:
                return replace(learnt, not_served=str(error))
        test = {} if learnt.tried is None else {"normal": learnt.tried.normal, "rows": learnt.tried.rows}
        self.models[Target.DETECTION.value] = {"model": CONDITION_TABLE, "test": test, **_told(registered)}
        return learnt

    def states(self) -> dict[str, LearnedState]:
        """Train the named states that can be told."""
        found: dict[str, LearnedState] = {}
        for decision in self.report.decisions:
            if not decision.is_go or not decision.target.startswith("state:"):
                continue
            target = decision.target.removeprefix("state:")
            stretches = narrowed_stretches(self.brought.stretches[target], self.order.pack, self.pack)
            labelled = [stretch for stretch in stretches if stretch.value is not None]
            with self.stages.stage(f"state {target}") as tell:
                found[target] = learn_state(self.pack, target, labelled, tell)
                registered = self.registrar.of_state(found[target], labelled)
            figures = found[target].figures
            test = {**asdict(figures), "is_told": figures.is_told}
            self.models[decision.target] = {"model": decision.model, "test": test, **_told(registered)}
        return found


def _told(registered: Registered) -> dict[str, object]:
    return {
        "name": registered.model,
        "version": registered.version,
        "mlflow_run_id": registered.run_id,
        "promoted": registered.is_promoted,
        "warning": registered.warning,
    }
