"""The judgement of measurements on simulated pumps with known faults of instruments and data path."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments.bench.quality_hindsight import is_tellable
from experiments.bench.quality_scoring import RIGHT, Trial, score, set_aside
from features.quality.batch import AssetRows, Judged, judge_fleet
from features.quality.clock import judge_clock
from features.quality.rules import QualityRules
from pipelines.simulate.fleet import simulate_fleet
from pipelines.simulate.scored import ScoredEpisode, ScoredPump, scored_pump
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import QUALITIES, SIGNALS

Judge = Callable[[QualityRules, Sequence[AssetRows]], list[Judged]]
BoolArray = NDArray[np.bool_]
_GAPS = frozenset({"signal_gap", "gateway_silence"})
_DISTINCT = 3.0
_LATE_LIFE = 0.1


@dataclass(frozen=True, slots=True)
class Prepared:
    """One pump with its rows in the order of time, once each, without those whose time was found wrong.

    Attributes:
        order: Rows of the stream that were judged. Shape (row,).
        clock: Verdicts of the clock, in the order of arrival.
    """

    pump: ScoredPump
    order: NDArray[np.int64]
    clock: NDArray[np.int8]

    @property
    def rows(self) -> AssetRows:
        """What is judged."""
        return AssetRows(self.pump.time_us[self.order], self.pump.values[self.order])


def prepare(pump: ScoredPump) -> Prepared:
    """Judge the clock by arrival, then bring the rest into the order of time, one row per moment."""
    clock = judge_clock(pump.time_us, pump.arrived_us).verdicts
    kept = np.flatnonzero(clock == 0)
    _, first = np.unique(pump.time_us[kept], return_index=True)
    return Prepared(pump, kept[first], clock)


def run_simulated(settings: FleetSettings, rules: QualityRules, judge: Judge = judge_fleet) -> dict[str, object]:
    """Judge a simulated fleet and score the judgement.

    Args:
        settings: Which fleet, with which faults.
        rules: Of the pump pack; its signals are those of the simulator.
        judge: What is scored; tests put broken ones here.
    """
    pumps = [prepare(scored_pump(settings, number)) for number in range(settings.pumps)]
    judged = judge(rules, [each.rows for each in pumps])
    trials, gaps = _trials(pumps, judged, rules.parameters.warm_up), _gaps(pumps, judged)
    clean = [each.pump.sound[each.order] for each in pumps]
    verdicts = [each.verdicts for each in judged]
    late = _late_life(settings, pumps)
    return {
        "kinds": {kind: score(trials[kind]) for kind in RIGHT},
        "gap": gaps,
        "clean": _joined(clean, verdicts),
        "clean_last_tenth_of_lives": _joined([one & two for one, two in zip(clean, late, strict=True)], verdicts),
        "clean_clock": _clean_clock(pumps),
        "healthy_twin": _healthy(settings, rules, judge),
    }


def _joined(clean: Sequence[BoolArray], verdicts: Sequence[NDArray[np.int8]]) -> dict[str, object]:
    return set_aside(np.concatenate(list(clean)), np.concatenate(list(verdicts)))


def _healthy(settings: FleetSettings, rules: QualityRules, judge: Judge) -> dict[str, object]:
    """Score the same machines, wear and weather included, with sound instruments on an ordinary data path."""
    sound = replace(settings, instrument_fault_rate=0.0, path_fault_rate=0.0, pumps=max(settings.pumps // 2, 1))
    pumps = [prepare(scored_pump(sound, number)) for number in range(sound.pumps)]
    judged = judge(rules, [each.rows for each in pumps])
    return _joined([each.pump.sound[each.order] for each in pumps], [each.verdicts for each in judged])


def _trials(pumps: Sequence[Prepared], judged: Sequence[Judged], warm_up: int) -> dict[str, list[Trial]]:
    trials: dict[str, list[Trial]] = defaultdict(list)
    for each, found in zip(pumps, judged, strict=True):
        running = each.pump.clean[each.order, 0] > 0.0
        known_from = int(np.searchsorted(np.cumsum(running), warm_up + 6))
        for episode in each.pump.episodes:
            if episode.kind == "clock_off":
                trials[episode.kind].append(_clock_trial(each, episode))
            elif episode.kind in RIGHT:
                trials[episode.kind].append(_trial(each, found, episode, known_from))
    return trials


def _trial(each: Prepared, found: Judged, episode: ScoredEpisode, known_from: int) -> Trial:
    pump = each.pump
    during = (pump.measured_us[each.order] >= episode.from_us) & (pump.measured_us[each.order] <= episode.to_us)
    concerned = np.isin(SIGNALS, episode.signals)
    covered = pump.covered_by(episode.kind)[each.order] & during[:, None] & concerned
    altered = covered & pump.altered[each.order] if episode.kind != "replayed_as_new" else covered
    rows = np.flatnonzero(covered.any(1))
    begins_known = bool(len(rows) and rows[0] >= known_from)
    measured = each.order[rows]
    return Trial(
        episode.kind,
        altered,
        found.verdicts,
        begins_known,
        _is_distinct(pump, measured, episode),
        _differs(pump, measured, episode),
        _is_tellable(each, rows, episode),
    )


def _differs(pump: ScoredPump, rows: NDArray[np.int64], episode: ScoredEpisode) -> bool:
    """Say of two exchanged signals whether the mean of their difference is more than one standard error from 0.

    Over the rows of the episode in which the machine runs, or over all of them where it does not.
    """
    if episode.kind != "swapped" or len(rows) < 2:
        return True
    running = rows[pump.clean[rows, 0] > 0.0]
    one, two = (SIGNALS.index(signal) for signal in episode.signals)
    chosen = running if len(running) > 1 else rows
    difference = pump.clean[chosen, one] - pump.clean[chosen, two]
    return bool(abs(difference.mean()) > difference.std(ddof=1) / np.sqrt(len(difference)))


def _is_tellable(each: Prepared, rows: NDArray[np.int64], episode: ScoredEpisode) -> bool:
    """Say of two exchanged signals whether hindsight tells; in the rows in which the machine runs, if it ever does."""
    if episode.kind != "swapped" or not len(rows):
        return True
    clean = each.pump.clean[each.order]
    runs = clean[:, 0] > 0.0
    chosen = runs if runs[rows].sum() > 1 else ~runs
    one, two = (SIGNALS.index(signal) for signal in episode.signals)
    difference = (clean[:, one] - clean[:, two])[chosen]
    return is_tellable(difference, int(chosen[: rows[0]].sum()), int(chosen[rows].sum()))


def _is_distinct(pump: ScoredPump, rows: NDArray[np.int64], episode: ScoredEpisode) -> bool:
    """Say of two exchanged signals whether they differ by more than thrice the noise of their instruments."""
    if episode.kind != "swapped" or not len(rows):
        return True
    one, two = (SIGNALS.index(signal) for signal in episode.signals)
    running = rows[pump.clean[rows, 0] > 0.0]
    if not len(running):
        return False
    first, second = pump.clean[running, one], pump.clean[running, two]
    noise = np.hypot(QUALITIES[one].noise(first), QUALITIES[two].noise(second))
    return bool(np.median(np.abs(first - second) / noise) >= _DISTINCT / np.sqrt(2.0))


def _clock_trial(each: Prepared, episode: ScoredEpisode) -> Trial:
    """Rows count for the clock; an episode within a backlog, whose rows did not arrive one by one, is not distinct."""
    pump = each.pump
    during = (pump.measured_us >= episode.from_us) & (pump.measured_us <= episode.to_us)
    covered = pump.covered_by("clock_off")[:, 0] & during
    backlog = [other for other in pump.episodes if other.kind == "gateway_backlog"]
    is_distinct = not any(other.from_us <= episode.to_us and episode.from_us <= other.to_us for other in backlog)
    return Trial("clock_off", covered[:, None], each.clock[:, None], begins_known=True, is_distinct=is_distinct)


def _clean_clock(pumps: Sequence[Prepared]) -> dict[str, object]:
    right = np.concatenate([each.pump.row_codes == 0 for each in pumps])
    return set_aside(right[:, None], np.concatenate([each.clock for each in pumps])[:, None])


def _gaps(pumps: Sequence[Prepared], judged: Sequence[Judged]) -> dict[str, object]:
    """Score gaps: a missing stretch is found if one that was reported overlaps it, of the same signal or of all."""
    episodes = found = reported = false = 0
    for each, verdict in zip(pumps, judged, strict=True):
        true = [episode for episode in each.pump.episodes if episode.kind in _GAPS]
        excused = true + [one for one in each.pump.episodes if one.kind in {"non_finite_value", "clock_off"}]
        for episode in true:
            signal = episode.signals[0] if len(episode.signals) == 1 else None
            episodes += 1
            found += any(
                gap.signal in {signal, None} and gap.from_us <= episode.to_us and gap.to_us >= episode.from_us
                for gap in verdict.gaps
            )
        reported += len(verdict.gaps)
        false += sum(
            not any(one.from_us <= gap.to_us and gap.from_us <= one.to_us for one in excused) for gap in verdict.gaps
        )
    share = found / episodes if episodes else None
    return {"episodes": episodes, "recall": share, "reported": reported, "without_cause": false}


def _late_life(settings: FleetSettings, pumps: Sequence[Prepared]) -> list[BoolArray]:
    """Say of every row whether it lies in the last tenth of a life that ended with a failure. Shape (row, 1)."""
    lives = simulate_fleet(settings).truth.lives.filter(pl.col("end") == "failure")
    spans = lives.select("asset_id", pl.col("started_at", "ended_at").dt.epoch("us"))
    masks = []
    for each in pumps:
        time_us = each.pump.time_us[each.order]
        late = np.zeros(len(time_us), np.bool_)
        for _, began, ended in spans.filter(pl.col("asset_id") == each.pump.asset).iter_rows():
            late |= (time_us > ended - _LATE_LIFE * (ended - began)) & (time_us <= ended)
        masks.append(late[:, None])
    return masks
