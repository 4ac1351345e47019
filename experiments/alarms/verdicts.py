"""Whether a budget is kept by the verdicts of state detection where nothing is wrong.

Healthy twins of the simulator's pumps. Twelve teach what is usual and are judged no more; some of the others set the
threshold, and the rest are counted: neither the table nor the threshold ever saw them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from experiments.alarms.budgets import Judged, KeptFigures, Progress, keep_by, pump_track
from features.domain.identifiers import AssetId
from features.domain.packs import Pack
from features.packs.loader import load_pack
from features.quality.rules import quality_rules
from features.transforms.condition.model import ConditionModel
from models.condition.alarms.budget import AlarmBudget
from models.condition.expectation.fitting import fit_condition
from models.condition.expectation.layout import condition_layout
from models.condition.expectation.rows import MachineRows
from pipelines.alarms.judging import Judge, JudgedMachine, by_machine
from pipelines.alarms.machines import Machines
from pipelines.alarms.order import ReplayOrder, Split
from pipelines.alarms.replay import replay_alarms
from pipelines.building.tracks import LifeTrack
from pipelines.condition.judging.history import judge_rows
from pipelines.condition.judging.rows import GatewayRows
from pipelines.reading import ReadRows
from pipelines.simulate.settings import FleetSettings

_TEACHING = 12
FLEET = FleetSettings(pumps=60, days=105, fault_kinds=(), with_defects=False, pumps_per_station=12)


def keep_on_verdicts(seeds: Sequence[int], budget: AlarmBudget, progress: Progress | None = None) -> KeptFigures:
    """Fit and count on healthy pumps, judged by what is usual of others.

    Args:
        seeds: One fleet each.
        budget: What is borne.
        progress: Told of seeds done.
    """
    return keep_by(seeds, budget, judge_fleet, progress)


def judge_fleet(seed: int, budget: AlarmBudget, fleet: FleetSettings = FLEET) -> Judged | None:
    """Return the threshold of one fleet, its bound and what was counted; None where there is no threshold."""
    pack, settings = load_pack("pump"), replace(fleet, seed=seed)
    names = quality_rules(pack).names
    tracks = [pump_track(settings, number, names) for number in range(settings.pumps)]
    judge = Judge(_learnt(pack, tracks[:_TEACHING], names), "healthy pumps")
    others, judged = tracks[_TEACHING:], dict[str, JudgedMachine]()
    stepping, size = judge.stepping(pack), settings.pumps_per_station
    for start in range(0, len(others), size):
        said = judge_rows(stepping, _rows(others[start : start + size]), {}, is_gateway=True)
        judged |= by_machine(stepping, said)
    order = ReplayOrder(budget, margin=0.0, split=Split.MACHINES)
    found = replay_alarms(pack, Machines(others, judged=judged, judged_by=judge.name), order)
    if found.threshold is None or found.healthy is None:
        return None
    return found.threshold, found.fitted.rate.bound, found.healthy


def _learnt(pack: Pack, tracks: Sequence[LifeTrack], names: Sequence[str]) -> ConditionModel:
    layout = condition_layout(pack)
    places = [names.index(name) for name in layout.signals]
    rows = [MachineRows.sound(track.rows.time, track.rows.values[:, places]) for track in tracks]
    return ConditionModel.of(fit_condition(rows, layout))


def _rows(tracks: Sequence[LifeTrack]) -> GatewayRows:
    rows = {AssetId(track.epoch.asset): ReadRows(track.time_us, track.rows.values) for track in tracks}
    return GatewayRows.of(rows, {asset: np.zeros(each.values.shape, np.int8) for asset, each in rows.items()})
