"""Alarms on record: the list, the history of each, acknowledgements, and notices of the data path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, case, func, insert, select, update

from features.domain.alarms import Acknowledged, Alarm, AlarmEntry, DataPathNotice, NoticeKind, Stage, Told
from features.domain.conditions import ConditionVerdict
from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId
from features.records.database import reading, writing
from features.records.errors import RecordNotFound
from features.records.tables import alarm_entries, alarms, path_notices

LONGEST_NAME, LONGEST_COMMENT = 128, 2000
_STANDING = tuple(stage.value for stage in Stage if stage.stands)
_WAITING = tuple(stage.value for stage in Stage if stage.waits)


@dataclass(frozen=True, slots=True)
class AlarmQuery:
    """Which alarms are asked for; what is not said does not matter.

    Attributes:
        standing: Whether they stand.
        unacknowledged: Whether they wait for somebody.
        asset: Of which machine.
        since: Raised, standing again, worse or returned at that moment or later.
    """

    standing: bool | None = None
    unacknowledged: bool | None = None
    asset: AssetId | None = None
    since: datetime | None = None


class AlarmRecords:
    """The alarms of every tenant; each call names whose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_all(
        self, tenant: TenantId, asked: AlarmQuery, limit: int = 100, offset: int = 0
    ) -> tuple[list[Alarm], int]:
        """Return a portion of the alarms and how many there are.

        Standing ones come first, and of these the ones that nobody has acknowledged; then those that returned and
        wait for somebody, then all others; in each group the newest first, of one moment that which strays most.
        """
        where = _where(tenant, asked)
        order = case({name: place for place, name in enumerate(_ORDER)}, value=alarms.c.stage, else_=len(_ORDER))
        over = func.coalesce(alarms.c.score, 0.0) / alarms.c.threshold
        found = select(alarms).where(*where).order_by(order, alarms.c.stood_since.desc(), over.desc(), alarms.c.id)
        with reading(self._engine) as connection:
            total = connection.execute(select(func.count()).select_from(alarms).where(*where)).scalar_one()
            rows = connection.execute(found.limit(limit).offset(offset)).mappings().all()
        return [alarm_of(row) for row in rows], total

    def get(self, tenant: TenantId, alarm: str) -> Alarm:
        """Return an alarm.

        Raises:
            RecordNotFound: If the tenant has no such alarm.
        """
        with reading(self._engine) as connection:
            return _one(connection, _named(tenant, alarm), alarm)

    def history(self, tenant: TenantId, alarm: str) -> list[AlarmEntry]:
        """Return everything that was told of an alarm, in the order in which it went on record."""
        mine = (alarm_entries.c.tenant == tenant) & (alarm_entries.c.alarm == alarm)
        with reading(self._engine) as connection:
            rows = connection.execute(select(alarm_entries).where(mine).order_by(alarm_entries.c.sequence)).mappings()
            return [_entry(row) for row in rows]

    def suppressed(self, tenant: TenantId, asset: AssetId, limit: int = 100) -> list[AlarmEntry]:
        """Return what planned work held back on a machine, the newest first."""
        mine = (alarm_entries.c.tenant == tenant) & (alarm_entries.c.asset == asset) & alarm_entries.c.alarm.is_(None)
        query = select(alarm_entries).where(mine).order_by(alarm_entries.c.at.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def acknowledge(self, tenant: TenantId, alarm: str, at: datetime, by: str, comment: str | None = None) -> Alarm:
        """Put on record that somebody has seen an alarm; return it as it is then.

        One that does not wait for anybody (acknowledged already, or over) stays as it is.

        Args:
            tenant: Whose alarm.
            alarm: Its identity.
            at: When.
            by: Who.
            comment: What they had to say.

        Raises:
            InvalidValue: If the name is empty or too long, or the comment is.
            RecordNotFound: If the tenant has no such alarm.
        """
        _check_words(by, comment)
        with writing(self._engine) as connection:
            found = _one(connection, _named(tenant, alarm).with_for_update(), alarm)
            if not found.stage.waits:
                return found
            entry = AlarmEntry(found.asset, at, Told.ACKNOWLEDGED, found.cause, reason=by, comment=comment or None)
            after = found.after(entry)
            mine = (alarms.c.tenant == tenant) & (alarms.c.id == alarm)
            connection.execute(update(alarms).where(mine).values(alarm_row(after)))
            connection.execute(insert(alarm_entries).values(entry_row(tenant, alarm, entry, at)))
            return after

    def notices(self, tenant: TenantId, *, since: datetime | None = None, limit: int = 100) -> list[DataPathNotice]:
        """Return the notices that last and, if a moment is given, those that ended since; those that last come first.

        Args:
            tenant: Whose.
            since: From when on ended ones are returned too.
            limit: How many at most.
        """
        lasts = path_notices.c.returned_at.is_(None)
        wanted = lasts if since is None else lasts | (path_notices.c.returned_at >= since)
        newest = path_notices.c.raised_at.desc()
        query = select(path_notices).where(path_notices.c.tenant == tenant, wanted)
        query = query.order_by(lasts.desc(), newest, path_notices.c.gateway, path_notices.c.asset).limit(limit)
        with reading(self._engine) as connection:
            return [notice_of(row) for row in connection.execute(query).mappings()]


_ORDER = (Stage.UNACKNOWLEDGED.value, Stage.ACKNOWLEDGED.value, Stage.LATCHED.value, Stage.RETURNED.value)
Row = Any  # a row of the database, whose columns `tables` describes


def alarm_of(row: Row) -> Alarm:
    """Return the alarm of a row."""
    by = row["acknowledged_by"]
    seen = None if by is None else Acknowledged(row["acknowledged_at"], by, row["comment"])
    plain = {name: row[name] for name in Alarm.__slots__ if name not in {"stage", "cause", "acknowledged"}}
    return Alarm(**plain, stage=Stage(row["stage"]), cause=ConditionVerdict(row["cause"]), acknowledged=seen)


def alarm_row(alarm: Alarm) -> dict[str, object]:
    """Return the row of an alarm."""
    seen = alarm.acknowledged
    row = {name: getattr(alarm, name) for name in Alarm.__slots__ if name != "acknowledged"}
    return row | {
        "stage": alarm.stage.value,
        "cause": alarm.cause.value,
        "acknowledged_at": None if seen is None else seen.at,
        "acknowledged_by": None if seen is None else seen.by,
        "comment": None if seen is None else seen.comment,
    }


def entry_row(tenant: TenantId, alarm: str | None, entry: AlarmEntry, recorded_at: datetime) -> dict[str, object]:
    """Return the row of something that was told."""
    row: dict[str, object] = {name: getattr(entry, name) for name in AlarmEntry.__slots__}
    named = {"tenant": tenant, "alarm": alarm, "recorded_at": recorded_at}
    return row | {"told": entry.told.value, "cause": entry.cause.value} | named


def notice_of(row: Row) -> DataPathNotice:
    """Return the notice of a row."""
    asset, kind = row["asset"] or None, NoticeKind(row["kind"])
    plain = {name: row[name] for name in ("tenant", "pack", "gateway", "raised_at", "returned_at")}
    return DataPathNotice(**plain, kind=kind, asset=asset, standing=tuple(row["standing"]))


def _entry(row: Row) -> AlarmEntry:
    plain = {name: row[name] for name in AlarmEntry.__slots__}
    return AlarmEntry(**plain | {"told": Told(row["told"]), "cause": ConditionVerdict(row["cause"])})


def _named(tenant: TenantId, alarm: str) -> Select[Any]:
    return select(alarms).where(alarms.c.tenant == tenant, alarms.c.id == alarm)


def _one(connection: Connection, query: Select[Any], alarm: str) -> Alarm:
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise RecordNotFound("alarm", alarm)
    return alarm_of(row)


def _where(tenant: TenantId, asked: AlarmQuery) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [alarms.c.tenant == tenant]
    for wanted, stages in ((asked.standing, _STANDING), (asked.unacknowledged, _WAITING)):
        if wanted is not None:
            found.append(alarms.c.stage.in_(stages) if wanted else alarms.c.stage.not_in(stages))
    if asked.asset is not None:
        found.append(alarms.c.asset == asked.asset)
    if asked.since is not None:
        found.append(alarms.c.changed_at >= asked.since)
    return found


def _check_words(by: str, comment: str | None) -> None:
    if not 1 <= len(by) <= LONGEST_NAME or not by.strip():
        raise InvalidValue("by", must=f"name somebody in 1 to {LONGEST_NAME} characters", found=by, remedy="Say who.")
    if len(comment or "") > LONGEST_COMMENT:
        must = f"have at most {LONGEST_COMMENT} characters"
        raise InvalidValue("comment", must=must, found=len(comment or ""), remedy="Say it shorter.")
