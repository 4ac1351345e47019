"""Rows of the machines behind a gateway, in the order of time, with the worth of every reading."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.domain.identifiers import AssetId, TenantId
from features.domain.time import from_microseconds
from features.telemetry.store import TelemetryStore
from pipelines.reading import ReadRows, read_from


@dataclass(frozen=True, slots=True)
class GatewayRows:
    """Rows of several machines; by time, those of one moment by the place of their machine.

    Attributes:
        assets: The machines.
        owner: Places of machines. Shape (row,).
        time_us: Microseconds since 1970. Shape (row,).
        values: NaN where not measured. Shape (row, signal).
        verdicts: Places of `Verdict`; GOOD where not measured. Shape (row, signal).
    """

    assets: tuple[AssetId, ...]
    owner: NDArray[np.int64]
    time_us: NDArray[np.int64]
    values: NDArray[np.float64]
    verdicts: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.time_us)

    @staticmethod
    def of(rows: Mapping[AssetId, ReadRows], verdicts: Mapping[AssetId, NDArray[np.int8]]) -> "GatewayRows":
        """Put the rows of machines in order.

        Args:
            rows: Of each machine; at least one machine.
            verdicts: Beside them.
        """
        assets = tuple(sorted(rows))
        owner = np.concatenate([np.full(len(rows[each].time_us), place) for place, each in enumerate(assets)])
        time_us = np.concatenate([rows[each].time_us for each in assets])
        order = np.lexsort((owner, time_us))
        return GatewayRows(
            assets,
            owner[order].astype(np.int64),
            time_us[order],
            np.concatenate([rows[each].values for each in assets])[order],
            np.concatenate([verdicts[each] for each in assets])[order],
        )

    def before(self, end_us: int) -> "GatewayRows":
        """Return the rows before a moment."""
        return self._part(0, int(np.searchsorted(self.time_us, end_us)))

    def pieces(self, most: int) -> Iterator["GatewayRows"]:
        """Yield the rows in pieces of about so many; those of one moment stay together."""
        start = 0
        while start < len(self):
            end = start + most
            if end < len(self):
                end = int(np.searchsorted(self.time_us, self.time_us[end - 1], side="right"))
            yield self._part(start, end)
            start = end

    def _part(self, start: int, end: int) -> "GatewayRows":
        part = slice(start, end)
        return GatewayRows(self.assets, self.owner[part], self.time_us[part], self.values[part], self.verdicts[part])


def read_rows(
    telemetry: TelemetryStore,
    tenant: TenantId,
    starts_us: Mapping[AssetId, int],
    signals: Sequence[str],
    end_us: int | None = None,
) -> tuple[dict[AssetId, ReadRows], dict[AssetId, NDArray[np.int8]]]:
    """Read the rows of machines, each from its own start on, and beside them the worth of their readings.

    Args:
        telemetry: Where the readings are.
        tenant: Whose machines.
        starts_us: From when on (inside), microseconds since 1970; at least one machine.
        signals: Order of the columns.
        end_us: Up to when (outside); None is without end.
    """
    rows = read_from(telemetry, tenant, dict(starts_us), signals, end_us=end_us, with_suspect=True)
    verdicts = {asset: np.zeros(each.values.shape, np.int8) for asset, each in rows.items()}
    filled = [asset for asset, each in rows.items() if len(each.time_us)]
    if filled:
        first = from_microseconds(min(int(rows[asset].time_us[0]) for asset in filled))
        end = None if end_us is None else from_microseconds(end_us)
        bad = telemetry.read_verdicts(tenant, assets=filled, signals=list(signals), start=first, end=end)
        _fill(rows, verdicts, bad, {name: place for place, name in enumerate(signals)})
    return rows, verdicts


def _fill(
    rows: Mapping[AssetId, ReadRows],
    verdicts: Mapping[AssetId, NDArray[np.int8]],
    bad: pl.DataFrame,
    column: Mapping[str, int],
) -> None:
    """Put verdicts beside their readings; those of readings that were not read are passed over."""
    for (name,), own in bad.partition_by("asset", as_dict=True).items():
        asset = AssetId(str(name))
        time_us = own["time"].dt.timestamp("us").to_numpy()
        known = rows[asset].time_us
        place = np.minimum(np.searchsorted(known, time_us), max(len(known) - 1, 0))
        columns = np.array([column[signal] for signal in own["signal"]], np.int64)
        is_there = known[place] == time_us
        verdicts[asset][place[is_there], columns[is_there]] = own["verdict"].to_numpy()[is_there].astype(np.int8)
