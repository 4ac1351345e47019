"""Feature rows under the specification of the model that serves: what it is asked with, brought up to date."""

from dataclasses import dataclass

from edge_export.bundle.shelf import BundleShelf
from edge_export.runtime.runtime import Runtime
from features.domain.home import Home
from features.domain.identifiers import TenantId
from features.domain.packs import Pack
from features.store.feast_store import FeastFeatures, open_features
from features.telemetry.influx.server import InfluxServer
from pipelines.building.build import BuiltFeatures, Progress, build_features
from pipelines.building.vectors import Build
from pipelines.train.data import read_tracks


@dataclass(frozen=True, slots=True)
class PromotedFeatures:
    """The feature store of the model that serves.

    Attributes:
        version: Of that model.
        features: The store, opened for its specification.
    """

    version: str
    features: FeastFeatures


def promoted_features(
    home: Home, pack: Pack, features_url: str | None = None, offline_url: str | None = None
) -> PromotedFeatures | None:
    """Open the feature store of the model that serves; None where none does yet.

    Args:
        home: The data folder.
        pack: The type of the machines.
        features_url: The Redis that holds the newest features, or None for SQLite; may carry a password.
        offline_url: Where offline feature rows lie, or None for the data folder.

    Raises:
        BundleCorrupt: If the bundle that serves is damaged.
    """
    place = BundleShelf(home.bundles).champion(pack.id)
    if place is None:
        return None
    runtime = Runtime.load(place)
    grades = pack.grade_by_signal
    features = open_features(home.root, runtime.specification, features_url, grades, offline_url)
    return PromotedFeatures(runtime.model.version, features)


def build_promoted(
    promoted: PromotedFeatures,
    home: Home,
    pack: Pack,
    tenant: TenantId,
    server: InfluxServer | None = None,
    progress: Progress | None = None,
    build: Build = build_features,
) -> BuiltFeatures:
    """Compute the rows of all lives as the model that serves has them, whatever the pack asks for by now.

    Args:
        promoted: Its feature store.
        home: The data folder.
        pack: The type of the machines.
        tenant: Whose machines.
        server: The InfluxDB that holds the telemetry, or None for SQLite.
        progress: Told of assets judged, then of lives done.
        build: Computes and writes the rows.
    """
    features = promoted.features
    tracks = read_tracks(home, pack, tenant, server, progress, features.specification)
    features.apply()
    return build(features, tenant, tracks, progress)
