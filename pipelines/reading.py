"""Reading many assets from the telemetry store at once, each from its own moment on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.identifiers import AssetId, TenantId
from features.domain.time import from_microseconds
from features.telemetry.store import TelemetryStore

_APART_US = 60_000_000
"""Assets whose moments lie no farther apart are read together: at most so much is read in vain."""
_TOGETHER = 512


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Rows of one asset in time order.

    Attributes:
        time_us: Microseconds since 1970. Shape (row,).
        values: In the order of the signals asked for; NaN where not measured. Shape (row, signal).
    """

    time_us: NDArray[np.int64]
    values: NDArray[np.float64]


def read_from(
    telemetry: TelemetryStore,
    tenant: TenantId,
    starts_us: Mapping[AssetId, int | None],
    signals: Sequence[str],
    *,
    end_us: int | None = None,
    with_suspect: bool = False,
) -> dict[AssetId, ReadRows]:
    """Return the rows of each asset from its start on (inside; None: from its beginning).

    Args:
        telemetry: Where the readings are.
        tenant: Whose machines.
        starts_us: Microseconds since 1970.
        signals: Order of the columns.
        end_us: Up to when (outside), microseconds since 1970; None is without end.
        with_suspect: Whether readings that are not good count as measured.
    """
    found = {asset: ReadRows(np.zeros(0, np.int64), np.zeros((0, len(signals)))) for asset in starts_us}
    until = None if end_us is None else from_microseconds(end_us)
    for assets in _groups(starts_us):
        first = starts_us[assets[0]]
        start = None if first is None else from_microseconds(first)
        wide = telemetry.read_wide(
            tenant, signals=signals, assets=assets, start=start, end=until, with_suspect=with_suspect
        )
        time_us = wide["time"].dt.timestamp("us").to_numpy()
        values = wide.select(signals).to_numpy().astype(np.float64)
        names, begins = wide["asset"].rle().struct.field("value"), wide["asset"].rle().struct.field("len").cum_sum()
        for name, end, begin in zip(names, begins, [0, *begins], strict=False):
            own = starts_us[AssetId(name)]
            begin = begin if own is None else begin + int(np.searchsorted(time_us[begin:end], own))
            found[AssetId(name)] = ReadRows(time_us[begin:end], values[begin:end])
    return found


def _groups(starts_us: Mapping[AssetId, int | None]) -> Iterator[list[AssetId]]:
    """Yield assets whose starts lie close together, the earliest first."""
    group: list[AssetId] = []
    for asset in sorted(starts_us, key=lambda each: (starts_us[each] is not None, starts_us[each] or 0)):
        if group and (len(group) == _TOGETHER or not _is_close(starts_us[group[0]], starts_us[asset])):
            yield group
            group = []
        group.append(asset)
    if group:
        yield group


def _is_close(first: int | None, other: int | None) -> bool:
    return first is other is None or (first is not None and other is not None and other - first <= _APART_US)
