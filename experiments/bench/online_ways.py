"""The same vectors in Feast's own online store and in ours, and the ways of asking for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import Float32, String
from numpy.typing import NDArray

from experiments.bench.errors import OutputsDiffer
from experiments.bench.online_latency import Ask
from features.domain.identifiers import AssetId, TenantId
from features.store.names import PROJECT, stored_name
from features.store.online_vectors import OnlineVectors
from features.store.opening import open_vectors

FEAST, SDK, HOT = "feast", "ours_sdk", "ours_hot_path"
_TENANT, _VIEW = TenantId("bench"), "bench"
_TTL = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The newest vectors of some machines.

    Attributes:
        assets: Names of the machines.
        names: Names of the features.
        rows: As Feast takes them; one value in fifty is unknown.
    """

    assets: tuple[AssetId, ...]
    names: tuple[str, ...]
    rows: pd.DataFrame

    @staticmethod
    def of(assets: int, features: int) -> "Fleet":
        """Return a fleet, the same again for the same sizes."""
        random = np.random.default_rng(7)
        values = random.normal(size=(assets, features)).astype(np.float32)
        values[random.random(values.shape) < 0.02] = np.nan
        ids = tuple(AssetId(f"machine-{number:04d}") for number in range(assets))
        names = tuple(f"feature_{number:02d}" for number in range(features))
        now = datetime.now(UTC).replace(microsecond=0)
        keys = {"tenant": _TENANT, "asset": list(ids), "event_time": now, "created_time": now}
        return Fleet(ids, names, pd.DataFrame({**keys, **dict(zip(names, values.T, strict=True))}))

    @property
    def values(self) -> NDArray[np.float32]:
        """What every way must answer; NaN where unknown. Shape (asset, feature)."""
        return np.asarray(self.rows[list(self.names)], np.float32)


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways of asking for a fleet's vectors in one kind of store.

    Attributes:
        stores: Opened Feast stores, by way.
        hot_path: Ours without Feast.
    """

    fleet: Fleet
    stores: Mapping[str, FeatureStore]
    hot_path: OnlineVectors

    def asks(self, count: int) -> dict[str, Ask]:
        """Return every way of asking for so many assets, others with each question."""

        def ask_sdk(store: FeatureStore, number: int) -> dict[str, Any]:  # Any: Feast's
            rows = [{"tenant": _TENANT, "asset": asset} for asset in self._chosen(number, count)]
            return store.get_online_features(features=self._references, entity_rows=rows).to_dict()

        asks: dict[str, Ask] = {name: partial(ask_sdk, store) for name, store in self.stores.items()}
        return asks | {HOT: lambda number: self.hot_path.read(_TENANT, self._chosen(number, count))}

    def require_same(self) -> None:
        """Check that every way answers what was written, for one asset and for all.

        Raises:
            OutputsDiffer: If one does not.
        """
        for count in (1, len(self.fleet.assets)):
            for name, ask in self.asks(count).items():
                for number in range(3):
                    self._require(name, ask(number), self._chosen(number, count))

    def close(self) -> None:
        """Forget what was written, and let go of the stores."""
        for store in self.stores.values():
            store.teardown()  # type: ignore[no-untyped-call]  # Feast's
        self.hot_path.store.close()

    @property
    def _references(self) -> list[str]:
        return [f"{_VIEW}:{name}" for name in self.fleet.names]

    def _chosen(self, number: int, count: int) -> list[AssetId]:
        assets = self.fleet.assets
        return [assets[(number + place) % len(assets)] for place in range(count)]

    def _require(self, name: str, answer: Any, asked: Sequence[AssetId]) -> None:  # Any: of any way
        if name == HOT:
            found = np.array([answer[asset].values for asset in asked])
            expired = [asset for asset in asked if answer[asset].is_expired]
        else:
            found = np.array([answer[feature] for feature in self.fleet.names], np.float32).T
            expired = []
        place = {asset: index for index, asset in enumerate(self.fleet.assets)}
        expected = self.fleet.values[[place[asset] for asset in asked]]
        if expired or not np.array_equal(found, expected, equal_nan=True):
            raise OutputsDiffer("what was written", name, f"{found.shape} for {len(asked)} assets, {expired} expired")


def open_ways(fleet: Fleet, folder: Path, redis_port: int | None) -> Ways:
    """Write a fleet to Feast's own store and to ours, and open every way of asking.

    Args:
        fleet: What is written.
        folder: Where the files lie.
        redis_port: Port of a Redis on loopback; None means SQLite.
    """
    if redis_port is None:
        theirs: dict[str, str | None] = {"type": "sqlite", "path": str(folder / "feast.sqlite")}
        url = None
    else:
        theirs = {"type": "redis", "connection_string": f"127.0.0.1:{redis_port},db=0"}
        url = f"redis://127.0.0.1:{redis_port}/1"
    path = folder / "ours.sqlite"
    ours = {"type": "features.store.feast_online.VectorOnlineStore", "path": str(path), "url": url}
    stores = {FEAST: _store(fleet, folder / "feast", theirs), SDK: _store(fleet, folder / "ours", ours)}
    view = stored_name(PROJECT, _VIEW)
    hot_path = OnlineVectors(open_vectors(path, url), view, len(fleet.names), "", _TTL, counts_life=False)
    return Ways(fleet, stores, hot_path)


def _store(fleet: Fleet, folder: Path, online: dict[str, str | None]) -> FeatureStore:
    folder.mkdir()
    store = FeatureStore(
        config=RepoConfig(
            project=PROJECT,
            provider="local",
            registry=RegistryConfig(path=str(folder / "registry.db")),
            online_store=online,
            entity_key_serialization_version=3,
        )
    )
    entities = [Entity(name=name, join_keys=[name], value_type=ValueType.STRING) for name in ("tenant", "asset")]
    schema = [Field(name=name, dtype=String) for name in ("tenant", "asset")]
    schema += [Field(name=name, dtype=Float32) for name in fleet.names]
    source = FileSource(
        name="rows", path=str(folder), timestamp_field="event_time", created_timestamp_column="created_time"
    )
    view = FeatureView(name=_VIEW, entities=entities, schema=schema, source=source, ttl=_TTL)
    store.apply([*entities, view])
    store.write_to_online_store(_VIEW, df=fleet.rows)
    return store
