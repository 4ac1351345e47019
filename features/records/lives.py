"""Life epochs on record: derived from readings and events, and replaced whenever these change."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, delete, insert, select

from features.domain.events import EventKind, LifeEpoch
from features.domain.identifiers import AssetId, TenantId
from features.records.database import reading, writing
from features.records.errors import ConflictingRecord
from features.records.tables import lives


class LifeRecords:
    """The lives of the assets of every tenant; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def replace(self, tenant: TenantId, asset: AssetId, epochs: Sequence[LifeEpoch]) -> None:
        """Put the lives of an asset on record in place of those that were there.

        Args:
            tenant: Whose asset.
            asset: Which asset.
            epochs: All its lives, as `features.domain.events.life_epochs` gives them.

        Raises:
            ConflictingRecord: If a life belongs to another asset, or two have one number.
        """
        self.replace_all(tenant, {asset: epochs})

    def replace_all(self, tenant: TenantId, epochs_by_asset: Mapping[AssetId, Sequence[LifeEpoch]]) -> None:
        """Replace the lives of several assets: all of them or, if one is refused, none.

        Raises:
            ConflictingRecord: If a life belongs to another asset, or two of an asset have one number.
        """
        for asset, epochs in epochs_by_asset.items():
            _refuse_strangers(tenant, asset, epochs)
        with writing(self._engine) as connection:
            for asset, epochs in epochs_by_asset.items():
                connection.execute(delete(lives).where(lives.c.tenant == tenant, lives.c.asset == asset))
                if epochs:
                    rows = [{column: getattr(epoch, column) for column in LifeEpoch.__slots__} for epoch in epochs]
                    connection.execute(insert(lives), rows)

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[LifeEpoch]:
        """Return the lives of one asset, or of all of the tenant's, by asset and number."""
        query = select(lives).where(lives.c.tenant == tenant).order_by(lives.c.asset, lives.c.number)
        if asset is not None:
            query = query.where(lives.c.asset == asset)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [LifeEpoch(**{**row, "end": None if row["end"] is None else EventKind(row["end"])}) for row in rows]


def _refuse_strangers(tenant: TenantId, asset: AssetId, epochs: Sequence[LifeEpoch]) -> None:
    if any((epoch.tenant, epoch.asset) != (tenant, asset) for epoch in epochs):
        raise ConflictingRecord(
            f"the lives of asset {asset}",
            must="all belong to it",
            found=sorted({epoch.asset for epoch in epochs}),
            remedy="Give each asset its own lives.",
        )
