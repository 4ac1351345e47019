"""Verdicts on simulated fleets with faults of every kind, and alarms on fleets without any.

Which seeds are for what is fixed: on the tuning seeds settings were chosen, on the others figures are reported. Limits
come from a healthy fleet of its own seed, the alarm threshold from healthy fleets of others, neither from a fault.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.verdict.fleet import PACK, Watched, watch_fleet
from experiments.verdict.scoring import Trial, by_cause, confusion, delays_of, f1_by_kind, macro_f1, trials_of
from experiments.verdict.watching import VERDICTS, Told, watch
from features.domain.conditions import ConditionVerdict
from features.packs.loader import load_pack
from features.transforms.condition.model import ConditionModel
from models.condition.alarms.budget import AlarmBudget, alarm_rate, fit_threshold
from models.condition.alarms.lifecycle import LifeCycleRule
from models.condition.alarms.scored import Scored
from models.condition.expectation.fitting import fit_condition
from models.condition.expectation.layout import condition_layout
from pipelines.alarms.order import RULE
from pipelines.simulate.settings import FleetSettings

TAUGHT_SEED = 601
TUNED_SEEDS = (811, 821, 831, 841)
REPORTED_SEEDS = (9_001, 9_002)
BUDGET_SEEDS = tuple(range(9_101, 9_121))
"""Healthy fleets of 20 seeds: on the first half the threshold is fitted, on the second the budget is checked."""

_GRACE = 8.0 * 3600.0
_KNOWN = 14.0 * 86_400.0
Tell = Callable[[int, int], None]
Judge = Callable[[ConditionModel, Sequence[Watched]], list[Told]]


@dataclass(frozen=True, slots=True)
class FleetSize:
    """How large the fleets are.

    Attributes:
        taught: Machines that teach, each at a station of its own.
        pumps: Machines of a fleet with faults.
        days: Days of it.
        healthy_pumps: Machines of a healthy fleet.
        healthy_days: Days of it.
    """

    taught: int = 10
    pumps: int = 16
    days: int = 180
    healthy_pumps: int = 4
    healthy_days: int = 60


def taught_settings(size: FleetSize) -> FleetSettings:
    """Return the healthy fleet that teaches: a whole year, so that every season was seen."""
    return FleetSettings(pumps=size.taught, days=400, seed=TAUGHT_SEED, fault_kinds=(), pumps_per_station=1)


def faulty_settings(size: FleetSize, seed: int) -> FleetSettings:
    """Return a fleet with faults of machines, instruments and data path, and changes of operation."""
    return FleetSettings(
        pumps=size.pumps,
        days=size.days,
        seed=seed,
        fault_kinds=("bearing_wear", "cavitation", "seal_leak"),
        instrument_fault_rate=5.0,
        path_fault_rate=3.0,
        operation_change_rate=8.0,
    )


def healthy_settings(size: FleetSize, seed: int) -> FleetSettings:
    """Return a fleet without faults of machines and instruments, on an ordinary data path."""
    return FleetSettings(pumps=size.healthy_pumps, days=size.healthy_days, seed=seed, fault_kinds=())


def taught_model(size: FleetSize) -> ConditionModel:
    """Fit what is normal on the fleet that teaches."""
    machines = watch_fleet(taught_settings(size))
    return ConditionModel.of(fit_condition([each.rows for each in machines], condition_layout(load_pack(PACK))))


def run_faulty(
    model: ConditionModel, size: FleetSize, seeds: Sequence[int], tell: Tell, judge: Judge = watch
) -> dict[str, object]:
    """Judge fleets with faults.

    Args:
        model: What is normal.
        size: Of the fleets.
        seeds: One fleet each.
        tell: Told of fleets done and of all.
        judge: What is scored; tests put broken ones here.
    """
    found: list[Trial] = []
    for done, seed in enumerate(seeds):
        tell(done, len(seeds))
        machines = watch_fleet(faulty_settings(size, seed))
        for machine, told in zip(machines, judge(model, machines), strict=True):
            known_from = float(machine.rows.seconds[0]) + _KNOWN if len(machine.rows) else 0.0
            found += trials_of(machine, told, _GRACE, known_from)
    return {
        "verdict_macro_f1": macro_f1(found),
        "f1": f1_by_kind(found),
        "confusion": confusion(found),
        "delay_of_those_told": delays_of(found),
        "by_cause": by_cause(found),
        "seeds": list(seeds),
    }


def run_healthy(model: ConditionModel, size: FleetSize, seeds: Sequence[int], tell: Tell) -> dict[str, object]:
    """Fit the alarm threshold to the pack's budget on half of the healthy fleets, and count alarms on the others."""
    stretches: list[list[Scored]] = []
    said = {kind.value: 0 for kind in VERDICTS}
    weeks = 0.0
    for done, seed in enumerate(seeds):
        tell(done, len(seeds))
        machines = watch_fleet(healthy_settings(size, seed))
        told = watch(model, machines)
        stretches.append([_scored(seed, machine, one) for machine, one in zip(machines, told, strict=True)])
        weeks += sum(float(np.ptp(machine.rows.seconds)) / 604_800.0 for machine in machines)
        for one in told:
            for kind, count in begun(one).items():
                said[kind] += count
    half = len(stretches) // 2
    budget = AlarmBudget(load_pack(PACK).alarm_budget)
    rule = LifeCycleRule(RULE, on_delay=600, off_delay=3600)
    fitted = fit_threshold([each for part in stretches[:half] for each in part], rule, budget)
    later = [each for part in stretches[half:] for each in part]
    rate = alarm_rate(later, rule.at(fitted.threshold), budget) if fitted.threshold is not None else None
    return {
        "budget_kept": rate is not None and rate.bound <= budget.per_100_machine_weeks,
        "budget": budget.per_100_machine_weeks,
        "threshold": fitted.threshold,
        "reason": fitted.reason,
        "alarms_per_100_machine_weeks": None if rate is None else rate.per_100_machine_weeks,
        "bound": None if rate is None else rate.bound,
        "machine_weeks": weeks,
        "verdicts_per_100_machine_weeks": {kind: 100.0 * count / weeks for kind, count in said.items()},
        "seeds": list(seeds),
    }


def begun(told: Told) -> dict[str, int]:
    """Count how often each verdict began."""
    before = np.concatenate([[VERDICTS.index(ConditionVerdict.NORMAL)], told.verdicts[:-1]])
    new = told.verdicts[told.verdicts != before]
    return {kind.value: int((new == place).sum()) for place, kind in enumerate(VERDICTS) if place}


def _scored(seed: int, machine: Watched, told: Told) -> Scored:
    verdicts = tuple(VERDICTS[place] for place in told.verdicts.tolist())
    return Scored(f"{seed}/{machine.asset}", machine.rows.seconds, told.scores, verdicts)
