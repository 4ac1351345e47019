"""Events on record."""

from collections.abc import Iterable

from sqlalchemy import Engine, func, select

from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.records.database import insert_into, reading, writing
from features.records.tables import events

_KEY = ("tenant", "asset", "at", "kind", "failure_mode", "component", "code")


class EventRecords:
    """What happened to the assets of every tenant; each call names whose.

    An event is told from another by asset, moment, kind, failure mode, component and code. Putting it again
    changes nothing, except that a note, which is only words, takes the place of the earlier one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, event: Event) -> bool:
        """Put an event on record; say whether it is new."""
        return self.put_all([event]) == 1

    def put_all(self, put: Iterable[Event]) -> int:
        """Put events on record; return how many of them are new."""
        rows = [
            {
                "tenant": event.tenant,
                "asset": event.asset,
                "at": event.at,
                "kind": event.kind.value,
                "failure_mode": event.failure_mode or "",
                "component": event.component or "",
                "code": event.code or "",
                "note": event.note,
            }
            for event in put
        ]
        if not rows:
            return 0
        with writing(self._engine) as connection:
            new = connection.execute(insert_into(connection, events).on_conflict_do_nothing(), rows).rowcount
            if new < len(rows):
                again = insert_into(connection, events)
                note = func.coalesce(again.excluded.note, events.c.note)
                connection.execute(again.on_conflict_do_update(index_elements=_KEY, set_={"note": note}), rows)
            return new

    def count(self, tenant: TenantId) -> int:
        """Return how many events are on record; none is ever taken away, so an equal number means the same ones."""
        query = select(func.count()).select_from(events).where(events.c.tenant == tenant)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[Event]:
        """Return the events of one asset, or of all of the tenant's, by asset and moment."""
        query = select(events).where(events.c.tenant == tenant).order_by(events.c.asset, events.c.at, events.c.kind)
        if asset is not None:
            query = query.where(events.c.asset == asset)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Event(
                tenant=TenantId(row["tenant"]),
                asset=AssetId(row["asset"]),
                at=row["at"],
                kind=EventKind(row["kind"]),
                failure_mode=row["failure_mode"] or None,
                component=row["component"] or None,
                note=row["note"],
                code=row["code"] or None,
            )
            for row in rows
        ]
