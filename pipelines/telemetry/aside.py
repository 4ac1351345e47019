"""What was set aside, as rows for people and programs."""

from features.domain.arrivals import Arrival
from features.domain.errors import InvalidValue
from features.domain.identifiers import TenantId
from features.domain.time import format_time, from_microseconds
from features.quality.verdicts import SetAsideReason
from features.records.database import Records
from features.records.set_aside import SetAside
from features.spool.contract import AsideRecord, Spool

_SHOWN = 200


def items_aside(
    records: Records, tenant: TenantId, reason: SetAsideReason | None, source: str | None, limit: int
) -> list[dict[str, object]]:
    """Return rows and values that were set aside."""
    return [
        {
            "source": item.source,
            "row": item.row,
            "signal": item.signal,
            "reason": item.reason.value,
            "detail": item.detail,
            "content": dict(item.content),
        }
        for item in SetAside(records).list_all(tenant, reason=reason, source=source, limit=limit)
    ]


def deliveries_aside(spool: Spool, limit: int) -> list[dict[str, object]]:
    """Return whole deliveries that could not be read, newest last."""
    return [_delivery(each) for each in spool.aside(limit)]


def _delivery(record: AsideRecord) -> dict[str, object]:
    row: dict[str, object] = {
        "offset": record.offset,
        "at": format_time(from_microseconds(record.at_us)),
        "reason": record.reason,
        "bytes": len(record.content),
    }
    try:
        arrival = Arrival.from_bytes(record.content)
    except InvalidValue:
        return row | {"begins": _begin(record.content)}
    came = {"channel": arrival.channel, "form": arrival.form.value, "arrived_at": format_time(arrival.arrived_at)}
    return row | came | {"begins": _begin(arrival.body)}


def _begin(content: bytes) -> str:
    return content[:_SHOWN].decode("utf-8", "replace")
