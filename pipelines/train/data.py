"""What training reads: lives from the stores, split by machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.store.feast_store import FeastFeatures, open_features
from features.telemetry.influx.server import InfluxServer
from features.transforms.batch import compute
from features.transforms.specification import FeatureSpecification, pack_signals
from models.prognosis.folds import held_out
from models.prognosis.targets import LabelledVectors
from pipelines.building.build import Progress, build_features, fit_specification, label_rows
from pipelines.building.tracks import LifeTrack, life_tracks
from pipelines.building.vectors import Build, labelled_vectors, machines_of, training_rows
from pipelines.errors import NothingToTrain
from pipelines.train.identity import snapshot_sha256


@dataclass(frozen=True, slots=True)
class PreparedData:
    """Everything a training needs.

    Attributes:
        tracks: All lives.
        unseen: Machines held out.
        features: The feature store, filled for the fitted specification.
        feature_rows: Rows in it.
        training: Labelled rows of the training machines.
        held_out: Labelled rows of the others, as far as a forecast would be given; as `unseen_rows` has them.
        digest: SHA-256 of the training frame, the identity of the data.
        machines: Names of the training machines, in the order of their index in `training`.
    """

    pack: Pack
    tenant: TenantId
    tracks: Sequence[LifeTrack]
    unseen: frozenset[AssetId]
    features: FeastFeatures
    feature_rows: int
    training: LabelledVectors
    held_out: LabelledVectors
    digest: str
    machines: tuple[str, ...] = ()


def read_tracks(
    home: Home,
    pack: Pack,
    tenant: TenantId,
    server: InfluxServer | None = None,
    judging: Callable[[int, int], None] | None = None,
    specification: FeatureSpecification | None = None,
) -> list[LifeTrack]:
    """Read every life of a tenant's machines of one type with their events, without readings that are not good.

    Args:
        home: The data folder.
        pack: The type.
        tenant: Whose machines.
        server: The InfluxDB that holds the telemetry; None means SQLite in the data folder.
        judging: Told how many assets' readings are judged, and of how many; those judged before are left out.
        specification: Whose signals and rows of events are read; None means those that the pack asks for now.
    """
    from features.records.assets import AssetRecords  # lazy: sqlalchemy is for commands that read records
    from features.records.database import open_records
    from features.records.events import EventRecords
    from features.records.lives import LifeRecords
    from features.telemetry.opening import open_telemetry
    from pipelines.quality.opening import quality_refresh

    engine = open_records(home.records_url)
    assets = {asset.id for asset in AssetRecords(engine).list_all(tenant, pack.id)}
    epochs = [epoch for epoch in LifeRecords(engine).list_all(tenant) if epoch.asset in assets]
    signals = pack_signals(pack) if specification is None else specification.signals
    with open_telemetry(home, pack, server) as store:
        quality_refresh(store, engine, pack).catch_up(judging)
        wide = store.read_wide(tenant, signals=signals, assets=sorted(assets))
    rule = pack.features if specification is None else specification.rule
    return life_tracks(wide, epochs, signals, EventRecords(engine).list_all(tenant), rule)


def prepare(
    home: Home,
    pack: Pack,
    tenant: TenantId,
    tracks: Sequence[LifeTrack],
    held_out_share: float,
    progress: Progress | None = None,
    features_url: str | None = None,
    offline_url: str | None = None,
    build: Build = build_features,
) -> PreparedData:
    """Split by machine, fit features on the training machines, fill the feature store, join the labels.

    Raises:
        NothingToTrain: If there are no machines on one of the two sides.
    """
    assets = sorted({track.epoch.asset for track in tracks})
    unseen = frozenset(AssetId(asset) for asset in held_out(assets, held_out_share, pack.id))
    training = frozenset(assets) - unseen
    if not training or not unseen:
        raise NothingToTrain(
            f"Training must have machines to train on and others to be judged by; found {len(training)} and "
            f"{len(unseen)}. Bring telemetry and events of more machines."
        )
    specification = fit_specification(pack, tracks, training)
    features = open_features(home.root, specification, features_url, pack.grade_by_signal, offline_url)
    built, frame = training_rows(features, tenant, tracks, progress, build)
    seen = frame.filter(pl.col("asset").is_in(sorted(training)))
    others = frame.filter(pl.col("asset").is_in(sorted(unseen))).sort("asset", "event_timestamp")
    rows, machines = labelled_vectors(seen, specification), machines_of(seen)
    judged, digest = _forecast_rows(pack, labelled_vectors(others, specification)), snapshot_sha256(frame)
    return PreparedData(pack, tenant, tracks, unseen, features, built.rows, rows, judged, digest, machines)


def unseen_rows(specification: FeatureSpecification, data: PreparedData) -> LabelledVectors:
    """Compute rows of the held-out machines past the feature store, as far as a forecast would be given.

    For whole lives of a few of them (`pipelines.train.stories`); figures are made of `PreparedData.held_out`.
    """
    tracks = [track for track in data.tracks if track.epoch.asset in data.unseen]
    return _forecast_rows(data.pack, labelled_vectors(label_frame(specification, data.tenant, tracks), specification))


def label_frame(specification: FeatureSpecification, tenant: TenantId, tracks: Sequence[LifeTrack]) -> pl.DataFrame:
    """Compute labels with their features, past the feature store, in the form that `labelled_vectors` takes."""
    parts = []
    for track, life in zip(tracks, compute(specification, [track.rows for track in tracks]), strict=True):
        labels = label_rows(specification, tenant, track, life)
        kept = np.isin(track.time_us, labels["event_timestamp"].dt.timestamp("us").to_numpy())
        side = pl.DataFrame({"life": life.life[kept], "regime": life.regime[kept], "time_us": track.time_us[kept]})
        vectors = pl.DataFrame(life.vectors[kept], schema=list(specification.names))
        parts.append(pl.concat([labels, side, vectors], how="horizontal"))
    return pl.concat(parts).with_columns(life_number=pl.col("label_life"))


def _forecast_rows(pack: Pack, rows: LabelledVectors) -> LabelledVectors:
    return rows.take(rows.age >= pack.features.minimum_life)
