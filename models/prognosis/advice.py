"""Advice on one machine: from its forecast in force, the pack's costs and the plant's windows, when to act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from features.domain.events import EventKind
from features.domain.forecasts import Forecast
from features.domain.identifiers import AssetId
from features.domain.packs import LifeSource, Pack
from features.domain.scores import EndedLife
from features.domain.time import format_time
from features.domain.windows import WorkWindow
from models.prognosis.decision import Decision, Option, decide
from models.prognosis.remaining import remaining_curve
from models.prognosis.replacement import AgePolicy, best_age

_MOST_OPTIONS = 200
_NONE_FAILED = (
    "no_failure_known: No life of this type that ended in a failure is on record as scored, so nobody can say what a "
    "unit of life is worth. The worker scores lives as they end; `python -m pipelines ledger score` does it at once."
)


class Call(StrEnum):
    """What is cheapest: to act at once, to act at a later moment, to wait for the next forecast, or nobody can say."""

    NOW = "now"
    THEN = "then"
    WAIT = "wait"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Advice:
    """When to act on one machine, and on what that rests.

    Attributes:
        at: The moment at which it is given.
        decision: None where nobody can say.
        reason: Why nobody can say: a stable code, a colon and a sentence; None with a decision.
        policy: The best fixed age, whose cost per unit of life is what a unit is worth; None if nobody knows.
        has_windows: Whether only windows for work were compared; else any moment.
        seconds_per_unit: Nominal length of a unit of life; None where life has no dates.
    """

    forecast: Forecast
    pack: Pack
    at: datetime
    decision: Decision | None = None
    reason: str | None = None
    policy: AgePolicy | None = None
    has_windows: bool = False
    seconds_per_unit: float | None = None

    @property
    def call(self) -> Call:
        """What is cheapest."""
        if self.decision is None:
            return Call.UNKNOWN
        if self.decision.is_beyond:
            return Call.WAIT
        return Call.NOW if self.decision.is_now else Call.THEN

    def moment(self, option: Option) -> datetime | None:
        """Return when an option is, if the machine runs on; None where life has no dates."""
        if self.seconds_per_unit is None:
            return None
        return self.at + timedelta(seconds=option.after * self.seconds_per_unit)

    def to_dict(self) -> dict[str, object]:
        """Return the advice as plain types, times as RFC 3339 text, costs in the pack's currency."""
        found, policy, costs = self.decision, self.policy, self.pack.costs
        return {
            "asset": self.forecast.asset,
            "at": format_time(self.at) if self.seconds_per_unit is not None else None,
            "call": self.call.value,
            "reason": self.reason,
            "life_unit": self.pack.life.unit,
            "forecast": self.forecast.id or None,
            "costs": {"failure": costs.miss, "planned": costs.of_planned_work},
            "value_of_life": None if found is None else found.value_of_life,
            "fixed_age": None if policy is None else {name: getattr(policy, name) for name in AgePolicy.__slots__},
            "windows": self.has_windows,
            "reach": None if found is None else found.reach,
            "best": None if found is None else self._option(found, found.best),
            "now": None if found is None else self._option(found, found.now),
            "options": [] if found is None else [self._option(found, each) for each in found.options],
        }

    def _option(self, decision: Decision, option: Option) -> dict[str, object]:
        moment = self.moment(option)
        return {
            "start": None if moment is None else format_time(moment),
            **{name: getattr(option, name) for name in Option.__slots__},
            "total": option.total,
            "extra": decision.extra(option),
        }


def advise(
    forecast: Forecast,
    pack: Pack,
    known: Sequence[EndedLife],
    running: Mapping[AssetId, float],
    windows: Sequence[WorkWindow] | Sequence[float],
    now: datetime,
) -> Advice:
    """Advise on a machine.

    Args:
        forecast: The one in force.
        pack: Of the machine.
        known: Lives of machines of its type that have ended; they tell what a unit of life is worth.
        running: How long the newest life of each machine is, life units. Were lives that go on left out, only the short
            ones would be heard of.
        windows: When planned work can be done: windows in time, or life units from now. Empty means at any moment.
        now: The present moment; where life is a bare count, the stand-in time of the machine's newest reading.
    """
    length = None if pack.life.source is LifeSource.COUNT else pack.life.seconds_per_unit
    curve = remaining_curve(forecast)
    if curve is None:
        why = f"no_forecast: The forecast in force is {forecast.status.value}; it carries no numbers."
        return Advice(forecast, pack, now, reason=why, seconds_per_unit=length)
    if now >= forecast.valid_until:
        why = f"expired: The forecast held until {format_time(forecast.valid_until)}; a decision needs one in force."
        return Advice(forecast, pack, now, reason=why, seconds_per_unit=length)
    policy = _policy(pack, known, running)
    if policy is None:
        return Advice(forecast, pack, now, reason=_NONE_FAILED, seconds_per_unit=length)
    offsets = _offsets(windows, now, pack.life.seconds_per_unit)
    elapsed = max(0.0, (now - forecast.issued_at).total_seconds() / pack.life.seconds_per_unit)
    decision = decide(curve, pack.costs, policy.rate, elapsed, offsets or None)
    no_reach = None if decision is not None else "no_reach: The forecast tells of no life beyond the present moment."
    return Advice(forecast, pack, now, decision, no_reach, policy, bool(offsets), length)


def _policy(pack: Pack, known: Sequence[EndedLife], running: Mapping[AssetId, float]) -> AgePolicy | None:
    """Return the best fixed age; a machine that nobody observes any more has no life that goes on."""
    closed = {each.life.asset for each in known if each.life.end is EventKind.END_OF_OBSERVATION}
    open_lives = [length for asset, length in running.items() if asset not in closed]
    lengths = [*(each.length for each in known), *open_lives]
    return best_age(lengths, [*(each.is_failure for each in known), *(False for _ in open_lives)], pack.costs)


def _offsets(windows: Sequence[WorkWindow] | Sequence[float], now: datetime, seconds_per_unit: float) -> list[float]:
    """Return when windows open, life units from now; one that is open already opens now."""
    found: set[float] = set()
    for window in windows:
        if not isinstance(window, WorkWindow):
            found.add(max(0.0, float(window)))
        elif window.end > now:
            found.add(max(0.0, (window.start - now).total_seconds() / seconds_per_unit))
    return sorted(found)[:_MOST_OPTIONS]
