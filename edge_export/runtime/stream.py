"""The feature state of every asset on a live stream: readings in, newest vectors out.

It is the streaming form of `features.transforms.batch.compute` and gives the same bits. A stream knows no past:
a row older than the newest one is refused and said so, because replay belongs to the centre. Events that the pack asks
for may come late: what is known of them hangs on no row, so the newest vector is put right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge_export.runtime.measured import conflicting, measured, merged
from features.domain.events import Event
from features.domain.identifiers import AssetId
from features.domain.time import life_of_time, utc
from features.quality.verdicts import SetAsideReason
from features.transforms.event_memory import MOST_REMEMBERED, EventMemory, Remembered
from features.transforms.specification import FeatureSpecification
from features.transforms.state import FeatureState, initial_state
from features.transforms.step import StepPlan, StepResult, step, with_events

AT_ONCE = timedelta(microseconds=1)
"""From an event to what is told of it at once: an event counts strictly after its own time."""


class Outcome(StrEnum):
    """What became of a row or an event."""

    ACCEPTED = "accepted"
    MERGED = "merged"  # of the same time as the newest row: that row was computed again with both
    DUPLICATE = "duplicate"
    EMPTY = "empty"  # nothing usable was measured: time passes, and the newest vector grows older
    LATE = "late"
    FULL = "full"  # a new asset, and no room for one
    LIFE_ENDED = "life_ended"
    LIFE_ENDED_LATE = "life_ended_late"  # rows after the end were already counted to the old life
    NO_CHANGE = "no_change"  # an event that ends no life and that no feature asks for
    COUNTED = "counted"  # an event that ends no life, and is in the features of the rows after it
    COUNTED_LATE = "counted_late"  # rows after it were answered without it; the newest vector was put right
    FORGOTTEN = "forgotten"  # before events that are no longer remembered one by one


@dataclass(frozen=True, slots=True)
class StreamVector:
    """The newest feature vector of one asset, as `OnlineVector` has it.

    Attributes:
        time: Time of the newest running row.
        values: In the order of the specification's names; NaN where unknown. Shape (feature,).
        life: Life at that row, life units.
        regime: Operating regime at that row, -1 where unknown.
    """

    time: datetime
    values: NDArray[np.float32]
    life: float
    regime: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one row.

    Attributes:
        set_aside: Signals that were left out of it, each with its reason.
        conflicts: Signals that had another value at the same time before.
    """

    outcome: Outcome
    set_aside: tuple[tuple[str, SetAsideReason], ...] = ()
    conflicts: tuple[str, ...] = ()


@dataclass(slots=True)
class _Life:
    """One asset now: the newest row, the state before and after it, and what happened to it in all its lives."""

    begins_at: datetime | None
    time: datetime | None
    values: NDArray[np.float64]
    before: FeatureState
    after: FeatureState
    vector_before: StreamVector | None
    vector: StreamVector | None
    events: EventMemory
    waiting: set[datetime] = field(default_factory=set)  # rows of events that are told at once, and no row is newer
    told: StreamVector | None = None  # what is known after them
    told_state: FeatureState | None = None  # the state after them, while rows wait
    folded_until: datetime | None = None  # waiting rows up to here became part of `after`


class AssetStreams:
    """The feature states of the assets of one tenant: one small, fixed-size state per asset seen."""

    def __init__(self, specification: FeatureSpecification, capacity: int = 10_000) -> None:
        """Begin with no asset.

        Args:
            specification: What to compute.
            capacity: The most assets that are kept; a row of one more is refused.
        """
        self._specification = specification
        self._plan = StepPlan.of(specification)
        self._columns = {name: index for index, name in enumerate(specification.signals)}
        self._capacity = capacity
        self._lives: dict[AssetId, _Life] = {}

    @property
    def assets(self) -> tuple[AssetId, ...]:
        """The assets seen, in the order of their first row or event."""
        return tuple(self._lives)

    def newest(self, asset: AssetId) -> StreamVector | None:
        """Return the newest vector of an asset, or None if this life has none yet."""
        life = self._lives.get(asset)
        return None if life is None else life.told or life.vector

    def newest_time(self, asset: AssetId) -> datetime | None:
        """Return the time of an asset's newest row in this life."""
        life = self._lives.get(asset)
        return None if life is None else life.time

    def take(self, asset: AssetId, time: datetime, signals: Mapping[str, object]) -> Taken:
        """Take one row of readings.

        Args:
            asset: Which asset.
            time: When, with its zone.
            signals: Values by signal, in their units; None or NaN where not measured.
        """
        moment = utc(time)
        values, set_aside = self._row(signals)
        if np.isnan(values).all():
            return Taken(Outcome.EMPTY, set_aside)
        life = self._life(asset)
        if life is None:
            return Taken(Outcome.FULL, set_aside)
        if life.time is not None and moment < life.time:
            return Taken(Outcome.LATE, set_aside)
        if life.time is None and life.begins_at is not None and moment <= life.begins_at:
            return Taken(Outcome.LATE, set_aside)  # a row of the very moment a life ended belongs to that life
        if not _reaches(life, moment):
            return Taken(Outcome.FORGOTTEN, set_aside)
        if moment == life.time:
            return self._merge(life, moment, values, set_aside)
        before = {each for each in life.waiting if each <= moment}
        life.before, life.vector_before = self._through(life, moment - AT_ONCE)
        life.waiting -= before
        self._advance(life, moment, values)
        return Taken(Outcome.ACCEPTED, set_aside)

    def take_event(self, event: Event) -> Outcome:
        """Take an event: one that a feature asks for is counted, one that ends a life begins the next.

        Nothing is carried over from life to life but what happened to the asset. A row of the event's own time stays
        with the life that ended, as `features.domain.events.LifeEpoch` counts. If the end of a life comes late, after
        newer rows, the new life begins with the newest of them; only the centre, which has the rows between, can do
        better.
        """
        is_end = event.ends_life(self._specification.life.modelled_component)
        if not is_end and not self._specification.rule.counts(event.kind, event.detail):
            return Outcome.NO_CHANGE
        life = self._life(event.asset)
        if life is None:
            return Outcome.FULL
        is_late = life.time is not None and utc(event.at) < life.time
        if is_end and is_late and life.time is not None and not life.events.knows(life_of_time(life.time)):
            return Outcome.FORGOTTEN  # the newest row would have to be computed again
        found = life.events.take(event)
        if found in _NOT_COUNTED:
            return _NOT_COUNTED[found]
        counted = Outcome.NO_CHANGE
        if found is Remembered.NEW:
            life.vector_before, life.vector = (
                self._with(event, each, life) for each in (life.vector_before, life.vector)
            )
            life.told, moment = self._with(event, life.told, life), utc(event.at) + AT_ONCE
            has_row = life.time is not None and self._specification.rule.has_row(event.kind, event.detail)
            is_late |= has_row and not _reaches(life, moment)
            counted = Outcome.COUNTED_LATE if is_late else Outcome.COUNTED
            if has_row and not is_late:
                self._wait(life, moment)
        ended = self._end(event, life) if is_end else counted
        return counted if ended in _UNCHANGED and counted is not Outcome.NO_CHANGE else ended

    def _with(self, event: Event, vector: StreamVector | None, life: _Life) -> StreamVector | None:
        """Return a vector as it would be had the event been known; one of no later time stays as it is."""
        if vector is None or vector.time <= utc(event.at):
            return vector
        courses, changed = life.events.courses(), life.events.asks(event)
        values = with_events(self._plan, vector.values, life_of_time(vector.time), courses, changed)
        return replace(vector, values=values)

    def _wait(self, life: _Life, moment: datetime) -> None:
        """Let the row of an event wait for the next reading; the oldest of too many waits no longer."""
        if moment in life.waiting:  # of another event of the same time: `_with` has put it right
            return
        if life.told_state is None:
            life.told_state, life.told = self._row_of_events(life, moment, life.after, life.vector)
        elif moment > max(life.waiting):
            life.told_state, life.told = self._row_of_events(life, moment, life.told_state, life.told)
        else:
            life.told_state = None
        life.waiting.add(moment)
        if len(life.waiting) > MOST_REMEMBERED:
            oldest = min(life.waiting)
            life.after, life.vector = self._through(life, oldest)
            life.waiting.remove(oldest)
            life.folded_until = oldest
        self._tell(life)

    def _tell(self, life: _Life) -> None:
        """Say what is known after the events that no row is newer than; the state waits for the next row."""
        if life.waiting and life.told_state is None:
            life.told_state, life.told = self._through(life, max(life.waiting))

    def _through(self, life: _Life, until: datetime) -> tuple[FeatureState, StreamVector | None]:
        """Return state and vector after the waiting rows of events up to a moment, as the centre has them."""
        if life.told_state is not None and max(life.waiting) <= until:
            return life.told_state, life.told
        state, vector = life.after, life.vector
        for moment in sorted(each for each in life.waiting if each <= until):
            state, vector = self._row_of_events(life, moment, state, vector)
        return state, vector

    def _row_of_events(
        self, life: _Life, moment: datetime, state: FeatureState, vector: StreamVector | None
    ) -> tuple[FeatureState, StreamVector | None]:
        """Return state and vector after a row of nothing but events; `state` is left as it was."""
        time, nothing = np.array([life_of_time(moment)]), np.full((1, len(self._columns)), np.nan)
        after, result = step(self._plan, state, time, nothing, [life.events.courses()])
        return after, _vector(moment, result) if result.is_running[0] else vector

    def _end(self, event: Event, life: _Life) -> Outcome:
        moment = utc(event.at)
        if life.begins_at is not None and moment <= life.begins_at:
            return Outcome.DUPLICATE if moment == life.begins_at else Outcome.LATE
        time, values = life.time, life.values
        fresh = self._lives[event.asset] = self._new_life(moment, life.events)
        if time is None or time <= moment:
            return Outcome.LIFE_ENDED
        self._advance(fresh, time, values)
        for each in sorted(fresh.events.since(time), key=lambda each: each.at):
            if self._specification.rule.has_row(each.kind, each.detail):
                self._wait(fresh, utc(each.at) + AT_ONCE)
        return Outcome.LIFE_ENDED_LATE

    def _life(self, asset: AssetId) -> _Life | None:
        life = self._lives.get(asset)
        if life is None and len(self._lives) < self._capacity:
            life = self._lives[asset] = self._new_life(None, EventMemory(self._plan.layout))
        return life

    def _new_life(self, begins_at: datetime | None, events: EventMemory) -> _Life:
        state = initial_state(self._specification, 1)
        return _Life(begins_at, None, np.full(len(self._columns), np.nan), state, state, None, None, events)

    def _row(self, signals: Mapping[str, object]) -> tuple[NDArray[np.float64], tuple[tuple[str, SetAsideReason], ...]]:
        values = np.full(len(self._columns), np.nan)
        set_aside = []
        for name, value in signals.items():
            column = self._columns.get(name)
            found = SetAsideReason.UNKNOWN_SIGNAL if column is None else measured(value)
            if isinstance(found, SetAsideReason):
                set_aside.append((name, found))
            elif column is not None:
                values[column] = found
        return values, tuple(set_aside)

    def _merge(
        self,
        life: _Life,
        moment: datetime,
        values: NDArray[np.float64],
        set_aside: tuple[tuple[str, SetAsideReason], ...],
    ) -> Taken:
        is_conflict, together = conflicting(values, life.values), merged(values, life.values)
        conflicts = tuple(name for name, column in self._columns.items() if is_conflict[column])
        if np.array_equal(together, life.values, equal_nan=True):
            return Taken(Outcome.DUPLICATE, set_aside, conflicts)
        self._advance(life, moment, together)
        return Taken(Outcome.MERGED, set_aside, conflicts)

    def _advance(self, life: _Life, moment: datetime, values: NDArray[np.float64]) -> None:
        life.time, life.values = moment, values
        time, events = np.array([life_of_time(moment)]), [life.events.courses()]
        life.after, result = step(self._plan, life.before, time, values[None, :], events)
        life.vector = _vector(moment, result) if result.is_running[0] else life.vector_before
        life.told, life.told_state = None, None
        self._tell(life)


_UNCHANGED = frozenset({Outcome.DUPLICATE, Outcome.LATE})
_NOT_COUNTED = {Remembered.AGAIN: Outcome.DUPLICATE, Remembered.FORGOTTEN: Outcome.FORGOTTEN}


def _reaches(life: _Life, moment: datetime) -> bool:
    """Say whether a row of this moment can still be computed: all that came before it is known, and nothing after."""
    is_open = life.folded_until is None or moment > life.folded_until
    return is_open and life.events.knows(life_of_time(moment))


def _vector(time: datetime, result: StepResult) -> StreamVector:
    return StreamVector(time, result.vectors[0], float(result.life[0]), int(result.regime[0]))
