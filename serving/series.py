"""Signals of one asset over a stretch of time or life, thinned to what a chart or a caller can take."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack
from features.domain.signals import Signal
from features.domain.time import format_time, life_of_time
from features.quality.verdicts import Verdict
from serving.parts import Parts


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time; for a pack that counts life, of stand-in time. `start` is inside, `end` outside."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Suspects:
    """Readings of one signal that are not good, in order of time.

    Attributes:
        values: In the signal's unit.
        verdicts: What was found with each.
        measured: How many there were before thinning.
    """

    times: tuple[datetime, ...] = ()
    values: tuple[float, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    measured: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """One signal over a stretch.

    Attributes:
        times: Of the good readings.
        values: Of the good readings, in the signal's unit.
        measured: How many good readings there were before thinning.
        suspect: The others.
    """

    signal: Signal
    times: tuple[datetime, ...]
    values: tuple[float, ...]
    measured: int
    suspect: Suspects = Suspects()


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
    """Read signals of one asset, each with at most about `most` good points and as many that are not."""
    verdicts = read_verdicts(parts, tenant, asset, signals, stretch)
    frame = parts.telemetry.read_wide(
        tenant,
        assets=[asset],
        signals=[signal.id for signal in signals],
        start=stretch.start,
        end=stretch.end,
        with_suspect=True,
    )
    times: list[datetime] = frame["time"].to_list()
    return [_series(signal, times, frame[signal.id].to_list(), verdicts[signal.id], most) for signal in signals]


def read_verdicts(
    parts: Parts, tenant: TenantId, asset: AssetId, signals: Sequence[Signal], stretch: Stretch
) -> dict[str, dict[datetime, Verdict]]:
    """Return what was found with readings that are not good: for each signal, by time."""
    names: list[str] = [signal.id for signal in signals]
    frame = parts.telemetry.read_verdicts(tenant, assets=[asset], signals=names, start=stretch.start, end=stretch.end)
    found: dict[str, dict[datetime, Verdict]] = {name: {} for name in names}
    for signal, time, verdict in frame.select("signal", "time", "verdict").iter_rows():
        found[signal][time] = Verdict(verdict)
    return found


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


def _series(
    signal: Signal,
    times: Sequence[datetime],
    values: Sequence[float | None],
    verdicts: Mapping[datetime, Verdict],
    most: int,
) -> Series:
    pairs = [(time, value) for time, value in zip(times, values, strict=True) if value is not None]
    good = [pair for pair in pairs if pair[0] not in verdicts] if verdicts else pairs
    suspect = [(time, value, verdicts[time]) for time, value in pairs if time in verdicts] if verdicts else []
    kept = [good[place] for place in thin([value for _, value in good], most)]
    return Series(
        signal, tuple(time for time, _ in kept), tuple(value for _, value in kept), len(good), _suspects(suspect, most)
    )


def _suspects(found: Sequence[tuple[datetime, float, Verdict]], most: int) -> Suspects:
    """Thin each verdict's readings by themselves, so that a rare one is not lost among many of another kind."""
    kinds = {verdict for _, _, verdict in found}
    kept = []
    for kind in kinds:
        places = [place for place, (_, _, verdict) in enumerate(found) if verdict is kind]
        kept += [places[each] for each in thin([found[place][1] for place in places], most // len(kinds))]
    shown = [found[place] for place in sorted(kept)]
    return Suspects(
        tuple(time for time, _, _ in shown),
        tuple(value for _, value, _ in shown),
        tuple(verdict for _, _, verdict in shown),
        len(found),
    )
