"""Registers what onboarding has trained: a run in MLflow, a version in the registry, a bundle on the shelf."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.shelf import BundleShelf
from features.domain.home import Home
from features.domain.identifiers import TenantId
from features.domain.packs import Pack
from features.transforms.intervals import IntervalTable
from features.transforms.specification import FeatureSpecification
from models.registry.address import tracking_of
from models.registry.registry import CHALLENGER, ModelRegistry, prognosis_name
from models.registry.tracking import Tracking
from pipelines.aliases import follow_shelf, free_version
from pipelines.building.tracks import LifeTrack
from pipelines.condition.learning import LearntCondition
from pipelines.condition.telling import DOCUMENT as DOCUMENT_OF_CONDITION
from pipelines.condition.telling import condition_json_text, condition_markdown, condition_metrics
from pipelines.onboard.few_lives import FewLives
from pipelines.onboard.states.learning import LearnedState
from pipelines.onboard.states.stretches import Stretch, stretch_vectors

if TYPE_CHECKING:
    from torch.nn import Module

_SAMPLE_ROWS = 256


@dataclass(frozen=True, slots=True)
class Registered:
    """Where a model went.

    Attributes:
        bundle: Where its bundle lies on the shelf; None for states, which no bundle carries yet.
        is_promoted: Whether it became the champion, as the first model with skill does, or the first of all.
        warning: Why MLflow's aliases do not say so yet, or why another version serves on, for people; None else.
    """

    model: str
    version: str
    run_id: str
    bundle: Path | None
    is_promoted: bool
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Registrar:
    """Registers models of one pack.

    Attributes:
        features_url: The Redis that holds the newest features, or None for SQLite; may carry a password.
        offline_url: Where offline feature rows lie, or None for the data folder.
        tracking_url: The MLflow server, or None for a database in the data folder.
    """

    home: Home
    pack: Pack
    tenant: TenantId
    features_url: str | None = field(default=None, repr=False)
    offline_url: str | None = None
    tracking_url: str | None = None

    @property
    def tracking(self) -> Tracking:
        """The MLflow store of the installation."""
        return tracking_of(self.home, self.tracking_url)

    @property
    def shelf(self) -> BundleShelf:
        """Where bundles lie."""
        return BundleShelf(self.home.bundles)

    def of_life(self, learnt: FewLives, tracks: Sequence[LifeTrack], usual: LearntCondition) -> Registered:
        """Register a model of few lives, put its bundle on the shelf, and promote it if it is the first with skill.

        Args:
            learnt: The model.
            tracks: Lives that it is made for.
            usual: What state detection goes by, for the bundle, or why there is none.
        """
        name = prognosis_name(self.pack.id)
        figures = {} if learnt.evaluation is None else learnt.evaluation.to_dict()
        run_id = self.start(name, {"model": learnt.kind, "protocol": learnt.protocol.words})
        try:
            self.tracking.log_metrics(run_id, {f"test_{key}": value for key, value in figures.items()})
            self.tracking.log_metrics(run_id, condition_metrics(usual))
            self.tracking.log_text(run_id, condition_json_text(usual), DOCUMENT_OF_CONDITION)
            number = self._version(run_id, name, learnt.network, learnt.rows.rows.vectors, learnt.specification.sha256)
            version = free_version(self.shelf, self.pack.id, number, run_id)
            bundle = self._bundle(run_id, name, version, learnt, tracks, usual)
            sha256 = self.shelf.bundle(self.pack.id, version).bundle_sha256
            ModelRegistry(self.tracking).mark_bundle(name, number, sha256)
            warning = None
            promoted = figures.get("brier_skill", 0.0) > 0 and self.serve(version, learnt.specification, tracks)
            if promoted:
                warning = follow_shelf(ModelRegistry(self.tracking), self.shelf, self.pack.id)
        except BaseException:
            self.tracking.finish(run_id, "FAILED")
            raise
        self.tracking.finish(run_id)
        return Registered(name, version, run_id, bundle, promoted, warning)

    def of_state(self, learnt: LearnedState, labelled: Sequence[Stretch]) -> Registered:
        """Register a model of a named state."""
        from models.states.logistic import StateNetwork  # lazy: torch

        name = f"{self.pack.id}_{_word(learnt.target)}"
        run_id = self.start(name, {"group": learnt.chosen.group, "penalty": learnt.chosen.penalty})
        figures = {key: value for key, value in asdict(learnt.figures).items() if not isinstance(value, str)}
        try:
            self.tracking.log_metrics(run_id, figures)
            vectors = stretch_vectors(learnt.specification, labelled)
            network = StateNetwork(learnt.chosen.fit)
            version = self._version(run_id, name, network, vectors, learnt.specification.sha256)
            self.tracking.log_text(run_id, "\n".join(learnt.chosen.fit.values) + "\n", "states.txt")
        except BaseException:
            self.tracking.finish(run_id, "FAILED")
            raise
        self.tracking.finish(run_id)
        return Registered(name, version, run_id, None, False)

    def start(self, name: str, parameters: Mapping[str, object]) -> str:
        """Begin a run of MLflow, and return its id."""
        tags = {"pack": f"{self.pack.id} {self.pack.version}", "tenant": self.tenant, "onboarding": "true"}
        return self.tracking.start(self.pack.id, name, tags, parameters)

    def _version(
        self,
        run_id: str,
        name: str,
        network: "Module",
        vectors: "np.ndarray[tuple[int, int], np.dtype[np.float32]]",
        sha256: str,
    ) -> str:
        from edge_export.graph import export_graph, frozen, survival_of  # lazy: torch takes seconds to import

        sample = np.ascontiguousarray(vectors[:_SAMPLE_ROWS])
        copy = frozen(network)
        graph, registry = export_graph(copy, sample.shape[1]), ModelRegistry(self.tracking)
        tags = {"feature_sha256": sha256}
        version = registry.register(run_id, name, graph, sample, survival_of(copy, sample), tags)
        registry.set_alias(name, CHALLENGER, version)
        return version

    def _bundle(
        self,
        run_id: str,
        name: str,
        version: str,
        learnt: FewLives,
        tracks: Sequence[LifeTrack],
        usual: LearntCondition,
    ) -> Path:
        from edge_export.export import export_bundle  # lazy: torch

        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "bundle"
            export_bundle(
                folder,
                learnt.network,
                learnt.specification,
                Calibration.of(self.pack, IntervalTable.of_half_level(learnt.half_level)),
                learnt.rows.rows.vectors[:_SAMPLE_ROWS],
                name=name,
                version=version,
                card_markdown=few_card(self.pack, name, version, learnt, usual),
                readings=max(tracks, key=lambda each: len(each.time_us)).rows,
                condition=usual.table,
            )
            self.tracking.log_files(run_id, folder, "bundle")
            return self.shelf.put(folder)

    def serve(self, version: str, specification: FeatureSpecification, tracks: Sequence[LifeTrack]) -> bool:
        """Let a version serve, unless something serves that makes forecasts; return whether it does now."""
        from features.store.feast_store import open_features  # lazy: feast
        from pipelines.building.build import build_features

        if self.shelf.forecasts(self.pack.id):
            return False
        grades = self.pack.grade_by_signal
        urls = self.features_url, self.offline_url
        features = open_features(self.home.root, specification, urls[0], grades, urls[1])
        features.apply()
        build_features(features, self.tenant, tracks)
        features.materialise()
        self.shelf.promote(self.pack.id, version)
        return True


def few_card(pack: Pack, name: str, version: str, learnt: FewLives, usual: LearntCondition) -> str:
    """Return the model card as Markdown."""
    rows, unit = learnt.rows.rows, pack.life.unit
    failures = len(np.unique(rows.life_id[rows.is_failure]))
    figures = learnt.evaluation
    judged = (
        "No failure could be judged on lives left out: these forecasts are unproven."
        if figures is None
        else f"On lives left out: Brier skill {figures.brier_skill:.3f} against a constant hazard, coverage of p05 to "
        f"p95 {figures.coverage90:.3f}, mean width {figures.width90:.4g} {unit}, RMSE {figures.rmse:.4g} {unit}."
    )
    return f"""# {name} {version}

**What it forecasts.** Probability of failure and remaining life up to {pack.grid.cap:g} {unit}, for machines of pack
`{pack.id}` {pack.version} ({pack.names.en}).

**A model of few lives** (`{learnt.kind}`), fitted on {len(np.unique(rows.life_id))} lives of
{len(np.unique(rows.machine))} machines, {failures} of which ended in a failure. Its intervals are wide because little
is known.

**Judged by** {learnt.protocol.words}. {judged}

**State detection.** {condition_markdown(usual, pack)}

**Do not use it** for machines of another type, or as the only safeguard where a failure can hurt people. Onboard again
when more failures are on record.
"""


def _word(target: str) -> str:
    """Return a target as a part of a model's name, which MLflow restricts."""
    return "".join(letter if letter.isalnum() else "_" for letter in target)
