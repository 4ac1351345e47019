"""The `assets` file: what is known of each machine."""

from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

import polars as pl

from features.domain.assets import Asset
from features.domain.errors import InvalidIdentifier, InvalidValue, NaiveTime
from features.domain.identifiers import AssetId, Identifier, IdentifierScheme
from features.quality.verdicts import SetAsideReason
from features.records.set_aside import SetAsideItem
from pipelines.ingest.cells import blank_rows, content_of, is_blank, text_of
from pipelines.ingest.intake import Intake
from pipelines.ingest.keys import ASSET, keyed_assets, row_item
from pipelines.ingest.moments import moment_of
from pipelines.ingest.tables import ROW

_OWN = frozenset({"asset_id", "model", "batch", "site", "commissioned"})
_IDENTIFIER = "identifier_"


def take_assets(intake: Intake, chunk: pl.DataFrame, source: str) -> None:
    """Take a chunk of the `assets` table: `asset_id`, `model`, `batch`, `site`, `commissioned`, identifiers, the rest.

    A column `identifier_<scheme>` holds identifiers of that scheme, the first such cell of a row the primary
    one. Every other column is an attribute under its own name. A cell that does not fit is set aside and the
    rest of its row is kept. Where two rows describe one asset, the later one holds.
    """
    filled = chunk.filter(~blank_rows(chunk))
    rows = keyed_assets(filled, None, intake.strangers(filled))
    assets: dict[AssetId, Asset] = {}
    items: list[SetAsideItem] = []
    for row in rows.iter_rows(named=True):
        if row["__reason__"] is not None:
            items.append(row_item(row, source, SetAsideReason(row["__reason__"])))
            continue
        asset = _Described(intake, row, source, items).asset()
        assets[asset.id] = asset
    intake.put_aside(items)
    intake.take_assets(list(assets.values()))


@dataclass(frozen=True, slots=True)
class _Described:
    """One row on its way to an asset.

    Attributes:
        items: Takes the cells of it that are set aside.
    """

    intake: Intake
    row: dict[str, object]
    source: str
    items: list[SetAsideItem]

    def asset(self) -> Asset:
        identity = AssetId(str(self.row[ASSET]))
        known = self.intake.known.get(identity) or Asset(self.intake.tenant, identity, self.intake.pack.id)
        return replace(
            known,
            pack=self.intake.pack.id,  # one that no pack had claimed may be ours from now on
            model=text_of(self.row.get("model")),
            batch=text_of(self.row.get("batch")),
            site=text_of(self.row.get("site")),
            commissioned=self._commissioned(),
            identifiers=self._identifiers(identity),
            attributes=MappingProxyType(self._attributes()),
        )

    def _attributes(self) -> dict[str, str]:
        named = {name: text_of(cell) for name, cell in self.row.items() if not _is_own(name)}
        return {name: text for name, text in named.items() if text is not None}

    def _commissioned(self) -> datetime | None:
        cell = self.row.get("commissioned")
        if is_blank(cell):
            return None
        try:
            return moment_of(cell)
        except NaiveTime as error:
            self._set_aside("commissioned", SetAsideReason.NAIVE_TIME, str(error))
        except (InvalidValue, OverflowError) as error:
            self._set_aside("commissioned", SetAsideReason.BAD_TIME, str(error))
        return None

    def _identifiers(self, identity: AssetId) -> tuple[Identifier, ...]:
        owners = self.intake.owners
        if identity in self.intake.known:
            for former in self.intake.known[identity].identifiers:
                owners.pop((former.scheme, former.value), None)
        found: list[Identifier] = []
        for column, cell in self.row.items():
            value = text_of(cell)
            if value is not None and column.startswith(_IDENTIFIER):
                name = self._identifier(identity, column, value, is_primary=not found)
                if name is not None:
                    owners[name.scheme, name.value] = identity
                    found.append(name)
        return tuple(found)

    def _identifier(self, identity: AssetId, column: str, value: str, *, is_primary: bool) -> Identifier | None:
        try:
            name = Identifier(IdentifierScheme(column.removeprefix(_IDENTIFIER)), value, is_primary)
        except (InvalidIdentifier, ValueError) as error:
            self._set_aside(column, SetAsideReason.BAD_IDENTIFIER, str(error))
            return None
        owner = self.intake.owners.get((name.scheme, name.value))
        if owner in {None, identity}:
            return name
        detail = f"an identifier must belong to one asset; {value!r} belongs to {owner}"
        self._set_aside(column, SetAsideReason.IDENTIFIER_TAKEN, detail)
        return None

    def _set_aside(self, column: str, reason: SetAsideReason, detail: str) -> None:
        content = content_of({"asset_id": self.row[ASSET], "value": self.row[column]})
        self.items.append(SetAsideItem(self.source, int(str(self.row[ROW])), reason, detail, content, signal=column))


def _is_own(name: str) -> bool:
    return name in _OWN or name.startswith((_IDENTIFIER, "__"))
