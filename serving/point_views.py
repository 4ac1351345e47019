"""What the pages say of measuring points, in the reader's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from features.domain.identifiers import AssetId, TenantId
from features.domain.signals import Signal
from features.quality.verdicts import Verdict
from features.records.arrivals import LATE_BOUNDS, ArrivalCount
from features.records.signal_states import SignalState
from serving.languages import Words
from serving.parts import Parts
from serving.points import USUAL, abnormal_points, arrivals_of, states_of, usual_lateness
from serving.series import Series
from serving.views import name_of, unit_text


@dataclass(frozen=True, slots=True)
class PointRow:
    """One measuring point that is not normal.

    Attributes:
        letter: Its state by NAMUR NE 107.
        state: The same in words.
        found: What was found.
    """

    id: str
    name: str
    letter: str
    state: str
    found: str
    since: datetime


def point_values(
    parts: Parts, tenant: TenantId, asset: AssetId, series: Sequence[Series], words: Words
) -> dict[str, object]:
    """Return what the page of an asset says of its measuring points and of how their readings arrived.

    Its recent signals tell of its newest reading where no arrivals are on record.
    """
    states = states_of(parts, tenant, asset)
    arrivals = arrivals_of(parts, tenant, asset)
    return {
        "is_judged": bool(states),
        "points": [_row(signal, state, words) for signal, state in abnormal_points(parts.pack, states)],
        "last_arrival": max((each.last_at for each in arrivals), default=None),
        "newest_reading": _newest(arrivals, series),
        "lateness": _lateness(arrivals, words),
        "has_suspects": any(each.suspect.measured for each in series),
    }


def finding(signal: Signal, verdict: Verdict, words: Words) -> str:
    """Return in plain words what was found with a signal; good means that readings are missing."""
    if verdict is Verdict.GOOD:
        return words("verdict.missing")
    low, high = words.number(signal.low), words.number(signal.high)
    text = words(f"verdict.{verdict.name.lower()}", low=low, high=high, unit=unit_text(signal.unit))
    return " ".join(text.split())  # a bare number has no unit


def _row(signal: Signal, state: SignalState, words: Words) -> PointRow:
    return PointRow(
        id=signal.id,
        name=name_of(signal.names, words),
        letter=state.namur.value,
        state=words(f"namur.{state.namur.name.lower()}"),
        found=finding(signal, state.verdict, words),
        since=state.since,
    )


def _newest(arrivals: Sequence[ArrivalCount], series: Sequence[Series]) -> datetime | None:
    drawn = [times[-1] for each in series for times in (each.times, each.suspect.times) if times]
    return max([*drawn, *(each.newest_time for each in arrivals)], default=None)


def _lateness(arrivals: Sequence[ArrivalCount], words: Words) -> str | None:
    usual = usual_lateness(arrivals)
    if usual is None:
        return None
    bound, total = usual
    key = "points.late" if bound is None else "points.lateness"
    age = words.span(bound or LATE_BOUNDS[-1])
    return words(key, percent=words.percent(USUAL), age=age, total=words.number(total))
