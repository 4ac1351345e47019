"""Messages of MQTT as arrivals."""

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from features.domain.arrivals import Arrival, ArrivalForm
from features.domain.identifiers import TenantId
from pipelines.receiving.topics import TopicPattern

CHANNEL = "mqtt"

_KEYS = ("time", "life", "revision")


class MessageLayout(StrEnum):
    """How a payload is to be read.

    `lines` is our JSON lines; `flat` is one object of signals beside `time` (or `life`) and maybe `revision`, and the
    topic names the asset; `line_protocol` is InfluxDB's, with nanoseconds.
    """

    LINES = "lines"
    FLAT = "flat"
    LINE_PROTOCOL = "line_protocol"


def arrival_of(
    topic: str,
    payload: bytes,
    *,
    tenant: TenantId,
    layout: MessageLayout,
    patterns: Sequence[TopicPattern],
    arrived_at: datetime,
) -> Arrival:
    """Return a message as what lies in the spool; whatever cannot be read in it is judged when it is delivered."""
    if layout is MessageLayout.LINE_PROTOCOL:
        return Arrival(tenant, ArrivalForm.LINE_PROTOCOL, CHANNEL, arrived_at, payload)
    if layout is MessageLayout.FLAT:
        asset = next((pattern.asset(topic) for pattern in patterns if pattern.matches(topic)), None)
        payload = _line_of_flat(payload, asset)
    return Arrival(tenant, ArrivalForm.JSON_LINES, CHANNEL, arrived_at, payload)


def _line_of_flat(payload: bytes, asset: str | None) -> bytes:
    """Return a flat object as one of our lines; what is no such object stays as it came, to be set aside whole."""
    try:
        document = json.loads(payload, object_pairs_hook=_unique)
        if not isinstance(document, dict) or any(isinstance(value, list | dict) for value in document.values()):
            return payload
        named = document.pop("asset_id", None)
        keys = {key: document.pop(key) for key in _KEYS if key in document}
        line = {"asset_id": named if asset is None else asset, **keys, "signals": document}
        return json.dumps(line, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError):
        return payload


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; one with a key twice says two things at once, and neither may be dropped in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice in one object")
    return found
