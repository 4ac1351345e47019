"""The `events` file: what happened to each machine."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import polars as pl

from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.quality.verdicts import SetAsideReason
from features.records.set_aside import SetAsideItem
from pipelines.ingest.cells import text_of
from pipelines.ingest.intake import Intake
from pipelines.ingest.keys import ASSET, TIME, ClockCheck, asset_texts, keyed, row_item

COLUMNS = frozenset({"asset_id", "time", "life", "kind", "failure_mode", "component", "code", "note"})

PLANNED_AHEAD = timedelta(days=366)
"""A planned stop may be told so far ahead; everything else has happened when it is told."""

_KINDS = frozenset(kind.value for kind in EventKind)


def take_events(intake: Intake, chunk: pl.DataFrame, source: str = "") -> None:
    """Take a chunk of the `events` table.

    Its columns are `asset_id`, `time` or `life`, `kind`, `failure_mode`, `component`, `code` and `note`. An event from
    the future is set aside, with the tolerance for readings; a planned stop may lie a year ahead. How long ago an
    event was does not matter: histories go back further than telemetry.
    """
    strangers = intake.strangers(chunk)
    events: list[Event] = []
    items: list[SetAsideItem] = []
    for part, check in _checked(intake, chunk):
        rows = keyed(part, source, strangers, check)
        items += rows.items
        for row in rows.rows.iter_rows(named=True):
            found = _event(intake.tenant, row, source)
            if isinstance(found, Event):
                events.append(found)
            else:
                items.append(found)
    intake.put_aside(items)
    intake.take_events(events)


def _checked(intake: Intake, chunk: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, ClockCheck]]:
    """Yield what happened and what is planned, each with how its times are checked."""
    is_planned = (asset_texts(chunk["kind"]) == EventKind.PLANNED_STOP.value).fill_null(False)
    happened = replace(intake.believed, earliest=None)
    planned = replace(happened, tolerance=max(PLANNED_AHEAD, happened.tolerance))
    arrived_at = intake.clock()
    for part, rule in ((chunk.filter(~is_planned), happened), (chunk.filter(is_planned), planned)):
        if part.height:
            yield part, ClockCheck(rule, arrived_at, takes_lives=intake.takes_lives)


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
        code=text_of(row.get("code")),
    )
