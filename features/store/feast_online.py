"""Feast's interface to our online store: `get_online_features`, `write_to_online_store` and `materialize` work on it.

What Feast's own stores do and this one does not: overwrite a newer vector by an older event, and serve a vector that
is older than the view's ttl as if it were present. An expired one is served as null with the status NOT_FOUND, which
is all that Feast's protocol for stores can say; its event timestamp is told, so that one sees why.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from feast import Entity
from feast.feature_view import FeatureView
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.infra.online_stores.helpers import compute_versioned_name
from feast.infra.online_stores.online_store import OnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from pydantic import SecretStr

from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource
from features.domain.time import from_microseconds, microseconds
from features.store.feast_values import Layout
from features.store.names import ASSET, TENANT, stored_name
from features.store.opening import open_vectors
from features.store.packed import PackedVector, VectorKey, pack, unpack
from features.store.vectors import VectorStore

Row = tuple[EntityKey, dict[str, Value], datetime, datetime | None]
Answer = tuple[datetime | None, dict[str, Value] | None]

_NO_TENANT = TenantId("")


class VectorOnlineStoreConfig(FeastConfigBaseModel):
    """Configuration of the store.

    Attributes:
        path: The file, where it is SQLite.
        url: Address of a Redis, with its password; None means SQLite.
    """

    type: Literal["features.store.feast_online.VectorOnlineStore"] = "features.store.feast_online.VectorOnlineStore"
    path: str
    url: SecretStr | None = None


class VectorOnlineStore(OnlineStore):
    """Feast's online store over a `VectorStore`."""

    _vectors: VectorStore | None = None
    _known: tuple[FeatureView, list[str] | None, Layout] | None = None

    def online_write_batch(
        self,
        config: RepoConfig,
        table: FeatureView,
        data: list[Row],
        progress: Callable[[int], Any] | None,  # Any: nobody looks at what it returns
    ) -> None:
        """Write rows that are newer than those there, all of them in one transaction.

        Raises:
            FeatureStoreRefused: If a row of a view of ours lacks what such a row has.
            FeatureStoreUnavailable: If the store does not answer.
        """
        layout, view = Layout.of(table), _view(config, table)
        rows = [PackedVector(_key(view, row[0]), _packed(layout, row)) for row in data]
        self._store(config).write(rows)
        if progress is not None:
            progress(len(data))

    def online_read(
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: list[EntityKey],
        requested_features: list[str] | None = None,
    ) -> list[Answer]:
        """Return event time and values of each entity in one round trip per tenant; without values where expired.

        Raises:
            FeatureStoreUnavailable: If the store does not answer.
        """
        view, layout = _view(config, table), self._layout(table, requested_features)
        keys = [_key(view, key) for key in entity_keys]
        found: dict[tuple[TenantId, AssetId], bytes] = {}
        for tenant in dict.fromkeys(key.tenant for key in keys):
            assets = [key.asset for key in keys if key.tenant == tenant]
            read = self._store(config).read(tenant, view, assets)
            found |= {(tenant, asset): content for asset, content in read.items()}
        oldest_us = _oldest_us(table)
        return [_answer(layout, found.get((key.tenant, key.asset)), oldest_us) for key in keys]

    def update(
        self,
        config: RepoConfig,
        tables_to_delete: Sequence[FeatureView],
        tables_to_keep: Sequence[FeatureView],
        entities_to_delete: Sequence[Entity],
        entities_to_keep: Sequence[Entity],
        partial: bool,
    ) -> None:
        """Make room for views that are applied, and forget those that were deleted."""
        store = self._store(config)
        for table in tables_to_delete:
            store.drop(_view(config, table))
        for table in tables_to_keep:
            store.create(_view(config, table))

    def teardown(self, config: RepoConfig, tables: Sequence[FeatureView], entities: Sequence[Entity]) -> None:
        """Forget the views."""
        for table in tables:
            self._store(config).drop(_view(config, table))

    def _layout(self, table: FeatureView, wanted: list[str] | None) -> Layout:
        """Return where the values are; whoever asks again and again asks with the same view of Feast's cache."""
        known = self._known
        if known is not None and known[0] is table and known[1] == wanted:
            return known[2]
        layout = Layout.of(table, wanted)
        self._known = table, None if wanted is None else list(wanted), layout
        return layout

    def _store(self, config: RepoConfig) -> VectorStore:
        if self._vectors is None:
            chosen = config.online_store
            url = None if chosen.url is None else chosen.url.get_secret_value()
            self._vectors = open_vectors(_path(config, chosen.path), url)
        return self._vectors


def _path(config: RepoConfig, path: str) -> Path:
    return Path(path) if config.repo_path is None else config.repo_path / path


def _view(config: RepoConfig, table: FeatureView) -> str:
    name = compute_versioned_name(table, config.registry.enable_online_feature_view_versioning)
    return stored_name(config.project, name)


def _key(view: str, key: EntityKey) -> VectorKey:
    """Return whose vector is meant; views of other entities than ours are kept under the whole key."""
    if list(key.join_keys) == [TENANT, ASSET]:
        tenant, asset = key.entity_values
    elif list(key.join_keys) == [ASSET, TENANT]:
        asset, tenant = key.entity_values
    else:
        whole = serialize_entity_key(key, entity_key_serialization_version=3)
        return VectorKey(_NO_TENANT, view, AssetId(whole.hex()))
    return VectorKey(TenantId(tenant.string_val), view, AssetId(asset.string_val))


def _packed(layout: Layout, row: Row) -> bytes:
    _, values, event, created = row
    event_us = _microseconds(event)
    return pack(layout.vector(values, event_us, event_us if created is None else _microseconds(created)))


def _microseconds(moment: datetime) -> int:
    """Return µs since 1970; Feast's times without a zone are in UTC."""
    return microseconds(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def _oldest_us(table: FeatureView) -> int | None:
    """Return the event time before which a vector is expired; None where no clock tells."""
    counts_life = table.tags.get("life_source") == LifeSource.COUNT
    if not table.ttl or counts_life:
        return None
    return microseconds(datetime.now(UTC)) - table.ttl // timedelta(microseconds=1)


def _answer(layout: Layout, content: bytes | None, oldest_us: int | None) -> Answer:
    if content is None:
        return None, None
    vector = unpack(content)
    time = from_microseconds(vector.time_us)
    if oldest_us is not None and vector.time_us < oldest_us:
        return time, None
    return time, layout.values(vector)
