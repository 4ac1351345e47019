"""Signals of one asset over a stretch of time or life, thinned to what a chart or a caller can take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack
from features.domain.signals import Signal
from features.domain.time import format_time, life_of_time
from serving.parts import Parts


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time; for a pack that counts life, of stand-in time. `start` is inside, `end` outside."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Series:
    """One signal over a stretch.

    Attributes:
        values: In the signal's unit.
        measured: How many readings there were before thinning.
    """

    signal: Signal
    times: tuple[datetime, ...]
    values: tuple[float, ...]
    measured: int


def recent(parts: Parts, tenant: TenantId, asset: AssetId, length: timedelta) -> Stretch:
    """Return the stretch of that length that ends with the newest forecast's moment, or now where none was issued.

    A machine that fell silent long ago thus still shows what it last said.
    """
    newest = parts.ledger.history(tenant, asset, 1)
    if newest:
        end = newest[0].issued_at
    elif parts.pack.life.source is LifeSource.COUNT:
        end = parts.life_clock.newest(tenant, [asset]).get(asset, parts.clock())
    else:
        end = parts.clock()
    return Stretch(end - length, end + timedelta(microseconds=1))


def read_series(
    parts: Parts, tenant: TenantId, asset: AssetId, signals: Sequence[Signal], stretch: Stretch, most: int
) -> list[Series]:
    """Read signals of one asset, each with at most about `most` points."""
    names = [signal.id for signal in signals]
    frame = parts.telemetry.read_wide(tenant, assets=[asset], signals=names, start=stretch.start, end=stretch.end)
    times: list[datetime] = frame["time"].to_list()
    return [_series(signal, times, frame[signal.id].to_list(), most) for signal in signals]


def axis_of(pack: Pack, moment: datetime) -> str | float:
    """Return a moment as the pack shows it: as a time, or as a count of life, which is never shown as a date."""
    return life_of_time(moment) if pack.life.source is LifeSource.COUNT else format_time(moment)


def thin(values: Sequence[float], most: int) -> list[int]:
    """Choose which points to keep: of each stretch of equal length its lowest and its highest, and both ends.

    Peaks survive, which means and every-nth-point would lose.

    Returns:
        Rising places, at most `most` or so (three at least).

    Examples:
        >>> thin([0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0, -9.0, 0.0, 0.0], most=6)
        [0, 2, 5, 7, 9]
    """
    if len(values) <= most:
        return list(range(len(values)))
    width = math.ceil(len(values) / max(1, (most - 2) // 2))
    kept = {0, len(values) - 1}
    for start in range(0, len(values), width):
        places = range(start, min(start + width, len(values)))
        kept |= {min(places, key=values.__getitem__), max(places, key=values.__getitem__)}
    return sorted(kept)


def _series(signal: Signal, times: Sequence[datetime], values: Sequence[float | None], most: int) -> Series:
    pairs = [(time, value) for time, value in zip(times, values, strict=True) if value is not None]
    kept = [pairs[place] for place in thin([value for _, value in pairs], most)]
    return Series(signal, tuple(time for time, _ in kept), tuple(value for _, value in kept), len(pairs))
