"""Assets on record, with their identifiers and components."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select

from features.domain.assets import Asset, Component
from features.domain.identifiers import AssetId, Identifier, IdentifierScheme, TenantId
from features.records import tables
from features.records.database import insert_into, reading, writing
from features.records.errors import IdentifierTaken, RecordNotFound


@dataclass(frozen=True, slots=True)
class _Parts:
    """What hangs on assets, by asset."""

    identifiers: Mapping[str, list[Identifier]] = field(default_factory=lambda: defaultdict(list))
    components: Mapping[str, list[Component]] = field(default_factory=lambda: defaultdict(list))


class AssetRecords:
    """The assets of every tenant; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, asset: Asset) -> None:
        """Put an asset on record, in place of what was known of it.

        Raises:
            IdentifierTaken: If one of its identifiers belongs to another asset of the tenant.
        """
        self.put_all([asset])

    def put_all(self, assets: Iterable[Asset]) -> None:
        """Put several assets on record: all of them or, if one is refused, none.

        Raises:
            IdentifierTaken: If an identifier belongs to another asset of the tenant.
        """
        with writing(self._engine) as connection:
            for asset in assets:
                _put(connection, asset)

    def get(self, tenant: TenantId, asset: AssetId) -> Asset:
        """Return an asset.

        Raises:
            RecordNotFound: If the tenant has no such asset.
        """
        found = self._select(tenant, asset)
        if not found:
            raise RecordNotFound("an asset", asset)
        return found[0]

    def list_all(self, tenant: TenantId, pack: str | None = None) -> list[Asset]:
        """Return the tenant's assets, of one pack or of all, sorted by identity."""
        return [asset for asset in self._select(tenant, None) if pack is None or asset.pack == pack]

    def find_by_identifier(self, tenant: TenantId, scheme: IdentifierScheme, value: str) -> Asset | None:
        """Return the tenant's asset that the world knows by this name, or None."""
        with reading(self._engine) as connection:
            owner = _owner(connection, tenant, scheme, value)
        return None if owner is None else self.get(tenant, owner)

    def _select(self, tenant: TenantId, asset: AssetId | None) -> list[Asset]:
        query = select(tables.assets).where(tables.assets.c.tenant == tenant).order_by(tables.assets.c.id)
        if asset is not None:
            query = query.where(tables.assets.c.id == asset)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            parts = _parts(connection, tenant, asset) if rows else _Parts()
        return [_asset(row, parts) for row in rows]


def _put(connection: Connection, asset: Asset) -> None:
    key = {"tenant": asset.tenant, "id": asset.id}
    content: dict[str, Any] = {  # columns of several types
        "pack": asset.pack,
        "model": asset.model,
        "batch": asset.batch,
        "site": asset.site,
        "commissioned": asset.commissioned,
        "attributes": dict(asset.attributes),
    }
    statement = insert_into(connection, tables.assets).values(**key, **content)
    connection.execute(statement.on_conflict_do_update(index_elements=["tenant", "id"], set_=content))
    for table in (tables.identifiers, tables.components):
        connection.execute(delete(table).where(table.c.tenant == asset.tenant, table.c.asset == asset.id))
    owned = {"tenant": asset.tenant, "asset": asset.id}
    for place, name in enumerate(asset.identifiers):
        _refuse_taken(connection, asset, name)
        row = owned | {"place": place, "scheme": name.scheme, "value": name.value, "is_primary": name.is_primary}
        connection.execute(insert(tables.identifiers).values(row))
    for place, part in enumerate(asset.components):
        connection.execute(insert(tables.components).values(owned | {"place": place, "id": part.id, "name": part.name}))


def _refuse_taken(connection: Connection, asset: Asset, name: Identifier) -> None:
    owner = _owner(connection, asset.tenant, name.scheme, name.value)
    if owner is not None:
        raise IdentifierTaken(
            f"identifier {name.scheme.value} {name.value!r} of asset {asset.id}",
            must="belong to no other asset",
            found=f"it belongs to {owner}",
            remedy="Give it to one of the two.",
        )


def _owner(connection: Connection, tenant: TenantId, scheme: IdentifierScheme, value: str) -> AssetId | None:
    table = tables.identifiers
    query = select(table.c.asset).where(
        table.c.tenant == tenant, table.c.scheme == scheme.value, table.c.value == value
    )
    return connection.execute(query).scalar_one_or_none()


def _parts(connection: Connection, tenant: TenantId, asset: AssetId | None) -> _Parts:
    parts = _Parts()
    for table in (tables.identifiers, tables.components):
        query = select(table).where(table.c.tenant == tenant).order_by(table.c.asset, table.c.place)
        if asset is not None:
            query = query.where(table.c.asset == asset)
        for row in connection.execute(query).mappings():
            if table is tables.identifiers:
                name = Identifier(IdentifierScheme(row["scheme"]), row["value"], row["is_primary"])
                parts.identifiers[row["asset"]].append(name)
            else:
                parts.components[row["asset"]].append(Component(row["id"], row["name"]))
    return parts


def _asset(row: RowMapping, parts: _Parts) -> Asset:
    return Asset(
        tenant=TenantId(row["tenant"]),
        id=AssetId(row["id"]),
        pack=row["pack"],
        model=row["model"],
        batch=row["batch"],
        site=row["site"],
        commissioned=row["commissioned"],
        identifiers=tuple(parts.identifiers[row["id"]]),
        components=tuple(parts.components[row["id"]]),
        attributes=MappingProxyType(dict(row["attributes"])),
    )
