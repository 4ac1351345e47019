"""A simulated fleet as state detection meets it: rows in time order, their worth, and what is known beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments.bench.quality_simulated import prepare
from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.packs.loader import load_pack
from features.quality.batch import judge_fleet
from features.quality.rules import quality_rules
from features.transforms.condition.answer import Circumstances
from models.condition.expectation.layout import condition_layout
from models.condition.expectation.rows import MachineRows
from pipelines.simulate.condition import condition_truth
from pipelines.simulate.fleet import simulate_fleet
from pipelines.simulate.scored import ScoredPump, scored_pump
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS

PACK = "pump"
_GAP = 1.5
_BURST_US = 600_000_000
"""A gateway is silent if none of its machines has sent for so many intervals."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch in which something other than health is right; times in seconds, both inside."""

    begin: float
    end: float
    verdict: str
    cause: str


@dataclass(frozen=True, slots=True)
class Watched:
    """One machine with its truth.

    Attributes:
        asset: Which.
        gateway: Number of the gateway that it is behind.
        rows: What is judged.
        runs: Whether the machine runs. Shape (row,).
        events: What happened to it, by time.
        truth: By its beginning.
    """

    asset: str
    gateway: int
    rows: MachineRows
    runs: NDArray[np.bool_]
    events: tuple[Event, ...]
    truth: tuple[Interval, ...]


def watch_fleet(settings: FleetSettings) -> list[Watched]:
    """Simulate a fleet and judge its measurements."""
    fleet = simulate_fleet(settings)
    pumps = [scored_pump(settings, number) for number in range(settings.pumps)]
    prepared = [prepare(pump) for pump in pumps]
    judged = judge_fleet(quality_rules(load_pack(PACK)), [each.rows for each in prepared])
    columns = [SIGNALS.index(name) for name in condition_layout(load_pack(PACK)).signals]
    rule = load_pack(PACK).regimes
    running, above = str(rule.running_signal), rule.running_above
    truth, events = _truth(condition_truth(fleet)), fleet.events
    found = []
    for number, (each, verdict) in enumerate(zip(prepared, judged, strict=True)):
        gateway = number // settings.pumps_per_station
        behind = pumps[gateway * settings.pumps_per_station : (gateway + 1) * settings.pumps_per_station]
        seconds, own = each.pump.time_us[each.order] / 1e6, events.filter(pl.col("asset_id") == each.pump.asset)
        known = _circumstances(
            each.pump, each.order, each.clock, behind, settings, _times(own, {EventKind.RECIPE_CHANGED})
        )
        values = each.pump.values[each.order][:, columns]
        rows = MachineRows(seconds, values, verdict.verdicts[:, columns], verdict.namur[:, columns], known)
        runs = each.pump.clean[each.order, SIGNALS.index(running)] > above
        found.append(Watched(each.pump.asset, gateway, rows, runs, _events(own), truth.get(each.pump.asset, ())))
    return found


def _truth(table: pl.DataFrame) -> dict[str, tuple[Interval, ...]]:
    seconds = table.with_columns(pl.col("from", "to").dt.epoch("us") / 1e6)
    found: dict[str, list[Interval]] = {}
    for asset, begin, end, verdict, cause in seconds.select("asset_id", "from", "to", "verdict", "cause").iter_rows():
        found.setdefault(asset, []).append(Interval(begin, end, verdict, cause))
    return {asset: tuple(each) for asset, each in found.items()}


def _events(table: pl.DataFrame) -> tuple[Event, ...]:
    columns = ("asset_id", "time", "kind", "failure_mode", "component", "note")
    return tuple(
        Event(DEFAULT_TENANT, AssetId(asset), time, EventKind(kind), mode, component, note)
        for asset, time, kind, mode, component, note in table.sort("time", maintain_order=True)
        .select(columns)
        .iter_rows()
    )


def _times(events: pl.DataFrame, kinds: frozenset[EventKind] | set[EventKind]) -> NDArray[np.float64]:
    chosen = events.filter(pl.col("kind").is_in([kind.value for kind in kinds])).sort("time")
    return np.asarray(chosen["time"].dt.epoch("us").to_numpy() / 1e6, np.float64)


def _circumstances(
    pump: ScoredPump,
    order: NDArray[np.int64],
    clock: NDArray[np.int8],
    behind: Sequence[ScoredPump],
    settings: FleetSettings,
    reported: NDArray[np.float64],
) -> list[Circumstances]:
    """Tell of every row what a service knows beside its readings when it arrives, and nothing of what comes later."""
    time = pump.time_us[order]
    is_kept = np.zeros(len(pump.time_us), np.bool_)
    is_kept[order] = True
    repeated = np.sort(pump.arrived_us[~is_kept & (clock == 0)])
    wrong = np.sort(pump.arrived_us[clock != 0])
    times = np.concatenate([each.time_us for each in behind if each is not pump] or [time[:0]])
    came = np.concatenate([each.arrived_us for each in behind if each is not pump] or [time[:0]])
    others = np.argsort(times, kind="stable")
    times, came = times[others], came[others]
    usual = settings.interval_minutes * 60e6
    longest = _GAP * usual
    behind_late = [each.arrived_us[each.arrived_us - each.time_us > usual] for each in behind if each is not pump]
    late_others = np.sort(np.concatenate(behind_late or [time[:0]]))
    found, before = [], int(time[0]) if len(time) else 0
    for now, arrived in zip(time.tolist(), pump.arrived_us[order].tolist(), strict=True):
        silence = _longest_gap(times[came <= arrived], before, now) if now - before > longest else 0.0
        came_together = _between(late_others, arrived - _BURST_US, arrived)
        late = arrived - now + usual if arrived - now > usual and came_together > 1 else 0.0
        found.append(
            Circumstances(
                gateway_silent_seconds=max(silence, late) / 1e6 if max(silence, late) > longest else 0.0,
                rows_repeated=_between(repeated, before, now),
                rows_with_wrong_time=_between(wrong, before, now),
                is_change_reported=_between(reported * 1e6, before, now) > 0,
            )
        )
        before = now
    return found


def _between(times: NDArray[np.int64] | NDArray[np.float64], after: int, until: int) -> int:
    return int(np.searchsorted(times, until, "right") - np.searchsorted(times, after, "right"))


def _longest_gap(times: NDArray[np.int64], begin: int, end: int) -> float:
    """Return the longest stretch between two moments in which none of these times lies, microseconds."""
    inside = times[(times > begin) & (times < end)]
    return float(np.diff(np.concatenate([[begin], inside, [end]])).max())
