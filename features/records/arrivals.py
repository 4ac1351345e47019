"""How data arrives: what of each machine, by which way, and how late."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, case, select

from features.domain.identifiers import AssetId, TenantId
from features.records.database import insert_into, reading, writing
from features.records.quarantine import Quarantined, add_to_quarantine
from features.records.tables import arrivals, cursors

LATE_BOUNDS = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
)
"""Upper bounds (outside) of all classes of lateness but the last, which has none."""

CURSOR = "receiving.arrivals"

_LATE_COLUMNS = (
    "late_under_1m",
    "late_under_10m",
    "late_under_1h",
    "late_under_6h",
    "late_under_1d",
    "late_under_7d",
    "late_7d_or_more",
)
_EARLIEST, _LATEST = ("first_at",), ("last_at", "newest_time")


@dataclass(frozen=True, slots=True)
class ArrivalCount:
    """What came of one asset by one way.

    Attributes:
        first_at: When the first of it arrived.
        last_at: When the last of it arrived.
        newest_time: The latest time that any reading bears.
        readings: Readings that arrived and were kept, repeated ones included.
        late: How many of them arrived how long after they were measured, by the classes of `LATE_BOUNDS` and one
            more for the rest. Readings that bear a life count instead of a time are in none of them.
    """

    tenant: TenantId
    asset: AssetId
    channel: str
    first_at: datetime
    last_at: datetime
    newest_time: datetime
    readings: int
    late: tuple[int, ...]


class ArrivalRecords:
    """How data of every tenant arrives; each call that lists names whose.

    Counts grow together with the place in the spool up to which they reach, in one transaction: a record that is
    delivered twice is counted once.
    """

    def __init__(self, engine: Engine, cursor: str = CURSOR) -> None:
        self._engine = engine
        self._cursor = cursor

    def counted(self) -> int:
        """Return the offset of the last record of the spool that was counted; 0 where none was."""
        with reading(self._engine) as connection:
            return _position(connection, self._cursor)

    def note(
        self, counts: Iterable[ArrivalCount], quarantined: Iterable[Quarantined], *, after: int, upto: int
    ) -> bool:
        """Add what records of the spool brought.

        Args:
            counts: What came; each asset and channel once.
            quarantined: What of it no pack claims; each asset, signal and pack once.
            after: The offset that `counted` gave: they were taken from the records behind it.
            upto: The offset of the last record that they were taken from.

        Returns:
            Whether they were added; False if others have counted meanwhile, and nothing was changed.
        """
        rows = [_row(count) for count in counts]
        with writing(self._engine) as connection:
            if _position(connection, self._cursor) != after:
                return False
            _add(connection, rows)
            add_to_quarantine(connection, quarantined)
            _move(connection, self._cursor, upto)
        return True

    def follow(self, last: int) -> None:
        """Begin again where another spool has taken the place of the one that was counted.

        Args:
            last: The last offset that the spool has given; a spool that has given fewer than were counted is another.
        """
        with writing(self._engine) as connection:
            if _position(connection, self._cursor) > last:
                _move(connection, self._cursor, 0)

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[ArrivalCount]:
        """Return what came of one asset, or of all of the tenant's, by asset and channel."""
        query = select(arrivals).where(arrivals.c.tenant == tenant).order_by(arrivals.c.asset, arrivals.c.channel)
        if asset is not None:
            query = query.where(arrivals.c.asset == asset)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        plain = [name for name in ArrivalCount.__slots__ if name != "late"]
        return [
            ArrivalCount(**{name: row[name] for name in plain}, late=tuple(row[name] for name in _LATE_COLUMNS))
            for row in rows
        ]


def _position(connection: Connection, name: str) -> int:
    found = connection.execute(select(cursors.c.position).where(cursors.c.name == name)).scalar_one_or_none()
    return 0 if found is None else int(found)


def _move(connection: Connection, name: str, position: int) -> None:
    moved = insert_into(connection, cursors).values(name=name, position=position)
    connection.execute(moved.on_conflict_do_update(index_elements=["name"], set_={"position": position}))


def _row(count: ArrivalCount) -> dict[str, object]:
    plain = {name: getattr(count, name) for name in ArrivalCount.__slots__ if name != "late"}
    return plain | dict(zip(_LATE_COLUMNS, count.late, strict=True))


def _add(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    if not rows:
        return
    statement = insert_into(connection, arrivals)
    new, old = statement.excluded, arrivals.c
    sums = {name: old[name] + new[name] for name in ("readings", *_LATE_COLUMNS)}
    earliest = {name: case((new[name] < old[name], new[name]), else_=old[name]) for name in _EARLIEST}
    latest = {name: case((new[name] > old[name], new[name]), else_=old[name]) for name in _LATEST}
    summed = statement.on_conflict_do_update(
        index_elements=["tenant", "asset", "channel"], set_={**sums, **earliest, **latest}
    )
    connection.execute(summed, rows)
