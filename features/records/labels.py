"""Labels on record."""

from collections.abc import Iterable

from sqlalchemy import Engine, select

from features.domain.identifiers import AssetId, TenantId
from features.domain.labels import Label
from features.records.database import insert_into, reading, writing
from features.records.tables import labels


class LabelRecords:
    """What people who know said of the assets of every tenant; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put_all(self, put: Iterable[Label]) -> int:
        """Put labels on record; return how many of them are new. A label that is there already stays as it is."""
        rows = [{column: getattr(label, column) for column in Label.__slots__} for label in put]
        if not rows:
            return 0
        with writing(self._engine) as connection:
            return connection.execute(insert_into(connection, labels).on_conflict_do_nothing(), rows).rowcount

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[Label]:
        """Return the labels of one asset, or of all of the tenant's, by asset and start."""
        query = select(labels).where(labels.c.tenant == tenant).order_by(labels.c.asset, labels.c.start, labels.c.end)
        if asset is not None:
            query = query.where(labels.c.asset == asset)
        with reading(self._engine) as connection:
            return [Label(**row) for row in connection.execute(query).mappings()]
