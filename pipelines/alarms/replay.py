"""Replays history under a budget: one part sets the threshold, the other shows what would have been raised."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.domain.alarms import Told
from features.domain.events import EventKind, LifeEpoch
from features.domain.labels import Label
from features.domain.packs import Pack
from features.domain.time import microseconds
from features.transforms.batch import LifeRows
from models.condition.alarms.annunciator import (
    Announced,
    AnnunciatorRule,
    AssetTransition,
    Input,
    Moment,
    PathNotice,
    PlannedWork,
    Renewal,
    Row,
    announce,
    in_order,
)
from models.condition.alarms.budget import alarm_rate, fit_threshold
from models.condition.alarms.lifecycle import HOUR
from models.condition.alarms.scored import Scored
from models.prognosis.folds import held_out
from pipelines.alarms.healthy import healthy_rows, only
from pipelines.alarms.machines import Machines
from pipelines.alarms.order import ReplayOrder, Split
from pipelines.alarms.outcome import AlarmReplay, Foreseen, Held, ReplayedAlarm
from pipelines.alarms.planned import planned_work, with_work
from pipelines.alarms.scoring import ScoredLife, judged_lives, score_lives
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.errors import HistoryTooBrief, NothingToReplay

_INTERVALS = 6.0


@dataclass(frozen=True, slots=True)
class _Part:
    """A life, cut into what sets the threshold and what is counted. Arrays have shape (row,)."""

    life: ScoredLife
    healthy: NDArray[np.bool_]
    fits: NDArray[np.bool_]

    @property
    def fitting(self) -> Scored:
        return only(self.life.scored, self.healthy & self.fits)

    @property
    def counted(self) -> Scored:
        return only(self.life.scored, ~self.fits)

    @property
    def counted_healthy(self) -> Scored:
        return only(self.life.scored, self.healthy & ~self.fits)


def replay_alarms(pack: Pack, machines: Machines, order: ReplayOrder) -> AlarmReplay:
    """Fit a threshold on the healthy rows of one part of history, and show what the other part would have raised.

    Args:
        pack: The type of the machines.
        machines: Their history.
        order: How to replay.

    Raises:
        NothingToReplay: If there are no readings.
        HistoryTooBrief: If no row is known to be healthy after what teaches what is normal.
        TooLittleData: If those that set the threshold have too few rows to tell regimes.
    """
    if not machines.tracks:
        raise NothingToReplay(pack.id)
    if machines.judged is not None:
        order = replace(order, learn=0.0)  # the bundle knows what is normal from the first row on
    parts, split_at = _parts(pack, machines, order)
    life = replace(order.life, silence=order.silence or _silence(machines.tracks))
    fitted = fit_threshold([part.fitting for part in parts], life, order.budget)
    threshold = fitted.threshold if order.threshold is None else order.threshold
    lives, unscored = len(parts), sum(not part.life.is_learnt for part in parts)
    if threshold is None:
        nothing = Foreseen(0, 0, None)
        return AlarmReplay(order, split_at, fitted, None, None, None, (), (), (), nothing, lives, unscored)
    life = life.at(threshold)
    healthy, every = (
        alarm_rate([getattr(part, name) for part in parts], life, order.budget)
        for name in ("counted_healthy", "counted")
    )
    told = _announce(machines, parts, AnnunciatorRule(life, life.silence), order)
    alarms = _alarms(told, machines, parts)
    notices = tuple(each for each in told if isinstance(each, PathNotice))
    foreseen = _foreseen(parts, alarms, order.margin)
    return AlarmReplay(
        order, split_at, fitted, threshold, healthy, every, alarms, notices, _held(told), foreseen, lives, unscored
    )


def _parts(pack: Pack, machines: Machines, order: ReplayOrder) -> tuple[list[_Part], float | None]:
    """Score every life and say which of its rows set the threshold."""
    labels: dict[str, list[Label]] = {}
    for label in machines.labels:
        labels.setdefault(str(label.asset), []).append(label)
    tracks = machines.tracks
    healthy = [healthy_rows(track, order.margin, labels.get(str(track.epoch.asset), ())) for track in tracks]
    split_at = _split_at(tracks, healthy, order) if order.split is Split.TIME else None
    assets = sorted({str(track.epoch.asset) for track in tracks})
    counted = frozenset() if order.split is Split.TIME else held_out(assets, 1.0 - order.share, pack.id)
    fits = [
        np.full(len(track.rows.time), str(track.epoch.asset) not in counted)
        if split_at is None
        else np.asarray(track.rows.time < split_at, np.bool_)
        for track in tracks
    ]
    lives = _scored(pack, machines, order, healthy, fits)
    work = planned_work(machines.events, order.planned)
    lives = [replace(each, scored=with_work(each.scored, work.get(each.scored.asset, ()))) for each in lives]
    return [_Part(each, *rows) for each, *rows in zip(lives, healthy, fits, strict=True)], split_at


def _scored(
    pack: Pack,
    machines: Machines,
    order: ReplayOrder,
    healthy: Sequence[NDArray[np.bool_]],
    fits: Sequence[NDArray[np.bool_]],
) -> list[ScoredLife]:
    """Score every life: by the bundle's verdicts where there are any, else against its own first weeks."""
    tracks = machines.tracks
    if machines.judged is not None:
        return judged_lives(tracks, machines.judged)
    taught = [_some(track, rows) for track, rows in zip(tracks, fits, strict=True) if rows.any()]
    sound = [_some(t, h & f) for t, h, f in zip(tracks, healthy, fits, strict=True) if (h & f).any()]
    return score_lives(fit_specification(pack, taught), tracks, sound, order.learn)


def _some(track: LifeTrack, rows: NDArray[np.bool_]) -> LifeTrack:
    events = track.rows.events
    return LifeTrack(track.epoch, track.time_us[rows], LifeRows(track.rows.time[rows], track.rows.values[rows], events))


def _split_at(tracks: Sequence[LifeTrack], healthy: Sequence[NDArray[np.bool_]], order: ReplayOrder) -> float:
    """Return the moment before which a share of those healthy rows lies that teach no machine what is normal."""
    parts = [
        track.rows.time[rows & (track.rows.time >= track.rows.time[0] + order.learn)]
        for track, rows in zip(tracks, healthy, strict=True)
    ]
    times = np.concatenate([np.zeros(0), *parts])
    if not len(times):
        day = order.budget.week / 7.0
        longest = max(float(track.rows.time[-1] - track.rows.time[0]) for track in tracks) / day
        raise HistoryTooBrief(order.learn / day, order.margin / day, len(tracks), longest)
    return float(np.quantile(times, order.share))


def _silence(tracks: Sequence[LifeTrack]) -> float:
    usual = [float(np.median(np.diff(track.rows.time))) for track in tracks if len(track.rows.time) > 1]
    return _INTERVALS * float(np.median(usual)) if usual else HOUR


def _announce(machines: Machines, parts: Sequence[_Part], rule: AnnunciatorRule, order: ReplayOrder) -> list[Announced]:
    """Announce what is counted, gateway by gateway."""
    inputs: dict[str, list[Input]] = {}
    first: dict[str, float] = {}
    end = max((float(part.life.track.rows.time[-1]) for part in parts), default=0.0)
    for part in parts:
        scored = part.life.scored
        rows = np.flatnonzero(~part.fits).tolist()
        given = inputs.setdefault(machines.gateway(scored.asset), [])
        given += [Row(scored.asset, scored.observation(row)) for row in rows]
        if rows:
            first[scored.asset] = min(first.get(scored.asset, np.inf), float(scored.seconds[rows[0]]))
            given += _endings(part.life.track.epoch)
    for asset, work in planned_work(machines.events, order.planned).items():
        if asset in first:
            inputs[machines.gateway(asset)] += [each for each in work if each.until > first[asset]]
    told = [each for gateway, given in inputs.items() for each in announce(gateway, _ended(given, end), rule)]
    return sorted(told, key=lambda each: each.seconds)


def _ended(given: Sequence[Input], end: float) -> list[Input]:
    return in_order([*given, Moment(end)])


def _endings(epoch: LifeEpoch) -> list[Input]:
    """Return what the end of a life is to its machine's alarm: it is over; after the last, nothing is expected."""
    if epoch.ended_at is None or epoch.end is None:
        return []
    asset, at = str(epoch.asset), microseconds(epoch.ended_at) / 1e6
    if epoch.end is EventKind.END_OF_OBSERVATION:
        return [PlannedWork(asset, at, np.inf, epoch.end.value)]
    return [Renewal(asset, at, epoch.end.value)]


def _alarms(told: Sequence[Announced], machines: Machines, parts: Sequence[_Part]) -> tuple[ReplayedAlarm, ...]:
    """Join what was told of one alarm."""
    found: list[ReplayedAlarm] = []
    standing: dict[str, int] = {}  # the newest alarm of each asset
    by_asset: dict[str, list[_Part]] = {}
    for part in parts:
        by_asset.setdefault(part.life.scored.asset, []).append(part)
    for each in told:
        if not isinstance(each, AssetTransition):
            continue
        asset, new = each.asset, each.transition
        if new.told.is_alarm:
            standing[asset] = len(found)
            healthy = _is_healthy(by_asset[asset], new.seconds)
            cause, gateway = new.cause.value, machines.gateway(asset)
            found.append(ReplayedAlarm(asset, gateway, new.seconds, None, cause, new.lead, new.score, None, healthy, 1))
        elif new.told is Told.AGAIN and asset in standing:
            place = standing[asset]
            found[place] = replace(found[place], returned=None, times=found[place].times + 1)
        elif new.told is Told.RETURNED and asset in standing:
            place = standing[asset]
            found[place] = replace(found[place], returned=new.seconds, ended_by=new.reason)
    return tuple(found)


def _is_healthy(parts: Sequence[_Part], seconds: float) -> bool:
    for part in parts:
        times = part.life.track.rows.time
        if times[0] <= seconds <= times[-1]:
            return bool(part.healthy[int(np.searchsorted(times, seconds, side="right")) - 1])
    return False


def _held(told: Sequence[Announced]) -> tuple[Held, ...]:
    return tuple(
        Held(each.asset, each.seconds, each.transition.reason or "")
        for each in told
        if isinstance(each, AssetTransition) and each.transition.told is Told.SUPPRESSED
    )


def _foreseen(parts: Sequence[_Part], alarms: Sequence[ReplayedAlarm], margin: float) -> Foreseen:
    """Count the failures of which an alarm told."""
    by_asset: dict[str, list[ReplayedAlarm]] = {}
    for alarm in alarms:
        by_asset.setdefault(alarm.asset, []).append(alarm)
    failures, leads = 0, list[float]()
    for part in parts:
        epoch = part.life.track.epoch
        if not epoch.is_failure or epoch.ended_at is None or part.fits[-1] or not part.life.is_learnt:
            continue
        at = microseconds(epoch.ended_at) / 1e6
        own = by_asset.get(part.life.scored.asset, [])
        told = [each.raised for each in own if each.raised <= at and (each.returned or np.inf) >= at - margin]
        failures += 1
        leads += [at - min(told)] if told else []
    return Foreseen(failures, len(leads), float(np.median(leads)) if leads else None)
