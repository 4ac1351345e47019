"""The `labels` file: what was known to be the case with a machine from one moment to another."""

import polars as pl

from features.domain.identifiers import AssetId, TenantId
from features.domain.labels import Label
from features.quality.verdicts import SetAsideReason
from features.records.set_aside import SetAsideItem
from pipelines.ingest.cells import blank_rows, text_of
from pipelines.ingest.intake import Intake
from pipelines.ingest.keys import ASSET, keyed_assets, row_item
from pipelines.ingest.moments import moments_of_either

COLUMNS = frozenset({"asset_id", "from", "to", "target", "value"})


def take_labels(intake: Intake, chunk: pl.DataFrame, source: str) -> None:
    """Take a chunk of the `labels` table: `asset_id`, `from`, `to` (times or lives), `target`, `value`."""
    filled = chunk.filter(~blank_rows(chunk))
    start, end = moments_of_either(filled["from"]), moments_of_either(filled["to"])
    rows = keyed_assets(filled, None, intake.strangers(filled)).with_columns(
        pl.coalesce("__reason__", start.reasons, end.reasons).alias("__reason__"),
        start.times.alias("__start__"),
        end.times.alias("__end__"),
    )
    labels: list[Label] = []
    items: list[SetAsideItem] = []
    for row in rows.iter_rows(named=True):
        found = _label(intake.tenant, row, source)
        if isinstance(found, Label):
            labels.append(found)
        else:
            items.append(found)
    intake.put_aside(items)
    intake.take_labels(labels)


def _label(tenant: TenantId, row: dict[str, object], source: str) -> Label | SetAsideItem:
    if row["__reason__"] is not None:
        must = "a label must name its asset, and say from when (inside) to when (outside) as times with zone or lives"
        return row_item(row, source, SetAsideReason(str(row["__reason__"])), must)
    start, end = row["__start__"], row["__end__"]
    target, value = text_of(row.get("target")), text_of(row.get("value"))
    if target is None or value is None or end <= start:  # type: ignore[operator]  # columns of times
        must = "a label must have a target and a value, and its `to` must lie after its `from`"
        return row_item(row, source, SetAsideReason.BAD_LABEL, must)
    return Label(tenant, AssetId(str(row[ASSET])), start, end, target, value)  # type: ignore[arg-type]  # as above
