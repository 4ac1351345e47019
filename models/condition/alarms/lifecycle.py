"""The life of an alarm of one asset, in the terms of IEC 62682 (ISA-18.2): one, however often its score says so.

A deviation becomes an alarm when it has lasted for the on-delay, and the alarm returns to normal when the score has
been normal for the off-delay. With the deadband that is what stops chattering: between two alarms of one asset lies an
off-delay at least. An alarm that returned stays on the list until somebody acknowledges it, or for a week; a deviation
meanwhile is no other alarm, the same one stands again. Neither delay counts across a stretch in which nothing was known
of the machine for longer than a silence. What the deviation is blamed on is the alarm's cause; a
machine's fault found behind another cause is told anew, once. While planned work is going on nothing is raised; it is
told that something was held back, and what still deviates afterwards is raised then.

A state and an observation give the next state and what is to be told; nothing else has a part in it, so observations
that came late, twice or shuffled end in the same, once they are sorted.
"""

import math
from dataclasses import KW_ONLY, dataclass, field, replace

from features.domain.alarms import Stage, Told
from features.domain.conditions import ConditionVerdict
from models.condition.alarms.alarm import AlarmRule, AlarmState

HOUR, WEEK = 3600.0, 604_800.0

_UNKNOWN = frozenset({ConditionVerdict.DATA_PATH, ConditionVerdict.OPERATION_CHANGE})
"""Under these verdicts a row says nothing of the machine: what stood stands, and nothing begins."""


@dataclass(frozen=True, slots=True)
class LifeCycleRule:
    """How alarms live.

    Attributes:
        alarm: When a score deviates.
        on_delay: Seconds that a deviation must last; 0 raises at its first row.
        off_delay: Seconds that a score must be normal before the alarm has returned. No asset raises more than one
            alarm in that time, save that a machine's fault found behind another cause is told after the on-delay.
        again: Seconds that an alarm stays on the list after its return, if nobody acknowledges it.
        is_latching: Whether it stays on the list for good until somebody does.
        silence: Seconds without a word of the asset after which sight of it is lost; several usual intervals.
    """

    alarm: AlarmRule
    _: KW_ONLY
    on_delay: float = 600.0
    off_delay: float = HOUR
    again: float = WEEK
    is_latching: bool = False
    silence: float = math.inf

    def at(self, threshold: float) -> "LifeCycleRule":
        """Return the rule with another threshold."""
        return replace(self, alarm=replace(self.alarm, threshold=threshold))


@dataclass(frozen=True, slots=True)
class Observation:
    """One row as state detection judged it.

    Attributes:
        seconds: Its time.
        score: How far it strays; NaN where nobody knows.
        verdict: What is to blame, if it strays. `normal` counts as a score of 0.
        lead: The signal that has most part in the score; kept with an alarm, it decides nothing.
        planned: Why no alarm may be raised now (planned work, shelved); None where one may.
    """

    seconds: float
    score: float
    verdict: ConditionVerdict = ConditionVerdict.UNDETERMINED
    lead: str | None = None
    planned: str | None = None

    @property
    def known_score(self) -> float:
        """The score as it counts for the machine."""
        if self.verdict in _UNKNOWN:
            return math.nan
        return 0.0 if self.verdict is ConditionVerdict.NORMAL else self.score


@dataclass(frozen=True, slots=True)
class Transition:
    """Something told of an alarm.

    Attributes:
        seconds: When.
        reason: Why it was suppressed, who acknowledged it, or what ended it; None otherwise.
    """

    seconds: float
    told: Told
    cause: ConditionVerdict
    lead: str | None = None
    score: float = math.nan
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AlarmLife:
    """What is remembered of one asset.

    Attributes:
        stage: Where its alarm stands.
        deviation: Whether the score deviates, before any delay.
        turned: Since when it is other than the alarm says; None where both agree.
        pending: The last row of a deviation that waits for its on-delay; None where none does.
        worse: Since when a machine's fault is blamed for an alarm that was raised for another cause; None if not.
        cause: What the alarm is blamed on; None where there is none.
        returned: When it returned; None if it did not, or was acknowledged.
        is_held: Whether planned work holds an alarm back.
        known: When a row last said something of the machine; kept while one waits for a delay.
    """

    stage: Stage = Stage.NORMAL
    deviation: AlarmState = field(default_factory=AlarmState)
    turned: float | None = None
    pending: Observation | None = None
    worse: float | None = None
    cause: ConditionVerdict | None = None
    returned: float | None = None
    is_held: bool = False
    known: float | None = None

    @property
    def is_at_rest(self) -> bool:
        """Whether a score at or below the threshold changes nothing."""
        return not self.stage.stands and self.deviation == AlarmState() and self.turned is None and not self.is_held

    def after(self, seen: Observation, rule: LifeCycleRule) -> "tuple[AlarmLife, tuple[Transition, ...]]":
        """Return the state after a row, and what is to be told.

        Examples:
            >>> rule = LifeCycleRule(AlarmRule(1.0), on_delay=60.0, off_delay=120.0)
            >>> life, told = AlarmLife(), []
            >>> for seconds, score in ((0, 2.0), (60, 2.0), (120, 0.5), (180, 2.0), (240, 0.5), (360, 0.5)):
            ...     life, new = life.after(Observation(seconds, score), rule)
            ...     told += [(each.seconds, each.told.value) for each in new]
            >>> told
            [(60, 'raised'), (360, 'returned')]
        """
        score = seen.known_score
        if math.isnan(score):
            return self, ()
        is_lost = self.known is not None and self.known + rule.silence < seen.seconds
        life = self.unseen() if is_lost else self
        life = replace(life, deviation=life.deviation.after(score, rule.alarm))
        life, told = life._standing(seen, rule) if life.stage.stands else life._waiting(seen, rule)
        known = None if life.turned is None and life.worse is None else seen.seconds
        return life if known == life.known else replace(life, known=known), told

    def acknowledged(self, seconds: float, by: str) -> "tuple[AlarmLife, tuple[Transition, ...]]":
        """Return the state after somebody acknowledged the alarm; without one nothing changes."""
        following = {
            Stage.UNACKNOWLEDGED: Stage.ACKNOWLEDGED,
            Stage.RETURNED: Stage.NORMAL,
            Stage.LATCHED: Stage.NORMAL,
        }
        if self.stage not in following or self.cause is None:
            return self, ()
        stage, told = following[self.stage], Transition(seconds, Told.ACKNOWLEDGED, self.cause, reason=by)
        return replace(self, stage=stage, cause=self.cause if stage.stands else None, returned=None), (told,)

    def ended(self, seconds: float, reason: str) -> "tuple[AlarmLife, tuple[Transition, ...]]":
        """Return the state after the machine was put right: nothing is remembered, and what stood has returned."""
        if not self.stage.stands or self.cause is None:
            return AlarmLife(), ()
        return AlarmLife(), (Transition(seconds, Told.RETURNED, self.cause, reason=reason),)

    def raised_now(
        self, seconds: float, rule: LifeCycleRule, planned: str | None = None
    ) -> "tuple[AlarmLife, tuple[Transition, ...]]":
        """Raise what waits for its on-delay, because nobody will see how it goes on; without one nothing changes.

        Args:
            seconds: When.
            rule: How alarms live.
            planned: Why no alarm may be raised, if work began after the last row; then it is held back.
        """
        if self.pending is None:
            return self, ()
        seen = replace(self.pending, seconds=seconds, planned=planned or self.pending.planned)
        return self._raised(seen, rule) if seen.planned is None else self._held(seen)

    def unseen(self) -> "AlarmLife":
        """Return the state after sight of the asset was lost: what waits for a delay must be seen for so long anew."""
        return replace(self, turned=None, pending=None, worse=None, known=None)

    def _waiting(self, seen: Observation, rule: LifeCycleRule) -> "tuple[AlarmLife, tuple[Transition, ...]]":
        if not self.deviation.is_on:
            return replace(self, turned=None, pending=None, is_held=False), ()
        if self.is_held and seen.planned is not None:
            return self, ()
        turned = seen.seconds if self.turned is None or self.is_held else self.turned
        life = replace(self, turned=turned, pending=seen, is_held=False)
        if seen.seconds - turned < rule.on_delay:
            return life, ()
        if seen.planned is not None:
            return life._held(seen)
        return life._raised(seen, rule)

    def _held(self, seen: Observation) -> "tuple[AlarmLife, tuple[Transition, ...]]":
        held = Transition(seen.seconds, Told.SUPPRESSED, seen.verdict, seen.lead, seen.score, seen.planned)
        return replace(self, pending=None, is_held=True), (held,)

    def _raised(self, seen: Observation, rule: LifeCycleRule) -> "tuple[AlarmLife, tuple[Transition, ...]]":
        is_listed = self.returned is not None and (
            self.stage is Stage.LATCHED or seen.seconds - self.returned <= rule.again
        )
        cause = self.cause if is_listed and self.cause is not None else seen.verdict
        told = Transition(seen.seconds, Told.AGAIN if is_listed else Told.RAISED, cause, seen.lead, seen.score)
        return AlarmLife(Stage.UNACKNOWLEDGED, self.deviation, cause=cause), (told,)

    def _standing(self, seen: Observation, rule: LifeCycleRule) -> "tuple[AlarmLife, tuple[Transition, ...]]":
        if self.deviation.is_on:
            return replace(self, turned=None)._worsened(seen, rule)
        turned = seen.seconds if self.turned is None else self.turned
        if seen.seconds - turned < rule.off_delay or self.cause is None:
            return replace(self, turned=turned, worse=None), ()
        is_known = self.stage is Stage.ACKNOWLEDGED
        stage = Stage.NORMAL if is_known else Stage.LATCHED if rule.is_latching else Stage.RETURNED
        told = Transition(seen.seconds, Told.RETURNED, self.cause, score=seen.score)
        if is_known:
            return AlarmLife(stage, self.deviation), (told,)
        return AlarmLife(stage, self.deviation, cause=self.cause, returned=seen.seconds), (told,)

    def _worsened(self, seen: Observation, rule: LifeCycleRule) -> "tuple[AlarmLife, tuple[Transition, ...]]":
        """Tell once when the fault of the machine is found behind an alarm that was raised for another cause."""
        is_worse = seen.verdict is ConditionVerdict.MACHINE and self.cause is not ConditionVerdict.MACHINE
        if not is_worse or seen.planned is not None:
            return replace(self, worse=None), ()
        worse = seen.seconds if self.worse is None else self.worse
        if seen.seconds - worse < rule.on_delay:
            return replace(self, worse=worse), ()
        told = Transition(seen.seconds, Told.WORSENED, seen.verdict, seen.lead, seen.score)
        return replace(self, stage=Stage.UNACKNOWLEDGED, worse=None, cause=seen.verdict), (told,)
