"""The measuring points of one asset: how far each is to be believed, and how its readings arrived."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack
from features.domain.signals import Signal
from features.quality.verdicts import Namur, Verdict
from features.records.arrivals import LATE_BOUNDS, ArrivalCount
from features.records.signal_states import SignalState
from serving.parts import Parts
from serving.series import Stretch, read_verdicts, recent

USUAL = 0.95
"""Share of the readings by which the usual lateness is told."""

_JUST_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Point:
    """One measuring point over a stretch.

    Attributes:
        state: Its state by NAMUR NE 107, or None if nobody has judged the asset yet.
        verdict: What was found with the reading that led to the state; good where it is normal or readings are missing.
        since: Time of the first reading in that state; None where it was never another.
        newest: Time of its newest reading in the stretch.
        readings: Its readings in the stretch.
        suspect: How many of them are not good, by verdict.
    """

    signal: Signal
    state: Namur | None
    verdict: Verdict | None
    since: datetime | None
    newest: datetime | None
    readings: int
    suspect: Mapping[Verdict, int]

    @property
    def is_missing(self) -> bool:
        """Whether what is wrong is that no readings come."""
        return is_abnormal(self.state) and self.verdict is Verdict.GOOD


@dataclass(frozen=True, slots=True)
class MeasurementQuality:
    """How far the measurements of one asset are to be believed.

    Attributes:
        stretch: Over which readings are counted.
        newest: Time of the newest reading that is known, or None.
        arrivals: What came of the asset, by way.
    """

    stretch: Stretch
    points: tuple[Point, ...]
    newest: datetime | None
    arrivals: tuple[ArrivalCount, ...]


def read_quality(parts: Parts, tenant: TenantId, asset: AssetId, length: timedelta) -> MeasurementQuality:
    """Look at every measuring point of an asset, over a stretch that ends with its newest reading."""
    arrivals = arrivals_of(parts, tenant, asset)
    stretch = _up_to_newest(parts, tenant, asset, length, arrivals)
    states = states_of(parts, tenant, asset)
    signals = parts.pack.signals
    verdicts = read_verdicts(parts, tenant, asset, signals, stretch)
    frame = parts.telemetry.read_wide(
        tenant,
        assets=[asset],
        signals=[signal.id for signal in signals],
        start=stretch.start,
        end=stretch.end,
        with_suspect=True,
    )
    points = []
    for signal in signals:
        times = frame.filter(frame[signal.id].is_not_null())["time"]
        points.append(_point(signal, states, times.max(), len(times), Counter(verdicts[signal.id].values())))
    newest = [each.newest_time for each in arrivals] + [point.newest for point in points if point.newest is not None]
    return MeasurementQuality(stretch, tuple(points), max(newest, default=None), arrivals)


def states_of(parts: Parts, tenant: TenantId, asset: AssetId) -> dict[str, SignalState]:
    """Return the states on record of an asset's measuring points by signal; empty if nobody has judged it yet."""
    return {state.signal: state for state in parts.point_states.list_all(tenant, asset).get(asset, ())}


def abnormal_points(pack: Pack, states: Mapping[str, SignalState]) -> list[tuple[Signal, SignalState]]:
    """Return the measuring points of a pack that are not normal, failures first, then in the order of the pack."""
    found = [(signal, states[signal.id]) for signal in pack.signals if signal.id in states]
    abnormal = [pair for pair in found if is_abnormal(pair[1].namur)]
    return sorted(abnormal, key=lambda pair: pair[1].namur is not Namur.FAILURE)


def count_abnormal(parts: Parts, tenant: TenantId) -> dict[AssetId, int]:
    """Return how many measuring points of each asset are not normal; an asset without any may be left out."""
    states = parts.point_states.list_all(tenant)
    return {
        asset: len(abnormal_points(parts.pack, {each.signal: each for each in found}))
        for asset, found in states.items()
    }


def is_abnormal(state: Namur | None) -> bool:
    """Say whether a state asks for somebody; one that nobody has judged does not."""
    return state not in (None, Namur.NORMAL)


def arrivals_of(parts: Parts, tenant: TenantId, asset: AssetId) -> tuple[ArrivalCount, ...]:
    """Return what came of an asset, by way."""
    return tuple(parts.arrivals.list_all(tenant, asset))


def late_counts(arrivals: Sequence[ArrivalCount]) -> list[tuple[timedelta | None, int]]:
    """Return how many readings arrived within each bound after they were measured; the last class has none."""
    sums = [sum(each.late[place] for each in arrivals) for place in range(len(LATE_BOUNDS) + 1)]
    return list(zip((*LATE_BOUNDS, None), sums, strict=True))


def usual_lateness(arrivals: Sequence[ArrivalCount]) -> tuple[timedelta | None, int] | None:
    """Return the bound within which at least 95 % of the readings arrived, and their number.

    The bound is None where that took longer than the last bound; the whole is None where nothing is known, as of
    readings that bear a life count.

    Examples:
        >>> usual_lateness([]) is None
        True
    """
    counts = late_counts(arrivals)
    total = sum(count for _, count in counts)
    reached = 0
    for bound, count in counts:
        reached += count
        if total and reached >= USUAL * total:
            return bound, total
    return None


def age_of(parts: Parts, moment: datetime | None) -> timedelta | None:
    """Return how old a reading is; None where it bears a life count, which has no age. It is never negative."""
    if moment is None or parts.pack.life.source is LifeSource.COUNT:
        return None
    return max(timedelta(), parts.clock() - moment)


def _point(
    signal: Signal,
    states: Mapping[str, SignalState],
    newest: datetime | None,
    readings: int,
    suspect: Mapping[Verdict, int],
) -> Point:
    state = states.get(signal.id)
    if state is not None:
        return Point(signal, state.namur, state.verdict, state.since, newest, readings, suspect)
    if states:  # whoever judged the asset had nothing to say of this one
        return Point(signal, Namur.NORMAL, Verdict.GOOD, None, newest, readings, suspect)
    return Point(signal, None, None, None, newest, readings, suspect)


def _up_to_newest(
    parts: Parts, tenant: TenantId, asset: AssetId, length: timedelta, arrivals: Sequence[ArrivalCount]
) -> Stretch:
    """Return the stretch that ends with the newest reading, as far as arrivals and forecasts tell of it."""
    if not arrivals:
        return recent(parts, tenant, asset, length)
    known = [each.newest_time for each in arrivals]
    for forecast in parts.ledger.history(tenant, asset, 1):
        if forecast.age_of_data_seconds is not None:
            known.append(forecast.issued_at - timedelta(seconds=forecast.age_of_data_seconds))
    end = max(known)
    return Stretch(end - length, end + _JUST_AFTER)
