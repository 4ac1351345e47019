"""The feature store as the house sees it. Feast is imported when a store is opened, never before."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import from_microseconds
from features.store.errors import FeatureRowsMissing, FeatureStoreRefused, FeatureStoreUnavailable
from features.store.online import OnlineVector
from features.transforms.specification import FeatureSpecification

if TYPE_CHECKING:
    from feast import FeatureStore


@dataclass(frozen=True, slots=True)
class FeastFeatures:
    """One feature specification in Feast: offline as Parquet, online in Feast's SQLite store.

    Attributes:
        feast: The opened Feast store.
        specification: Whose features these are.
        folder: Where the offline rows lie.
    """

    feast: "FeatureStore"
    specification: FeatureSpecification
    folder: Path

    def apply(self) -> None:
        """Tell Feast of the entities, the view and the service. Doing it again changes nothing."""
        from features.store import definitions as d  # lazy: feast takes seconds to import

        self.folder.mkdir(parents=True, exist_ok=True)
        view = d.feature_view(self.specification, self.folder)
        service = d.feature_service(self.specification, view)
        with _translated("feature registry"):
            self.feast.apply([*d.entities(), view, service])

    def write_offline(self, rows: pl.DataFrame, part: str) -> None:
        """Write feature rows as one file; the same part again replaces it.

        Args:
            rows: Columns tenant, asset, event_time, created_time, the features, life, regime, life_number, time_us.
            part: Name of the file, without ending.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f".{part}.unfinished"
        rows.write_parquet(unfinished, compression="zstd", compression_level=1)
        unfinished.replace(self.folder / f"{part}.parquet")

    def keep_offline(self, prefix: str, parts: Collection[str]) -> None:
        """Remove files of earlier builds that begin with `prefix` and are not among `parts`."""
        for file in self.folder.glob(f"{prefix}*.parquet"):
            if file.stem not in parts:
                file.unlink()

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

        if not any(self.folder.glob("*.parquet")):
            raise FeatureRowsMissing(d.view_name(self.specification))
        labels = in_utc(labels)
        with _translated("offline store"):
            job = self.feast.get_historical_features(
                entity_df=labels.to_pandas(),
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
        from features.store import definitions as d  # lazy: feast takes seconds to import
        from features.store.asof import newest

        if not any(self.folder.glob("*.parquet")):
            raise FeatureRowsMissing(d.view_name(self.specification))
        with _translated("offline store"):
            rows = pl.scan_parquet(self.folder / "*.parquet").collect()
        return self._write_online(newest(rows, [d.TENANT, d.ASSET], d.EVENT_TIME, d.CREATED_TIME), or_equal=False)

    def write_online(self, rows: pl.DataFrame) -> int:
        """Write the newest vectors online; a row older than what is there is passed over.

        A row of the same time takes the place of the one there: a late or corrected reading changes a vector
        without making it newer. Feast's SQLite store would let an older event overwrite a newer one, so the
        guard stands here.

        Args:
            rows: As for `write_offline`, one row per asset.

        Returns:
            Number of assets written.
        """
        return self._write_online(rows, or_equal=True)

    def _write_online(self, rows: pl.DataFrame, *, or_equal: bool) -> int:
        from features.store import definitions as d  # lazy: feast takes seconds to import

        newer = [part.filter(self._is_newer(part, or_equal)) for part in rows.partition_by(d.TENANT)]
        frame = pl.concat(newer) if newer else rows
        if frame.is_empty():
            return 0
        self._reconnect()
        with _translated("online store"):
            self.feast.write_to_online_store(d.view_name(self.specification), df=frame.to_pandas())
        return frame.height

    def read(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, OnlineVector]:
        """Return the newest vector of each asset that has one.

        Raises:
            FeatureStoreUnavailable: If the online store does not answer.
        """
        from features.store import definitions as d  # lazy: feast takes seconds to import

        if not assets:
            return {}
        self._reconnect()
        with _translated("online store"):
            view = d.view_name(self.specification)
            names = [*self.specification.names, *d.SIDE_FIELDS]
            response = self.feast.get_online_features(
                features=[f"{view}:{name}" for name in names],
                entity_rows=[{d.TENANT: tenant, d.ASSET: asset} for asset in assets],
            )
            columns = response.to_dict()
        return self._vectors(tenant, assets, columns)

    def _reconnect(self) -> None:
        """Let go of Feast's connection: it would go on for ever with a file that was moved away or replaced since.

        Raises:
            FeatureStoreUnavailable: If the file is gone; Feast would make an empty one.
        """
        with _translated("online store"):
            store = self.feast._get_provider().online_store
            connection, store._conn = store._conn, None  # type: ignore[attr-defined]  # of the SQLite store that we chose
            if connection is not None:
                connection.close()
            if not Path(self.feast.config.online_store.path).is_file():
                raise FeatureStoreUnavailable("online store", "its file is gone. Build the features again")

    def _is_newer(self, rows: pl.DataFrame, or_equal: bool) -> pl.Series:
        from features.store import definitions as d  # lazy: feast takes seconds to import

        tenant = TenantId(rows[d.TENANT][0])
        present = self.read(tenant, [AssetId(asset) for asset in rows[d.ASSET]])
        known = [present.get(AssetId(asset)) for asset in rows[d.ASSET]]
        times = [None if vector is None else vector.time for vector in known]
        floor = pl.Series(times, dtype=pl.Datetime("us", "UTC"))
        is_newer = rows[d.EVENT_TIME] >= floor if or_equal else rows[d.EVENT_TIME] > floor
        return is_newer.fill_null(value=True)

    def _vectors(
        self, tenant: TenantId, assets: Sequence[AssetId], columns: dict[str, list[float | int | None]]
    ) -> dict[AssetId, OnlineVector]:
        from features.store import definitions as d  # lazy: feast takes seconds to import

        matrix = np.array([columns[name] for name in self.specification.names], dtype=np.float32).T
        found = {}
        for index, asset in enumerate(assets):
            time = columns[d.TIME_US][index]
            life, regime = columns[d.LIFE][index], columns[d.REGIME][index]
            if time is None or life is None or regime is None:
                continue
            moment, sha256 = from_microseconds(int(time)), self.specification.sha256
            found[asset] = OnlineVector(tenant, asset, moment, matrix[index], float(life), int(regime), sha256)
        return found


def open_features(home: Path, specification: FeatureSpecification) -> FeastFeatures:
    """Open the feature store of a home folder for one specification.

    Args:
        home: The data folder; the store lies in `features/` within.
        specification: Whose features.
    """
    folder = Home(home.resolve()).features
    folder.mkdir(parents=True, exist_ok=True)
    offline = folder / "offline" / f"{specification.view}_{specification.sha256[:12]}"
    return FeastFeatures(_open_feast(folder), specification, offline)


def _open_feast(folder: Path) -> "FeatureStore":
    from feast import FeatureStore  # lazy: feast takes seconds to import
    from feast.repo_config import RegistryConfig, RepoConfig

    with _translated("feature registry"):
        return FeatureStore(
            config=RepoConfig(
                project="millwright",
                provider="local",
                registry=RegistryConfig(path=str(folder / "registry.db")),
                online_store={"type": "sqlite", "path": str(folder / "online.sqlite")},
                offline_store={"type": "features.store.polars_offline.PolarsOfflineStore"},
                entity_key_serialization_version=3,
            )
        )


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
