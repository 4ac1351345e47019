"""The `events` file: what happened to each machine."""

import polars as pl

from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.quality.verdicts import SetAsideReason
from features.records.set_aside import SetAsideItem
from pipelines.ingest.cells import text_of
from pipelines.ingest.intake import Intake
from pipelines.ingest.keys import ASSET, TIME, keyed, row_item

COLUMNS = frozenset({"asset_id", "time", "life", "kind", "failure_mode", "component", "note"})

_KINDS = frozenset(kind.value for kind in EventKind)


def take_events(intake: Intake, chunk: pl.DataFrame, source: str = "") -> None:
    """Take a chunk of the `events` table: `asset_id`, `time` or `life`, `kind`, `failure_mode`, `component`, `note`."""
    rows = keyed(chunk, source, intake.strangers(chunk))
    events: list[Event] = []
    items = list(rows.items)
    for row in rows.rows.iter_rows(named=True):
        found = _event(intake.tenant, row, source)
        if isinstance(found, Event):
            events.append(found)
        else:
            items.append(found)
    intake.put_aside(items)
    intake.take_events(events)


def _event(tenant: TenantId, row: dict[str, object], source: str) -> Event | SetAsideItem:
    kind = text_of(row.get("kind"))
    if kind not in _KINDS:
        must = f"the kind of an event must be one of {', '.join(sorted(_KINDS))}; found {kind!r}"
        return row_item(row, source, SetAsideReason.UNKNOWN_EVENT, must)
    return Event(
        tenant=tenant,
        asset=AssetId(str(row[ASSET])),
        at=row[TIME],  # type: ignore[arg-type]  # a column of times, of which polars' rows do not tell
        kind=EventKind(kind),
        failure_mode=text_of(row.get("failure_mode")),
        component=text_of(row.get("component")),
        note=text_of(row.get("note")),
    )
