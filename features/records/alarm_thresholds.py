"""Thresholds that keep a budget of alarms, one for each model and type of machine."""

from sqlalchemy import Engine, select

from features.domain.alarms import KeptThreshold
from features.domain.identifiers import TenantId
from features.records.database import insert_into, reading, writing
from features.records.tables import alarm_thresholds


class ThresholdRecords:
    """The kept thresholds of every tenant; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, kept: KeptThreshold) -> None:
        """Keep a threshold, in place of an earlier one of the same model."""
        row = {name: getattr(kept, name) for name in KeptThreshold.__slots__}
        with writing(self._engine) as connection:
            statement = insert_into(connection, alarm_thresholds)
            key = ["tenant", "pack", "model"]
            columns = {name: statement.excluded[name] for name in row if name not in key}
            connection.execute(statement.on_conflict_do_update(index_elements=key, set_=columns), [row])

    def get(self, tenant: TenantId, pack: str, model: str) -> KeptThreshold | None:
        """Return the threshold that is kept for the scores of a model, or None."""
        table = alarm_thresholds
        query = select(table).where(table.c.tenant == tenant, table.c.pack == pack, table.c.model == model)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else KeptThreshold(**row)
