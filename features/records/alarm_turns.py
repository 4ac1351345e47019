"""One turn of an annunciator: what is on record of a gateway is read, and what comes of it is written, all or nothing.

The state, the alarms, what was told and the notices go on record in one transaction. Whoever is stopped in between has
written nothing, and whoever writes the same again changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Table, select

from features.domain.alarms import Alarm, AlarmEntry, DataPathNotice, Stage
from features.domain.identifiers import AssetId, TenantId
from features.records.alarms import alarm_of, alarm_row, entry_row, notice_of
from features.records.database import insert_into, reading, writing
from features.records.tables import alarm_entries, alarms, annunciators, path_notices

State = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Before:
    """What is on record of one gateway.

    Attributes:
        state: What is remembered of its machines; None if they were never watched.
        alarms: The alarm of each machine that is on the list, standing or waiting for somebody.
        notices: Those that last.
    """

    state: State | None
    alarms: Mapping[AssetId, Alarm]
    notices: tuple[DataPathNotice, ...]


@dataclass(frozen=True, slots=True)
class After:
    """What comes of a turn.

    Attributes:
        state: What is to be remembered.
        alarms: Those that are new or other than before.
        entries: What was told, in order, each with the alarm that it is of; without one where it was held back.
        notices: Those that are new or other than before.
    """

    state: State
    alarms: tuple[Alarm, ...] = ()
    entries: tuple[tuple[str | None, AlarmEntry], ...] = ()
    notices: tuple[DataPathNotice, ...] = ()


class AlarmTurns:
    """The annunciators of every tenant; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self, tenant: TenantId, pack: str) -> dict[str, Before]:
        """Return what is on record of every gateway that was watched, without keeping anybody from it."""
        with reading(self._engine) as connection:
            mine = (annunciators.c.tenant == tenant) & (annunciators.c.pack == pack)
            states = {row.gateway: row.state for row in connection.execute(select(annunciators).where(mine))}
            listed = _alarms(connection, tenant, pack, None)
            notices = _notices(connection, tenant, pack, None)
        return {
            gateway: Before(
                state or None,
                {each.asset: each for each in listed if each.gateway == gateway},
                tuple(each for each in notices if each.gateway == gateway),
            )
            for gateway, state in states.items()
        }

    def take(
        self, tenant: TenantId, pack: str, gateway: str, now: datetime, step: Callable[[Before], After | None]
    ) -> After | None:
        """Take one turn: nobody else writes of this gateway meanwhile, and it goes on record as a whole.

        Args:
            tenant: Whose machines.
            pack: Of which type.
            gateway: Behind which they stand.
            now: The present moment.
            step: What comes of what is on record; None if nothing does. It is called once, in the transaction.
        """
        with writing(self._engine) as connection:
            key = {"tenant": tenant, "pack": pack, "gateway": gateway}
            row = insert_into(connection, annunciators).values({**key, "state": {}})
            connection.execute(row.on_conflict_do_nothing())
            mine = select(annunciators.c.state).where(*(annunciators.c[name] == key[name] for name in key))
            state = connection.execute(mine.with_for_update()).scalar_one()
            listed = {each.asset: each for each in _alarms(connection, tenant, pack, gateway)}
            found = step(Before(state or None, listed, tuple(_notices(connection, tenant, pack, gateway))))
            if found is not None:
                _write(connection, tenant, key, found, now)
            return found


def _alarms(connection: Connection, tenant: TenantId, pack: str, gateway: str | None) -> list[Alarm]:
    on_list = (alarms.c.tenant == tenant) & (alarms.c.pack == pack) & (alarms.c.stage != Stage.NORMAL.value)
    query = select(alarms).where(on_list)
    if gateway is not None:
        query = query.where(alarms.c.gateway == gateway).with_for_update()
    return [alarm_of(row) for row in connection.execute(query).mappings()]


def _notices(connection: Connection, tenant: TenantId, pack: str, gateway: str | None) -> list[DataPathNotice]:
    mine = (path_notices.c.tenant == tenant) & (path_notices.c.pack == pack) & path_notices.c.returned_at.is_(None)
    query = select(path_notices).where(mine)
    if gateway is not None:
        query = query.where(path_notices.c.gateway == gateway)
    return [notice_of(row) for row in connection.execute(query).mappings()]


def _write(connection: Connection, tenant: TenantId, key: Mapping[str, str], found: After, now: datetime) -> None:
    notices = [_notice_row(each) for each in found.notices]
    entries = [entry_row(tenant, alarm, entry, now) for alarm, entry in found.entries]
    _put(connection, alarms, [alarm_row(each) for each in found.alarms])
    if entries:
        connection.execute(insert_into(connection, alarm_entries).on_conflict_do_nothing(), entries)
    _put(connection, path_notices, notices)
    _put(connection, annunciators, [{**key, "state": dict(found.state)}])


def _put(connection: Connection, table: Table, rows: list[dict[str, object]]) -> None:
    """Put rows in place of those of the same key."""
    if not rows:
        return
    statement = insert_into(connection, table)
    key = [column.name for column in table.primary_key]
    columns = {each.name: statement.excluded[each.name] for each in table.columns if each.name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=columns), rows)


def _notice_row(notice: DataPathNotice) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(notice, name) for name in DataPathNotice.__slots__}
    return row | {"kind": notice.kind.value, "asset": notice.asset or "", "standing": list(notice.standing)}
