"""What no pack claims: kept, listed, and read by no feature."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, case, select

from features.domain.identifiers import AssetId, TenantId
from features.records.database import insert_into, reading, writing
from features.records.tables import assets, quarantine


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Readings of one signal of one asset that came without being claimed.

    Attributes:
        signal: The name under which the readings lie in the telemetry store.
        pack: The pack, or the measurement of line protocol, under which they came.
        first_at: Time of the earliest of them.
        last_at: Time of the latest of them.
        readings: How many came; what comes again because a delivery is repeated is not counted again.
    """

    tenant: TenantId
    asset: AssetId
    signal: str
    pack: str
    first_at: datetime
    last_at: datetime
    readings: int


class QuarantineRecords:
    """The quarantine of every tenant; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, found: Iterable[Quarantined]) -> None:
        """Add to what is in quarantine."""
        with writing(self._engine) as connection:
            add_to_quarantine(connection, found)

    def list_all(self, tenant: TenantId, pack: str | None = None, claimed: Collection[str] = ()) -> list[Quarantined]:
        """Return what is in quarantine, by asset, signal and pack.

        Args:
            tenant: Whose.
            pack: The pack that is served: what it claims of its own assets is in quarantine no more.
            claimed: The signals of that pack.
        """
        of_pack = select(assets.c.id).where(assets.c.tenant == tenant, assets.c.pack == (pack or ""))
        is_claimed = and_(quarantine.c.asset.in_(of_pack), quarantine.c.signal.in_(sorted(claimed)))
        query = (
            select(quarantine)
            .where(quarantine.c.tenant == tenant, ~is_claimed)
            .order_by(quarantine.c.asset, quarantine.c.signal, quarantine.c.pack)
        )
        with reading(self._engine) as connection:
            return [Quarantined(**row) for row in connection.execute(query).mappings()]


def add_to_quarantine(connection: Connection, found: Iterable[Quarantined]) -> None:
    """Add to what is in quarantine, within the transaction under way."""
    rows = [{column: getattr(each, column) for column in Quarantined.__slots__} for each in found]
    if not rows:
        return
    statement = insert_into(connection, quarantine)
    new, old = statement.excluded, quarantine.c
    summed = statement.on_conflict_do_update(
        index_elements=["tenant", "asset", "signal", "pack"],
        set_={
            "first_at": case((new.first_at < old.first_at, new.first_at), else_=old.first_at),
            "last_at": case((new.last_at > old.last_at, new.last_at), else_=old.last_at),
            "readings": old.readings + new.readings,
        },
    )
    connection.execute(summed, rows)
