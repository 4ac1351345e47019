"""One promotion: the challenger that runs in shadow against the champion, from the stores to a changed alias."""

from dataclasses import dataclass, field

from edge_export.bundle.reading import VerifiedBundle
from edge_export.bundle.shelf import BundleShelf, refuse_distilled, refuse_watching
from edge_export.runtime.runtime import Runtime
from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.records.assets import AssetRecords
from features.records.database import open_records
from features.records.shadows import ShadowRecords
from features.telemetry.influx.server import InfluxServer
from models.prognosis.folds import held_out
from models.registry.address import tracking_of
from models.registry.registry import CHALLENGER, HELD_OUT_SHARE, ModelRegistry, prognosis_name
from pipelines.aliases import follow_shelf, lag, registered_version
from pipelines.errors import NothingPromoted, NothingToJudgeBy, NothingToPromote, TrainingUnknown
from pipelines.progress import Stages
from pipelines.promote.contest import contest
from pipelines.promote.examining import Examine, examine
from pipelines.promote.finding import Promotion
from pipelines.promote.first import judge_first
from pipelines.promote.shadow import check_shadow
from pipelines.train.data import read_tracks


@dataclass(frozen=True, slots=True)
class PromotionOrder:
    """What to promote, where.

    Attributes:
        held_out_share: Share of machines that no model trains on, where a version does not say its own.
        shadow_hours: How long a challenger has to run in shadow; 0 for not at all.
        version: The challenger; None for the one in shadow, else the one that MLflow calls challenger.
        server: The InfluxDB that holds the telemetry, or None for SQLite.
        tracking_url: The MLflow server, or None for a database in the data folder.
    """

    home: Home
    pack: Pack
    tenant: TenantId
    held_out_share: float
    shadow_hours: float
    version: str | None = None
    server: InfluxServer | None = field(default=None, repr=False)
    tracking_url: str | None = None

    @property
    def model_name(self) -> str:
        """Name of the registered model."""
        return prognosis_name(self.pack.id)

    @property
    def shelf(self) -> BundleShelf:
        """Where bundles lie."""
        return BundleShelf(self.home.bundles)

    @property
    def registry(self) -> ModelRegistry:
        """The registry of the installation."""
        return ModelRegistry(tracking_of(self.home, self.tracking_url))


@dataclass(frozen=True, slots=True)
class PromotionOutcome:
    """What became of it.

    Attributes:
        champion: Version that served before.
        challenger: Version that was judged.
        is_promoted: Whether it serves from now on.
        warning: Why MLflow's aliases do not say so yet, for people; None where they do.
    """

    champion: str
    challenger: str
    promotion: Promotion
    is_promoted: bool
    warning: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        told: dict[str, object] = {
            "champion": self.champion,
            "challenger": self.challenger,
            "promoted": self.is_promoted,
            "warning": self.warning,
        }
        return {**told, **self.promotion.to_dict()}


@dataclass(frozen=True, slots=True)
class RollBack:
    """What became of going back.

    Attributes:
        version: The one that serves again.
        warning: Why MLflow's aliases do not say so yet, for people; None where they do.
    """

    version: str
    warning: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"champion": self.version, "rolled_back": True, "warning": self.warning}


def promote(
    order: PromotionOrder, stages: Stages, *, is_rehearsal: bool = False, examining: Examine = examine
) -> PromotionOutcome:
    """Judge the challenger against the champion, and let it serve if every check holds.

    Where what serves makes no forecasts, there is nothing to be better than: its own figures count, and it need not
    have run in shadow.

    The shelf decides what serves. MLflow's aliases follow it; where they cannot, the challenger serves all the same and
    the outcome warns, and the next promotion, or `repair`, makes them follow.

    Args:
        order: What and where.
        stages: Told of the work.
        is_rehearsal: Judge only.
        examining: The checks but that of the shadow.

    Raises:
        NothingPromoted: If there is no champion yet: `train` promotes the first model.
        NothingToPromote: If there is no challenger, or it is the champion.
        BundleRefused: If the challenger is distilled from another version, for gateways, or makes no forecasts.
        NothingToJudgeBy: If no machine that neither model saw has lived.
        TrainingUnknown: If MLflow does not know how the challenger was trained.
        RegistryUnavailable: If an MLflow server does not answer; nothing was changed then.
    """
    order.registry.tracking.check()
    if not is_rehearsal:
        repair(order)  # what an earlier one left, for example when it was cut off
    serving = order.shelf.champion_bundle(order.pack.id)
    if serving is None:
        raise NothingPromoted(order.pack.id)
    challenger = Runtime.load(_challenger(order, serving.manifest.version))
    promotion = _judged(order, Runtime.load(serving), challenger, stages, examining)
    is_promoted = promotion.is_deserved and not is_rehearsal
    warning = _serve(order, challenger.model.version) if is_promoted else None
    return PromotionOutcome(serving.manifest.version, challenger.model.version, promotion, is_promoted, warning)


def _judged(
    order: PromotionOrder, champion: Runtime, challenger: Runtime, stages: Stages, examining: Examine
) -> Promotion:
    if champion.graph is None:
        return judge_first(order.registry, challenger)
    with stages.stage("readings of unseen machines") as tell:
        tracks = read_tracks(order.home, order.pack, order.tenant, order.server, tell)
        unseen = held_out(
            sorted({track.epoch.asset for track in tracks}), _share(order, champion, challenger), order.pack.id
        )
    chosen = [track for track in tracks if track.epoch.asset in unseen]
    if not chosen:
        raise NothingToJudgeBy(order.pack.id, len(tracks))
    with stages.stage("comparison"):
        records = open_records(order.home.records_url)
        assets = {AssetId(each.id): each for each in AssetRecords(records).list_all(order.tenant, order.pack.id)}
        trial = contest(order.pack, order.tenant, chosen, champion, challenger, assets)
        evidence = ShadowRecords(records).evidence(order.tenant, challenger.model.bundle_sha256)
        return Promotion.of(examining(trial, champion, challenger), check_shadow(evidence, order.shadow_hours))


def repair(order: PromotionOrder) -> str | None:
    """Finish what a promotion left that was cut off: nobody runs in its own shadow, and MLflow's aliases follow.

    Returns:
        Why the aliases do not follow, for people; None where they do.

    Raises:
        RegistryUnavailable: If MLflow does not answer.
        RegistryRefused: If MLflow refuses to tell.
    """
    standing = order.shelf.standing(order.pack.id)
    if standing.champion is not None and standing.champion == standing.shadow:
        order.shelf.cast_shadow(order.pack.id, None)
    if lag(order.registry, order.shelf, order.pack.id) is None:
        return None
    return follow_shelf(order.registry, order.shelf, order.pack.id)


def roll_back(order: PromotionOrder) -> RollBack:
    """Make the champion before the present one serve again; whatever runs in shadow ends.

    Returns:
        Its version. It serves whether or not MLflow could be told: raising would ask for another try, which goes back
        once more.

    Raises:
        BundleMissing: If there was none before.
    """
    version = order.shelf.roll_back(order.pack.id)
    order.shelf.cast_shadow(order.pack.id, None)
    return RollBack(version, follow_shelf(order.registry, order.shelf, order.pack.id))


def _challenger(order: PromotionOrder, serving: str) -> VerifiedBundle:
    pack_id, shelf = order.pack.id, order.shelf
    shadow = shelf.shadow(pack_id)
    version = order.version or (None if shadow is None else shadow.name)
    version = version or _own_challenger(order, serving)
    if version == serving:
        raise NothingToPromote(pack_id, serving)
    bundle = shelf.bundle(pack_id, version)
    refuse_distilled(bundle.manifest)
    refuse_watching(bundle.manifest)
    return bundle


def _own_challenger(order: PromotionOrder, champion: str) -> str:
    """Return the version that MLflow calls challenger, which at a shared server may be of another installation."""
    version = order.registry.version_of(order.model_name, CHALLENGER)
    if version is None:
        raise NothingToPromote(order.pack.id, champion)
    sha256 = order.registry.bundle_of(order.model_name, version)
    bundle = None if sha256 is None else order.shelf.find(sha256)
    if bundle is None:
        raise NothingToPromote(order.pack.id, champion, elsewhere=version)
    return bundle.manifest.version


def _share(order: PromotionOrder, champion: Runtime, challenger: Runtime) -> float:
    """Return the share of machines that none of the models saw: splits hang on names, so the smallest lies in all.

    A champion whose training is not known here may have seen some of them, which favours it: a challenger that costs
    less does so in spite of that. A challenger of which nothing is known would be favoured itself.
    """
    theirs = _held_out_share(order, challenger)
    if theirs is None:
        raise TrainingUnknown(order.pack.id, challenger.model.version)
    ours = _held_out_share(order, champion)
    return theirs if ours is None else min(ours, theirs)


def _held_out_share(order: PromotionOrder, runtime: Runtime) -> float | None:
    version = registered_version(order.registry, runtime.bundle)
    if version is None:
        return None
    return float(order.registry.tags_of(order.model_name, version).get(HELD_OUT_SHARE, order.held_out_share))


def _serve(order: PromotionOrder, version: str) -> str | None:
    order.shelf.promote(order.pack.id, version)
    order.shelf.cast_shadow(order.pack.id, None)
    return follow_shelf(order.registry, order.shelf, order.pack.id)
