"""Assets on record, with their identifiers and components."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select, update

from features.domain.assets import Asset, Component
from features.domain.identifiers import AssetId, Identifier, IdentifierScheme, TenantId
from features.records import tables
from features.records.database import insert_into, reading, writing
from features.records.errors import IdentifierTaken, RecordNotFound

UNCLAIMED: Mapping[str, str] = MappingProxyType({"quarantine": "unclaimed"})
"""The attributes of an asset of which nothing is known but the measurement under which its readings came."""

_AT_ONCE = 500  # names in one question; SQLite takes 32,766, PostgreSQL 65,535


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

    def add_missing(self, assets: Iterable[Asset]) -> int:
        """Put those assets on record that are not there; what is on record stays as it is. Return how many are new.

        Raises:
            IdentifierTaken: If an identifier of a new one belongs to another asset of the tenant.
        """
        with writing(self._engine) as connection:
            return sum(_add_missing(connection, asset) for asset in assets)

    def claim(self, tenant: TenantId, assets: Collection[AssetId], pack: str) -> int:
        """Give assets to a pack that are on record as unclaimed (`UNCLAIMED`), and no others; return how many."""
        found = [asset.id for asset in self.find_all(tenant, assets) if asset.attributes == UNCLAIMED]
        if not found:
            return 0
        mine = (tables.assets.c.tenant == tenant) & tables.assets.c.id.in_(found)
        with writing(self._engine) as connection:
            rows = connection.execute(select(tables.assets.c.id, tables.assets.c.attributes).where(mine)).all()
            still = [name for name, attributes in rows if attributes == UNCLAIMED]
            claimed = update(tables.assets).where(tables.assets.c.tenant == tenant, tables.assets.c.id.in_(still))
            return connection.execute(claimed.values(pack=pack, attributes={})).rowcount

    def get(self, tenant: TenantId, asset: AssetId) -> Asset:
        """Return an asset.

        Raises:
            RecordNotFound: If the tenant has no such asset.
        """
        found = self._select(tenant, [asset])
        if not found:
            raise RecordNotFound("an asset", asset)
        return found[0]

    def list_all(self, tenant: TenantId, pack: str | None = None) -> list[Asset]:
        """Return the tenant's assets, of one pack or of all, sorted by identity."""
        return [asset for asset in self._select(tenant, None) if pack is None or asset.pack == pack]

    def find_all(self, tenant: TenantId, assets: Collection[AssetId]) -> list[Asset]:
        """Return those of the named assets that are on record, sorted by identity."""
        names = sorted(set(assets))
        parts = [self._select(tenant, names[start : start + _AT_ONCE]) for start in range(0, len(names), _AT_ONCE)]
        return [asset for part in parts for asset in part]

    def find_by_identifier(self, tenant: TenantId, scheme: IdentifierScheme, value: str) -> Asset | None:
        """Return the tenant's asset that the world knows by this name, or None."""
        with reading(self._engine) as connection:
            owner = _owner(connection, tenant, scheme, value)
        return None if owner is None else self.get(tenant, owner)

    def _select(self, tenant: TenantId, assets: Collection[AssetId] | None) -> list[Asset]:
        query = select(tables.assets).where(tables.assets.c.tenant == tenant).order_by(tables.assets.c.id)
        if assets is not None:
            query = query.where(tables.assets.c.id.in_(assets))
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            parts = _parts(connection, tenant, assets) if rows else _Parts()
        return [_asset(row, parts) for row in rows]


def _put(connection: Connection, asset: Asset) -> None:
    key = {"tenant": asset.tenant, "id": asset.id}
    content = _content(asset)
    statement = insert_into(connection, tables.assets).values(**key, **content)
    connection.execute(statement.on_conflict_do_update(index_elements=["tenant", "id"], set_=content))
    for table in (tables.identifiers, tables.components):
        connection.execute(delete(table).where(table.c.tenant == asset.tenant, table.c.asset == asset.id))
    _put_parts(connection, asset)


def _add_missing(connection: Connection, asset: Asset) -> bool:
    row = {"tenant": asset.tenant, "id": asset.id, **_content(asset)}
    statement = insert_into(connection, tables.assets).values(row)
    is_new = connection.execute(statement.on_conflict_do_nothing()).rowcount == 1
    if is_new:
        _put_parts(connection, asset)
    return is_new


def _content(asset: Asset) -> dict[str, Any]:  # columns of several types
    return {
        "pack": asset.pack,
        "model": asset.model,
        "batch": asset.batch,
        "site": asset.site,
        "commissioned": asset.commissioned,
        "attributes": dict(asset.attributes),
    }


def _put_parts(connection: Connection, asset: Asset) -> None:
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


def _parts(connection: Connection, tenant: TenantId, assets: Collection[AssetId] | None) -> _Parts:
    parts = _Parts()
    for table in (tables.identifiers, tables.components):
        query = select(table).where(table.c.tenant == tenant).order_by(table.c.asset, table.c.place)
        if assets is not None:
            query = query.where(table.c.asset.in_(assets))
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
