"""One export for gateways: the bundle that serves, or the small network that learnt from it."""

import tempfile
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_export.bundle.durable import refuse_taken
from edge_export.bundle.manifest import Teacher
from edge_export.bundle.reading import VerifiedBundle, read_bundle
from edge_export.bundle.shelf import BundleShelf, refuse_distilled
from edge_export.bundle.writing import write_bundle
from edge_export.runtime.runtime import Runtime
from features.domain.home import Home
from features.domain.identifiers import TenantId
from features.domain.packs import Pack
from features.telemetry.influx.server import InfluxServer
from models.prognosis.errors import FoldsUnfit, WeightsUnfit
from models.registry.address import tracking_of
from models.registry.errors import RegistryRefused, RegistryUnavailable
from models.registry.registry import ModelRegistry
from models.registry.tracking import PARENT
from pipelines.errors import NothingPromoted, NothingToDistil
from pipelines.gateway.judging import Compare, compare
from pipelines.gateway.rows import split_rows
from pipelines.gateway.student import SUFFIX, Measured, Student, teach
from pipelines.gateway.teacher import KeptEnsemble, read_kept
from pipelines.progress import Stages
from pipelines.promote.finding import Promotion
from pipelines.train.data import read_tracks

if TYPE_CHECKING:
    from models.prognosis.distilling import DistillingSettings


class Network(StrEnum):
    """Which network a gateway is to be sent."""

    STUDENT = "student"
    ENSEMBLE = "ensemble"


@dataclass(frozen=True, slots=True)
class GatewayOrder:
    """What to send gateways, and where to put it.

    Attributes:
        target: A new folder for the bundle.
        network: The small network if it is good enough, or the ensemble whatever the small one is like.
        settings: How a small network is taught.
        version: Of the model; None for the one that serves.
        server: The InfluxDB that holds the telemetry, or None for SQLite.
        tracking_url: The MLflow server, or None for a database in the data folder.
    """

    home: Home
    pack: Pack
    tenant: TenantId
    target: Path
    network: Network
    settings: "DistillingSettings"
    version: str | None = None
    server: InfluxServer | None = field(default=None, repr=False)
    tracking_url: str | None = None

    @property
    def shelf(self) -> BundleShelf:
        """Where bundles lie."""
        return BundleShelf(self.home.bundles)

    @property
    def registry(self) -> ModelRegistry:
        """The registry of the installation."""
        return ModelRegistry(tracking_of(self.home, self.tracking_url))


@dataclass(frozen=True, slots=True)
class GatewayOutcome:
    """What was put into the folder.

    Attributes:
        bundle: As it lies there.
        reason: Why it is this one, for people.
        measured: Figures of the small network and of its teacher; None where none was taught now.
        promotion: Every check of the small network; None where none was taught now.
        warning: Why MLflow does not keep its figures, for people; None where it does.
    """

    bundle: VerifiedBundle
    reason: str
    measured: Measured | None = None
    promotion: Promotion | None = None
    warning: str | None = None

    @property
    def network(self) -> Network | None:
        """Which network it is; None for a bundle that has none."""
        if not self.bundle.manifest.forecasts:
            return None
        return Network.ENSEMBLE if self.bundle.manifest.distilled_from is None else Network.STUDENT

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        manifest = self.bundle.manifest
        return {
            "network": self.network,
            "name": manifest.name,
            "version": manifest.version,
            "bundle_sha256": self.bundle.bundle_sha256,
            "warning": self.warning,
            "bundle_bytes": self.bundle.total_bytes,
            "distilled_from": None if manifest.distilled_from is None else asdict(manifest.distilled_from),
            "reason": self.reason,
            "measured": None if self.measured is None else asdict(self.measured),
            "findings": [] if self.promotion is None else self.promotion.to_dict()["findings"],
        }


def export_for_gateway(order: GatewayOrder, stages: Stages, *, comparing: Compare = compare) -> GatewayOutcome:
    """Put a bundle for gateways into a new folder: the small network if it is good enough, else the ensemble.

    The small network is taught once for a version and kept on the shelf, where a replay of its forecasts finds it. A
    bundle that makes no forecasts has nothing to teach, and is sent as it serves.

    Args:
        order: What and where.
        stages: Told of the work.
        comparing: The checks of what a small network says.

    Raises:
        NothingPromoted: If no model serves yet.
        BundleMissing: If there is no such version.
        BundleRefused: If the folder is taken, or the version is a small network itself.
        RegistryUnavailable: If an MLflow server is needed and does not answer.
    """
    refuse_taken(order.target)
    ensemble = _ensemble(order)
    if order.network is Network.ENSEMBLE:
        return _sent(order, ensemble, "The ensemble was asked for.")
    if not ensemble.manifest.forecasts:
        return _sent(
            order, ensemble, "It makes no forecasts that a small network could learn; it is sent as it serves."
        )
    known = _known_student(order, ensemble)
    if known is not None:
        return _sent(order, known, "It was distilled, judged and put on the shelf before.")
    order.registry.tracking.check()
    try:
        kept = read_kept(order.registry, ensemble)
        return _taught(order, ensemble, kept, stages, comparing)
    except (NothingToDistil, FoldsUnfit, WeightsUnfit, RegistryRefused) as error:
        return _sent(order, ensemble, f"The ensemble: {error}")


def _taught(
    order: GatewayOrder, ensemble: VerifiedBundle, kept: KeptEnsemble, stages: Stages, comparing: Compare
) -> GatewayOutcome:
    champion = Runtime.load(ensemble)
    with stages.stage("readings") as tell:
        tracks = read_tracks(order.home, order.pack, order.tenant, order.server, tell)
    with stages.stage("features") as tell:
        version = ensemble.manifest.version
        rows = split_rows(version, champion.specification, order.tenant, tracks, kept, tell)
    readings = max(tracks, key=lambda track: len(track.time_us)).rows
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bundle"
        with stages.stage("distilling") as tell:
            student = teach(folder, order.pack, champion, kept, rows, readings, order.settings, tell, comparing)
        outcome = _decided(order, ensemble, student)  # first: what was taught is not lost with a server
        return replace(outcome, warning=_recorded(order, kept, ensemble, student))


def _decided(order: GatewayOrder, ensemble: VerifiedBundle, student: Student) -> GatewayOutcome:
    promotion, measured = student.promotion, student.measured
    if not promotion.is_deserved:
        reason = f"The ensemble, because the small network is refused. {promotion.reason}"
        return _sent(order, ensemble, reason, measured, promotion)
    bundle = read_bundle(order.shelf.put(student.folder))
    reason = (
        f"The small network: {measured.student_bytes:,} bytes instead of {measured.teacher_bytes:,}, "
        f"{measured.student_us:.0f} µs a forecast instead of {measured.teacher_us:.0f}, and no worse than allowed."
    )
    return _sent(order, bundle, reason, measured, promotion)


def _sent(
    order: GatewayOrder,
    bundle: VerifiedBundle,
    reason: str,
    measured: Measured | None = None,
    promotion: Promotion | None = None,
) -> GatewayOutcome:
    return GatewayOutcome(write_bundle(order.target, bundle), reason, measured, promotion)


def _ensemble(order: GatewayOrder) -> VerifiedBundle:
    if order.version is not None:
        bundle = order.shelf.bundle(order.pack.id, order.version)
        refuse_distilled(bundle.manifest)
        return bundle
    champion = order.shelf.champion_bundle(order.pack.id)
    if champion is None:
        raise NothingPromoted(order.pack.id)
    return champion


def _known_student(order: GatewayOrder, ensemble: VerifiedBundle) -> VerifiedBundle | None:
    version = ensemble.manifest.version + SUFFIX
    if version not in order.shelf.versions(order.pack.id):
        return None
    bundle = order.shelf.bundle(order.pack.id, version)
    origin = Teacher(ensemble.manifest.version, ensemble.bundle_sha256)
    return bundle if bundle.manifest.distilled_from == origin else None


def _recorded(order: GatewayOrder, kept: KeptEnsemble, ensemble: VerifiedBundle, student: Student) -> str | None:
    """Record a student, and return why that failed."""
    try:
        _record(order, kept, ensemble, student)
    except (RegistryUnavailable, RegistryRefused) as error:
        return f"MLflow does not keep settings, figures and bundle of the small network. {error}"
    return None


def _record(order: GatewayOrder, kept: KeptEnsemble, ensemble: VerifiedBundle, student: Student) -> None:
    """Keep settings, figures and the bundle in MLflow, below the training of the ensemble."""
    tracking, manifest, measured = order.registry.tracking, ensemble.manifest, student.measured
    tags = {PARENT: kept.run_id, "distilled_from": manifest.version, "accepted": str(student.promotion.is_deserved)}
    run_id = tracking.start(order.pack.id, f"{manifest.name} {manifest.version}{SUFFIX}", tags, asdict(order.settings))
    with tracking.failing(run_id):
        tracking.log_metrics(run_id, _flat(asdict(measured)))
        tracking.log_files(run_id, student.folder, "bundle")
        tracking.finish(run_id)


def _flat(figures: dict[str, Any]) -> dict[str, float]:
    """Return figures by name, those of a part with its name before theirs."""
    flat: dict[str, float] = {}
    for name, value in figures.items():
        flat |= (
            {f"{name}_{key}": each for key, each in _flat(value).items()} if isinstance(value, dict) else {name: value}
        )
    return flat
