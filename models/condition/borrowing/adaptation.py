"""Normal behaviour that follows a machine as it is seen, and stops following while the machine deviates.

Days on which it strays are not learnt, and the others only after a quarantine: an alarm drops the days that led up to
it as well, so that a fault that creeps is not learnt as normal from its harmless beginning.

After an event (`features.domain.epochs`) the signals that it touched are learnt anew: for some days they are learnt at
once and not judged, for nobody knows yet what is normal for them. A machine's own first days are learnt at once too,
and judged by what its fleet knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.domain.epochs import Epoch, Relearn
from features.domain.identifiers import SignalId
from models.condition.alarms.alarm import AlarmRule, AlarmState
from models.condition.borrowing.evidence import Evidence
from models.condition.borrowing.prior import Belief
from models.condition.normal import Condition, NormalBehaviour
from models.condition.smoothing import Smoothed

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class AdaptationSettings:
    """How a machine is followed.

    Attributes:
        part_seconds: What is learnt or dropped together.
        quarantine: Parts without straying that must follow before one is learnt; an alarm drops all that wait.
        doubt: Score above which a row strays; by the meaning of a score, one row in ten of a healthy machine does.
        strays: Share of the rows of a part that may stray; with more of them it is not learnt.
        begin_seconds: How long a signal must be measured after a change until it is judged again.
    """

    part_seconds: float = _DAY
    quarantine: int = 14
    doubt: float = 1.0
    strays: float = 0.5
    begin_seconds: float = 7 * _DAY


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows since the last part was closed."""

    evidence: Evidence
    since: float | None = None
    rows: int = 0
    strayed: int = 0
    alarmed: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """A machine as it is followed.

    Attributes:
        start: What was held to be normal at the last change of each signal.
        learnt: What was seen since, and learnt.
        held: What is in quarantine, the oldest first.
        normal: What is held to be normal now.
        smoothed: State of its score.
        readings: Smoothed readings, in the units of the signals.
        alarm: State of its alarm.
        renewed: Signals that an event touched and that are not judged yet. Shape (signal,).
        part: The rows of the newest part.
        gaps: Seconds between the newest rows, at most three.
    """

    start: Belief
    learnt: Evidence
    held: tuple[Evidence, ...]
    normal: NormalBehaviour
    smoothed: Smoothed
    readings: Smoothed
    alarm: AlarmState
    renewed: NDArray[np.bool_]
    part: _Part
    gaps: tuple[float, ...] = ()

    @property
    def belief(self) -> Belief:
        """What is held to be normal, and what that rests on."""
        return self.start.after(self.learnt)


@dataclass(frozen=True, slots=True)
class Follower:
    """Follows machines of a type.

    Attributes:
        rule: When a score is an alarm.
        settings: How machines are followed.
    """

    rule: AlarmRule
    settings: AdaptationSettings = AdaptationSettings()  # frozen

    def start(self, belief: Belief) -> Followed:
        """Return a machine of which nothing was seen."""
        signals = len(belief.level.center)
        none, nothing = _none(belief), np.zeros(signals, np.bool_)
        unknown = Smoothed.start(signals)
        return Followed(belief, none, (), belief.normal(), unknown, unknown, AlarmState(), nothing, _Part(none))

    def step(
        self, machine: Followed, seconds: float, row: NDArray[np.float64]
    ) -> tuple[Followed, Condition, AlarmState]:
        """Take one row.

        Args:
            machine: After the row before it.
            seconds: Time of the row.
            row: NaN where not measured. Shape (signal,).

        Returns:
            The machine, how far the row strays by what was known before it, and whether that is an alarm.
        """
        part = machine.part
        if part.since is not None and seconds >= part.since + self.settings.part_seconds:
            machine = self._closed(machine)
            part = machine.part
        judged = np.where(machine.renewed, np.nan, row)
        smoothed, condition = machine.normal.step(machine.smoothed, seconds, judged)
        alarm = machine.alarm.after(condition.score, self.rule)
        readings = machine.readings.after(row, seconds, machine.normal.time_constant)
        gaps = _gaps(machine, seconds)
        evidence = part.evidence.with_rows(
            row[None],
            np.where(np.isnan(row), np.nan, readings.values)[None],
            sorted(gaps)[(len(gaps) - 1) // 2] if gaps else machine.start.prior.interval,
        )
        part = _Part(
            evidence,
            seconds if part.since is None else part.since,
            part.rows + 1,
            part.strayed + (condition.score > self.settings.doubt),
            part.alarmed or alarm.is_on,
        )
        machine = replace(machine, smoothed=smoothed, readings=readings, alarm=alarm, part=part, gaps=gaps)
        return machine, condition, alarm

    def changed(self, machine: Followed, levels: NDArray[np.bool_], spreads: NDArray[np.bool_]) -> Followed:
        """Return the machine after an event that touched some signals.

        Args:
            machine: Before it.
            levels: Signals whose level may have moved. Shape (signal,).
            spreads: Signals that may scatter otherwise. Shape (signal,).
        """
        touched = levels | spreads
        start = machine.belief.renewed(levels, spreads).but(machine.start, ~touched)
        unknown = np.where(touched, np.nan, machine.readings.values)
        return self._judging_by(
            replace(
                machine,
                start=start,
                learnt=machine.learnt.without(touched),
                held=tuple(each.without(touched) for each in machine.held),
                readings=Smoothed(unknown, machine.readings.seconds),
                alarm=AlarmState(),
                renewed=machine.renewed | touched,
                part=replace(machine.part, evidence=machine.part.evidence.without(touched)),
            )
        )

    def _closed(self, machine: Followed) -> Followed:
        """Learn the oldest part in quarantine, if the newest does not stray; begin another part."""
        part, settings = machine.part, self.settings
        beginning = machine.learnt.seconds < settings.begin_seconds
        learnt, held = machine.learnt.plus(part.evidence.without(~beginning)), machine.held
        if part.alarmed:
            held = ()
        elif part.strayed <= settings.strays * part.rows:
            held = (*held, part.evidence.without(beginning))
        if len(held) > settings.quarantine:
            learnt, held = learnt.plus(held[0]), held[1:]
        renewed = machine.renewed & (learnt.seconds < settings.begin_seconds)
        fresh = _Part(_none(machine.start))
        return self._judging_by(replace(machine, learnt=learnt, held=held, renewed=renewed, part=fresh))

    def _judging_by(self, machine: Followed) -> Followed:
        """Judge by what is held now; what was smoothed is told in its units."""
        normal = machine.belief.normal()
        values = np.where(machine.renewed, np.nan, normal.level.z_scores(machine.readings.values))
        return replace(machine, normal=normal, smoothed=Smoothed(values, machine.readings.seconds))


def touched_by(epoch: Epoch, signals: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return for which signals an epoch resets the level and for which the scatter, as `Follower.changed` takes it."""
    relearnt = np.array([epoch.relearnt.get(SignalId(each), 0) for each in signals], np.int64)
    return relearnt >= Relearn.OFFSET, relearnt >= Relearn.BASELINE


def _none(belief: Belief) -> Evidence:
    return Evidence.none(np.nan_to_num(belief.prior.level.fleet))


def _gaps(machine: Followed, seconds: float) -> tuple[float, ...]:
    """Return the times between the newest rows; by the middle of three, one standstill is no time that was measured."""
    last = machine.readings.seconds
    return machine.gaps if last is None else (*machine.gaps[-2:], max(seconds - last, 0.0))
