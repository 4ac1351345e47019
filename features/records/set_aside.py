"""What arrived and was set aside: kept with its reason, so that nothing is dropped in silence."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Engine, func, select

from features.domain.identifiers import TenantId
from features.quality.verdicts import SetAsideReason
from features.records.database import insert_into, reading, writing
from features.records.tables import set_aside


@dataclass(frozen=True, slots=True)
class SetAsideItem:
    """A row, or one value of it, that did not become a reading, an event or a record.

    Attributes:
        source: Where it came from: a file's name within its folder, or the name of a stream.
        row: Its place there: the data row, counted from 1 (for a stream, the line).
        reason: Why it was set aside.
        detail: The reason in words: what must hold and what was found.
        content: What arrived, as JSON.
        signal: The signal or column, where it was a single value; None for a whole row.
    """

    source: str
    row: int
    reason: SetAsideReason
    detail: str
    content: Mapping[str, object]
    signal: str | None = None


class SetAside:
    """What was set aside, for every tenant; each call names whose.

    The same content of the same row of the same source, set aside for the same reason, is kept once.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, tenant: TenantId, items: Iterable[SetAsideItem]) -> int:
        """Keep items; return how many of them are new."""
        rows = [_row(tenant, item) for item in items]
        if not rows:
            return 0
        with writing(self._engine) as connection:
            return connection.execute(insert_into(connection, set_aside).on_conflict_do_nothing(), rows).rowcount

    def counts(self, tenant: TenantId) -> dict[SetAsideReason, int]:
        """Return the number of items of each reason that occurs."""
        query = (
            select(set_aside.c.reason, func.count())
            .where(set_aside.c.tenant == tenant)
            .group_by(set_aside.c.reason)
            .order_by(set_aside.c.reason)
        )
        with reading(self._engine) as connection:
            return {SetAsideReason(reason): count for reason, count in connection.execute(query)}

    def list_all(
        self,
        tenant: TenantId,
        *,
        reason: SetAsideReason | None = None,
        source: str | None = None,
        limit: int = 1000,
        offset: int = 0,
    ) -> list[SetAsideItem]:
        """Return a portion of the items, of one reason or source or of all, in the order in which they came."""
        query = select(set_aside).where(set_aside.c.tenant == tenant).order_by(set_aside.c.sequence)
        if reason is not None:
            query = query.where(set_aside.c.reason == reason.value)
        if source is not None:
            query = query.where(set_aside.c.source == source)
        with reading(self._engine) as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).mappings().all()
        return [
            SetAsideItem(
                source=row["source"],
                row=row["row"],
                reason=SetAsideReason(row["reason"]),
                detail=row["detail"],
                content=row["content"],
                signal=row["signal"],
            )
            for row in rows
        ]


def _row(tenant: TenantId, item: SetAsideItem) -> dict[str, object]:
    content = dict(item.content)
    identity = [item.source, item.row, item.signal, item.reason.value, content]
    digest = sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return {
        "tenant": tenant,
        "digest": digest,
        "source": item.source,
        "row": item.row,
        "signal": item.signal,
        "reason": item.reason.value,
        "detail": item.detail,
        "content": content,
    }
