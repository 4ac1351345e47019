"""Leave one machine out: what is expected of its later healthy readings, from the others and from its first days."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.fleet_prior.fleet import Pump
from features.domain.identifiers import TenantId
from models.condition.borrowing.prior import FleetPrior, Member, learn_prior, summarise
from models.condition.history import History, Level
from models.prognosis.comparison import paired_difference

FLEET_DAYS, OWN_DAYS, LATER_DAYS = 240, (0, 1, 7, 30, 90), 90
"""Others are seen up to the day on which the new machine begins; it is judged after the last of its own days."""

DAYS = FLEET_DAYS + OWN_DAYS[-1] + LATER_DAYS
MARGIN = 0.05
"""By so much, in nats or deviations, a figure may be higher to be no worse."""

MAKER = TenantId("maker")


@dataclass(frozen=True, slots=True)
class Expected:
    """How far what was expected lies from what came, for one machine, over its signals.

    Attributes:
        density: Negative log predictive density of a reading, nats, in the machine's own later deviations.
        error: Root mean square of expected less later level, in those deviations.
        far: Root mean square of readings less expected level, in expected deviations; 1 is right.
    """

    density: float
    error: float
    far: float


NOTHING = Expected(float("nan"), float("nan"), float("nan"))


def members_of(pumps: Sequence[Pump]) -> dict[str, Member]:
    """Sum up what each machine teaches others, by its name."""
    return {each.asset: summarise(MAKER, each.asset, each.group, each.between(0, FLEET_DAYS)) for each in pumps}


def prior_without(members: Mapping[str, Member], asset: str) -> FleetPrior:
    """Learn from all machines but one."""
    return learn_prior([each for name, each in members.items() if name != asset], MAKER)


def leave_one_out(
    pumps: Sequence[Pump], members: Mapping[str, Member], tell: Callable[[int, int], None]
) -> dict[str, object]:
    """Expect later readings in three ways and compare them, paired by machine."""
    found: dict[tuple[int, str], list[Expected]] = {}
    shares: dict[int, list[float]] = {days: [] for days in OWN_DAYS}
    for place, pump in enumerate(pumps):
        belief = prior_without(members, pump.asset).belief(pump.group)
        later = pump.between(FLEET_DAYS + OWN_DAYS[-1], DAYS).readings
        others = np.concatenate([each.between(0, FLEET_DAYS).readings for each in pumps if each is not pump])
        pooled = judge(Level.of_values(others), later)
        for days in OWN_DAYS:
            own = pump.between(FLEET_DAYS, FLEET_DAYS + days)
            after = belief.after_history(own)
            shares[days].append(1.0 - after.shares["own"])
            for way, each in (("prior", judge(after.expected, later)), ("own", _alone(own, later)), ("pooled", pooled)):
                found.setdefault((days, way), []).append(each)
        tell(place + 1, len(pumps))
    return _figures(found, shares)


def judge(level: Level, later: NDArray[np.float64]) -> Expected:
    """Judge a level against later readings. Shape (row, signal)."""
    came = Level.of_values(later)
    z_scores, ratio = level.z_scores(later), level.scale / came.scale
    density = 0.5 * (np.log(2 * np.pi) + z_scores**2) + np.log(ratio)
    error = np.sqrt(np.mean(came.z_scores(level.center) ** 2))
    return Expected(float(np.nanmean(density)), float(error), float(np.sqrt(np.nanmean(z_scores**2))))


def _alone(own: History, later: NDArray[np.float64]) -> Expected:
    """Judge what the machine's own rows say, as if they were independent; fewer than two say nothing."""
    if len(own) < 2:
        return NOTHING
    level = Level.of(own)
    return judge(Level(level.center, level.scale * np.sqrt(1.0 + 1.0 / len(own))), later)


def _figures(found: Mapping[tuple[int, str], list[Expected]], shares: Mapping[int, list[float]]) -> dict[str, object]:
    days = {str(each): _of_days(found, each) | {"borrowed": float(np.mean(shares[each]))} for each in OWN_DAYS}
    early = [
        _difference(found, each, way, figure) for each in (0, 1, 7) for way, figure in _RIVALS if each or way != "own"
    ]
    late = [_difference(found, OWN_DAYS[-1], way, figure) for way, figure in _RIVALS]
    return {
        "days": days,
        "better_to_day_7": all(high < 0 for _, _, high in early),
        "no_worse_at_day_90": all(high <= MARGIN for _, _, high in late),
    }


_RIVALS = tuple((way, figure) for way in ("own", "pooled") for figure in ("density", "error"))


def _of_days(found: Mapping[tuple[int, str], list[Expected]], days: int) -> dict[str, object]:
    means = {
        way: {name: _mean([getattr(each, name) for each in found[days, way]]) for name in Expected.__slots__}
        for way in ("prior", "own", "pooled")
    }
    less = {
        way: {figure: list(_difference(found, days, way, figure)) for figure in ("density", "error")}
        for way in ("own", "pooled")
    }
    known = sum(not np.isnan(each.density) for each in found[days, "own"])
    return {**means, "less_than": less, "machines": len(found[days, "prior"]), "machines_with_own": known}


def _difference(
    found: Mapping[tuple[int, str], list[Expected]], days: int, way: str, figure: str
) -> tuple[float, float, float]:
    """Return by how much the prior's figure is higher, with its 95 % interval over machines; below 0 is better."""
    other, ours = (np.array([getattr(each, figure) for each in found[days, name]]) for name in (way, "prior"))
    less = paired_difference(other, ours, np.arange(len(ours)))
    return (less.estimate, less.low, less.high) if less.machines else (np.nan, np.nan, np.nan)


def _mean(values: list[float]) -> float:
    known = [each for each in values if not np.isnan(each)]
    return float(np.mean(known)) if known else float("nan")
