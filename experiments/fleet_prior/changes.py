"""What becomes of a baseline: an instrument is swapped, a machine is mended, a fault creeps; told or untold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from experiments.errors import DataSetUnusable
from experiments.fleet_prior.fleet import DAY, Pump
from experiments.fleet_prior.protocol import FLEET_DAYS, MAKER, prior_without
from features.domain.epochs import Baselines, Epoch, epochs_of
from features.domain.events import Event, EventKind
from features.domain.identifiers import SignalId
from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.budget import AlarmBudget, FittedThreshold, fit_threshold
from models.condition.alarms.lifecycle import LifeCycleRule
from models.condition.alarms.scored import Scored
from models.condition.borrowing.adaptation import Followed, Follower, touched_by
from models.condition.borrowing.prior import Member
from models.condition.history import History, Level

BEFORE_DAYS, AFTER_DAYS = 60, 90
CHANGED = FLEET_DAYS + BEFORE_DAYS
END = CHANGED + AFTER_DAYS
LAST_DAYS = 30
"""Over which it is judged what has become of an alarm."""

_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
SWAPPED, CREEPING = "bearing_temperature_drive_end", "vibration_drive_end"


@dataclass(frozen=True, slots=True)
class Case:
    """Something that happens to a machine.

    Attributes:
        sizes: By how many of its own deviations each signal moves in the end. Shape (signal,).
        growing_days: How long it takes to get there; 0 for at once.
        told: The event that is told of it; None for none.
        named: The signal that the event names.
    """

    sizes: NDArray[np.float64]
    growing_days: float = 0.0
    told: EventKind | None = None
    named: str | None = None

    def done_to(self, history: History, scale: NDArray[np.float64]) -> History:
        """Move readings that follow the change."""
        days = history.seconds / DAY - CHANGED
        share = np.clip(days / self.growing_days, 0.0, 1.0) if self.growing_days else np.ones(len(days))
        return History(history.seconds, history.readings + share[:, None] * self.sizes * scale)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one machine.

    Attributes:
        alarmed: Share of its rows under alarm after the change.
        at_last: The same in the last days.
        first_days: Days from the change to the first alarm; NaN without one.
        off: How far the level that is held normal in the end lies from the readings of the last days, in deviations of
            the machine; over the signals that moved.
        judged_days: Days until every signal was judged again.
    """

    alarmed: float
    at_last: float
    first_days: float
    off: float
    judged_days: float


def cases(signals: Sequence[str], size: float = 8.0) -> dict[str, Case]:
    """Return what happens, by name; sizes are in a machine's own deviations."""
    swapped, creeping = (np.array([size * (each == name) for each in signals]) for name in (SWAPPED, CREEPING))
    turns = size / 2 * np.where(np.arange(len(signals)) % 2, -1.0, 1.0)
    return {
        "nothing": Case(np.zeros(len(signals))),
        "sensor_swapped": Case(swapped, told=EventKind.SENSOR_REPLACED, named=SWAPPED),
        "sensor_swapped_untold": Case(swapped),
        "repair": Case(turns, told=EventKind.REPAIR),
        "slow_fault": Case(creeping, growing_days=60.0),
    }


def follow_changes(
    signals: Sequence[str],
    pumps: Sequence[Pump],
    members: Mapping[str, Member],
    budget: AlarmBudget,
    tell: Callable[[int, int], None],
) -> dict[str, object]:
    """Follow every other machine through each case; the threshold comes from the others, which stay healthy.

    Raises:
        DataSetUnusable: If these promise no threshold that keeps the budget.
    """
    fitted = _threshold(pumps[::2], members, budget)
    if fitted.threshold is None:
        raise DataSetUnusable(f"Healthy machines must tell a threshold: {fitted.reason}")
    follower = Follower(AlarmRule(fitted.threshold, release=0.0))
    found: dict[str, list[Outcome]] = {}
    judged = pumps[1::2]
    for place, pump in enumerate(judged):
        before = _begun(follower, pump, members, CHANGED).last
        for name, case in cases(signals).items():
            found.setdefault(name, []).append(_outcome(follower, before, pump, signals, case))
        tell(place + 1, len(judged))
    means = {
        name: {each: _mean([getattr(one, each) for one in of]) for each in Outcome.__slots__}
        | {"ever_alarmed": float(np.mean([one.alarmed > 0 for one in of]))}
        for name, of in found.items()
    }
    return {"threshold": fitted.threshold, "machines": len(judged), "cases": means}


def _threshold(taught: Sequence[Pump], members: Mapping[str, Member], budget: AlarmBudget) -> FittedThreshold:
    unbounded = Follower(AlarmRule(np.inf))
    scored = [
        Scored(each.asset, each.between(FLEET_DAYS, END).seconds, _begun(unbounded, each, members, END).scores)
        for each in taught
    ]
    return fit_threshold(scored, LifeCycleRule(AlarmRule(1.0, release=0.0)), budget)


@dataclass(frozen=True, slots=True)
class _Run:
    """What a stretch showed, row by row. Arrays have shape (row,)."""

    last: Followed
    scores: NDArray[np.float64]
    alarmed: NDArray[np.bool_]
    blind: NDArray[np.bool_]


def _begun(follower: Follower, pump: Pump, members: Mapping[str, Member], until: float) -> _Run:
    machine = follower.start(prior_without(members, pump.asset).belief(pump.group))
    return _run(follower, machine, pump.between(FLEET_DAYS, until))


def _run(follower: Follower, machine: Followed, history: History) -> _Run:
    scores, alarmed, blind = np.empty(len(history)), np.empty(len(history), np.bool_), np.empty(len(history), np.bool_)
    for place, (seconds, row) in enumerate(zip(history.seconds.tolist(), history.readings, strict=True)):
        machine, condition, alarm = follower.step(machine, seconds, row)
        scores[place], alarmed[place], blind[place] = condition.score, alarm.is_on, machine.renewed.any()
    return _Run(machine, scores, alarmed, blind)


def _outcome(follower: Follower, before: Followed, pump: Pump, signals: Sequence[str], case: Case) -> Outcome:
    scale = Level.of(pump.between(0, FLEET_DAYS)).scale
    history = case.done_to(pump.between(CHANGED, END), scale)
    for epoch in _epochs(pump, signals, case)[1:]:
        before = follower.changed(before, *touched_by(epoch, signals))
    found = _run(follower, before, history)
    days, moved = history.seconds / DAY - CHANGED, case.sizes != 0
    late = days > AFTER_DAYS - LAST_DAYS
    off = np.abs(found.last.normal.level.center - history.readings[late].mean(axis=0)) / scale
    return Outcome(
        float(found.alarmed.mean()),
        float(found.alarmed[late].mean()),
        _first(days[found.alarmed]),
        float(off[moved].mean()) if moved.any() else float("nan"),
        _first(days[~found.blind]),
    )


def _epochs(pump: Pump, signals: Sequence[str], case: Case) -> list[Epoch]:
    begin, changed = (_EPOCH + timedelta(days=days) for days in (FLEET_DAYS, CHANGED))
    told = [] if case.told is None else [Event(MAKER, pump.asset, changed, case.told, component=case.named)]
    return epochs_of(MAKER, pump.asset, begin, told, Baselines(tuple(map(SignalId, signals))))


def _first(days: NDArray[np.float64]) -> float:
    return float(days[0]) if len(days) else float("nan")


def _mean(values: Sequence[float]) -> float:
    known = [each for each in values if not np.isnan(each)]
    return float(np.mean(known)) if known else float("nan")
