"""The feature store as the house sees it. Feast is imported when a store is opened, never before."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.store.address import check_offline_url
from features.store.errors import FeatureRowsMissing, FeatureStoreRefused, FeatureStoreUnavailable
from features.store.frames import asset_vectors
from features.store.names import ASSET, CREATED_TIME, EVENT_TIME, PROJECT, TENANT, view_name
from features.store.online import OnlineVector
from features.store.online_vectors import OnlineVectors
from features.store.opening import open_online, vectors_path
from features.transforms.specification import FeatureSpecification

if TYPE_CHECKING:
    from feast import FeatureStore

    from features.store.commits import Part
    from features.store.revision import Revision, Span
    from features.store.rows import OfflineRows, Snapshot


@dataclass(frozen=True, slots=True)
class FeastFeatures:
    """One feature specification in Feast: offline as Parquet, online as packed vectors in SQLite or Redis.

    Attributes:
        feast: The opened Feast store.
        specification: Whose features these are.
        place: Where the offline rows lie: a folder, or a URL of object storage.
        online: The newest vectors; reading and writing them goes past Feast, which has the same store behind it.
        grade_by_signal: Data grade of every signal, told to Feast as that of the features; None tells nothing.
    """

    feast: "FeatureStore"
    specification: FeatureSpecification
    place: str
    online: OnlineVectors
    grade_by_signal: Mapping[str, int] | None = None

    def apply(self) -> None:
        """Tell Feast of the entities, the view and the service. Doing it again changes nothing."""
        from features.store import definitions as d  # lazy: feast takes seconds to import

        view = d.feature_view(self.specification, self.place, self.grade_by_signal)
        service = d.feature_service(self.specification, view)
        with _translated("feature registry"):
            self.feast.apply([*d.entities(), view, service])

    def write_offline(self, rows: pl.DataFrame, part: str) -> None:
        """Write feature rows in one commit; the same part again takes its place.

        Args:
            rows: Columns tenant, asset, event_time, created_time, the features, life, regime, life_number, time_us.
            part: Name of what is written.
        """
        with _translated("offline store"):
            self.offline.append(rows, part)

    def append_offline(self, rows: pl.DataFrame) -> None:
        """Add versions of feature rows in one commit; none of those that are there changes.

        Args:
            rows: As for `write_offline`.
        """
        from features.store.compaction import merge_small, sweep  # lazy: whoever only reads online needs no Parquet

        with _translated("offline store"):
            self.offline.append(rows)
            if merge_small(self.offline):
                sweep(self.offline)

    @contextmanager
    def rebuild_offline(
        self, tenant: TenantId, read_at: datetime
    ) -> Iterator[Callable[[pl.DataFrame, Sequence["Span"]], int]]:
        """Add what a tenant's rows are now beside what they were, in one commit at the end of the block.

        When the block raises nothing changes. A row that is the same stays as it is, and whoever asks for what was
        known at a moment before `read_at` gets the answer of then.

        Args:
            tenant: Whose rows.
            read_at: A moment before the readings behind them were read: corrections are known from it on.

        Yields:
            A function that takes some of the rows and the spans of time that they fill, and returns how many
            versions that made; see `features.store.revision.Revision.versions`.
        """
        with self.rebuild_in_parts(tenant, read_at) as (revision, staged):

            def take(computed: pl.DataFrame, spans: Sequence["Span"]) -> int:
                with _translated("offline store"):
                    versions = revision.versions(computed, spans)
                    staged.extend(revision.rows.stage(versions, ""))
                return versions.height

            yield take

    @contextmanager
    def rebuild_in_parts(self, tenant: TenantId, read_at: datetime) -> Iterator[tuple["Revision", list["Part"]]]:
        """Do what `rebuild_offline` does where others write the rows, on machines of their own perhaps.

        Yields:
            The revision, which tells what is to be written, and a list to which the parts that were staged are added.
        """
        from features.store.compaction import merge_small, sweep  # lazy: whoever only reads online needs no Parquet
        from features.store.revision import Revision, stored_spans

        rows, staged = self.offline, list["Part"]()
        with _translated("offline store"):
            stored = rows.reading(lambda snapshot: stored_spans(snapshot, tenant))
        yield Revision(rows, tenant, read_at, False, stored), staged
        with _translated("offline store"):
            if staged:
                rows.publish(staged, lambda _: True)
                merge_small(rows)
            sweep(rows)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what the offline rows raise in the block into errors of ours."""
        with _translated("offline store"):
            yield

    @property
    def offline(self) -> "OfflineRows":
        """Return the offline rows, opened."""
        from features.store.rows import OfflineRows  # lazy: whoever only reads online needs no Parquet

        return OfflineRows.at(self.place)

    def training_frame(self, labels: pl.DataFrame) -> pl.DataFrame:
        """Join features to labels as they were known at each label's time.

        Args:
            labels: Columns tenant, asset, event_timestamp (UTC) and whatever else; all are kept, in order.

        Returns:
            The labels with the features and life, regime, life_number, time_us; null where nothing was known.

        Raises:
            FeatureRowsMissing: If no rows were built.
            FeatureStoreRefused: If the labels' times have no zone; Feast would take them for UTC.
        """
        from features.store import definitions as d  # lazy: feast takes seconds to import
        from features.store.polars_offline import in_utc

        labels = in_utc(labels)
        self.offline_snapshot()
        with _translated("offline store"):
            job = self.feast.get_historical_features(
                entity_df=labels.to_pandas(use_pyarrow_extension_array=True),  # strings are not copied one by one
                features=self.feast.get_feature_service(d.service_name(self.specification)),
                filter_by_created_timestamp=True,
            )
            return pl.DataFrame(pl.from_arrow(job.to_arrow()))

    def materialise(self) -> int:
        """Bring the newest offline row of every asset online, where it is newer than what is there.

        Returns:
            Number of assets written.

        Raises:
            FeatureRowsMissing: If no rows were built.
        """
        from features.store.versions import newest_of  # lazy: only this method needs it

        self.offline_snapshot()
        with _translated("offline store"):
            rows = self.offline.reading(lambda snapshot: snapshot.read())
        latest = newest_of(rows, [TENANT, ASSET], EVENT_TIME, CREATED_TIME)
        return self.online.write(asset_vectors(latest, self.specification), or_equal=False)

    def vector_as_of(
        self, tenant: TenantId, asset: AssetId, known_at: datetime, event_time: datetime | None = None
    ) -> OnlineVector | None:
        """Return the vector of an asset as it was known at a moment, whatever was corrected or filled in since.

        Args:
            tenant: Whose.
            asset: Which.
            known_at: The moment; the vector's age is counted to it, but for lives that are a bare count.
            event_time: Which row; None means the newest that was known.

        Returns:
            None where no such row was known, or where it was withdrawn before.

        Raises:
            FeatureRowsMissing: If no rows were built.
        """
        from features.store.revision import known_row  # lazy: only this method needs it

        self.offline_snapshot()
        with _translated("offline store"):
            found = self.offline.reading(lambda rows: known_row(rows, tenant, asset, known_at, event_time))
        now = None if self.online.counts_life else known_at
        vectors = [each.vector for each in asset_vectors(found, self.specification)]
        return next((self.online.told(tenant, asset, each, now) for each in vectors if each is not None), None)

    def offline_snapshot(self) -> "Snapshot":
        """Return the offline rows as they are now.

        Raises:
            FeatureRowsMissing: If no rows were built.
        """
        with _translated("offline store"):
            snapshot = self.offline.snapshot()
        if not snapshot.parts:
            raise FeatureRowsMissing(view_name(self.specification))
        return snapshot

    def write_online(self, rows: pl.DataFrame) -> int:
        """Write the newest vectors online; a row older than what is there is passed over.

        A row of the same time takes the place of the one there: a late or corrected reading changes a vector
        without making it newer.

        Args:
            rows: As for `write_offline`.

        Returns:
            Number of vectors written.

        Raises:
            FeatureStoreUnavailable: If the online store does not answer.
        """
        return self.online.write(asset_vectors(rows, self.specification))

    def read(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, OnlineVector]:
        """Return the newest vector of each asset that has one.

        Raises:
            FeatureStoreUnavailable: If the online store does not answer.
        """
        return self.online.read(tenant, assets)


def open_features(
    home: Path,
    specification: FeatureSpecification,
    online_url: str | None = None,
    grade_by_signal: Mapping[str, int] | None = None,
    offline_url: str | None = None,
) -> FeastFeatures:
    """Open the feature store of a home folder for one specification.

    Args:
        home: The data folder; the store lies in `features/` within.
        specification: Whose features.
        online_url: Address of the Redis that holds the newest vectors; None means SQLite in the data folder.
        grade_by_signal: Data grade of every signal of the pack; None tells Feast nothing of grades.
        offline_url: Where offline rows lie, such as s3://bucket/millwright; None means the data folder.

    Raises:
        InvalidValue: If an address cannot be right.
    """
    folder = Home(home.resolve()).features
    folder.mkdir(parents=True, exist_ok=True)
    offline = f"{offline_place(home, offline_url)}/{view_name(specification)}"
    online = open_online(home, specification, online_url)
    return FeastFeatures(
        _open_feast(folder, vectors_path(home), online_url), specification, offline, online, grade_by_signal
    )


def offline_place(home: Path, url: str | None = None) -> str:
    """Return where the offline rows of all views of an installation lie: a folder, or the URL that settings name.

    Raises:
        InvalidValue: If the URL cannot be right.
    """
    if url is None:
        return str(Home(home.resolve()).features / "offline")
    check_offline_url(url)
    return url.rstrip("/")


def _open_feast(folder: Path, online: Path, online_url: str | None) -> "FeatureStore":
    from feast import FeatureStore  # lazy: feast takes seconds to import
    from feast.repo_config import RepoConfig
    from pydantic import SecretStr

    described = _description(folder, online)
    _describe(folder, described, has_url=online_url is not None)
    url = None if online_url is None else SecretStr(online_url)
    with _translated("feature registry"):
        return FeatureStore(
            config=RepoConfig(**{**described, "online_store": {**described["online_store"], "url": url}})
        )


def _description(folder: Path, online: Path) -> dict[str, Any]:  # Any: Feast's configuration, which it checks itself
    return {
        "project": PROJECT,
        "provider": "local",
        "registry": {"path": str(folder / "registry.db")},
        "online_store": {"type": "features.store.feast_online.VectorOnlineStore", "path": str(online)},
        "offline_store": {"type": "features.store.polars_offline.PolarsOfflineStore"},
        "entity_key_serialization_version": 3,
    }


def _describe(folder: Path, described: dict[str, Any], *, has_url: bool) -> None:
    """Write `feature_store.yaml`, so that Feast's own tools open the store by its folder; no secret is in it.

    JSON is YAML too. The address of a Redis is taken from the environment, as Feast foresees.
    """
    online = described["online_store"] | ({"url": "${MILLWRIGHT_FEATURES_URL}"} if has_url else {})
    text = json.dumps(described | {"online_store": online}, indent=2) + "\n"
    file = folder / "feature_store.yaml"
    try:
        if not file.is_file() or file.read_text() != text:
            unfinished = folder / ".feature_store.unfinished"
            unfinished.write_text(text)
            unfinished.replace(file)
    except OSError as error:
        raise FeatureStoreUnavailable("feature registry", str(error)) from error


@contextmanager
def _translated(part: str) -> Iterator[None]:
    """Turn what Feast and its stores raise in the block into errors of ours."""
    from feast.errors import FeastError  # lazy: feast takes seconds to import
    from google.protobuf.message import Error as ProtobufError  # type: ignore[import-untyped]  # no stubs

    try:
        yield
    except FeastError as error:  # first, for one of them is an OSError too
        raise FeatureStoreRefused(f"The {part} refused: {error}") from error
    except (sqlite3.Error, OSError, ProtobufError, pl.exceptions.PolarsError) as error:
        raise FeatureStoreUnavailable(part, str(error)) from error
