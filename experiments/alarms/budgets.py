"""Whether a budget is kept where nothing is wrong: one part of healthy streams sets the threshold, another is counted.

Two kinds of stream. *Scores*: drawn so that they hang together in time and differ from machine to machine; the first
weeks set the threshold and the following ones, three times as many, are counted. *Pumps*: the healthy twins of the
simulator's pumps, scored by the product; some machines set the threshold, and others are counted that it never saw.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from features.domain.events import LifeEpoch
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import from_microseconds
from features.packs.loader import load_pack
from features.transforms.batch import LifeRows
from features.transforms.specification import pack_signals
from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.budget import AlarmBudget, AlarmRate, alarm_rate, fit_threshold
from models.condition.alarms.lifecycle import HOUR, WEEK, LifeCycleRule
from models.condition.alarms.scored import Scored
from pipelines.alarms.machines import Machines
from pipelines.alarms.order import ReplayOrder, Split
from pipelines.alarms.replay import replay_alarms
from pipelines.building.tracks import LifeTrack
from pipelines.simulate.scored import scored_pump
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import SIGNALS

Progress = Callable[[int, int], None]
_MACHINES, _FIT_WEEKS, _COUNTED_WEEKS = 40, 8, 24
_MEMORY, _UNLIKE = 0.9, 0.15
_RULE = LifeCycleRule(AlarmRule(1.0, release=0.0, deadband=0.1), on_delay=HOUR, off_delay=HOUR)


@dataclass(frozen=True, slots=True)
class KeptFigures:
    """What came of a budget, seed by seed.

    Attributes:
        over: Seeds in which more alarms were raised than the budget allows, by count.
        broken: Of them those where that is no accident: the lower bound of the rate, at the budget's confidence, lies
            above it.
        silent: Seeds without a threshold.
        rates: Alarms per 100 machines and week that were counted.
        bounds: What had been promised at most.
        thresholds: That were fitted.
    """

    budget: float
    seeds: int
    over: int
    broken: int
    silent: int
    rates: tuple[float, ...] = field(default=())
    bounds: tuple[float, ...] = field(default=())
    thresholds: tuple[float, ...] = field(default=())

    @property
    def is_right(self) -> bool:
        """Whether every seed had a threshold and kept the budget."""
        return self.over == 0 and self.silent == 0

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        found: dict[str, object] = {name: getattr(self, name) for name in KeptFigures.__slots__}
        return {**found, "budget_kept": self.is_right}


Judged = tuple[float, float, AlarmRate]
"""A threshold, its bound, and what was counted."""


def keep_on_scores(seeds: Sequence[int], budget: AlarmBudget, progress: Progress | None = None) -> KeptFigures:
    """Fit and count on drawn scores.

    Args:
        seeds: One fleet each.
        budget: What is borne.
        progress: Told of seeds done.
    """
    return keep_by(seeds, budget, _judge_scores, progress)


def keep_on_pumps(seeds: Sequence[int], budget: AlarmBudget, progress: Progress | None = None) -> KeptFigures:
    """Fit and count on healthy pumps of the simulator; arguments as above."""
    return keep_by(seeds, budget, _judge_pumps, progress)


def keep_by(
    seeds: Sequence[int],
    budget: AlarmBudget,
    judge: Callable[[int, AlarmBudget], Judged | None],
    progress: Progress | None,
) -> KeptFigures:
    """Fit and count on one fleet after the other; `judge` says what came of each, None where it has no threshold."""
    found = list[Judged]()
    for done, seed in enumerate(seeds, start=1):
        judged = judge(seed, budget)
        found += [] if judged is None else [judged]
        if progress is not None:
            progress(done, len(seeds))
    rates = [rate.per_100_machine_weeks for *_, rate in found]
    over = sum(rate > budget.per_100_machine_weeks for rate in rates)
    broken = sum(rate.low > budget.per_100_machine_weeks for *_, rate in found)
    bounds, thresholds = [bound for _, bound, _ in found], [threshold for threshold, *_ in found]
    silent = len(seeds) - len(found)
    return KeptFigures(
        budget.per_100_machine_weeks, len(seeds), over, broken, silent, tuple(rates), tuple(bounds), tuple(thresholds)
    )


def _judge_scores(seed: int, budget: AlarmBudget) -> Judged | None:
    fleet, cut = _drawn(seed), _FIT_WEEKS * WEEK
    first, later = ([_between(each, *span) for each in fleet] for span in ((0.0, cut), (cut, np.inf)))
    fitted = fit_threshold(first, _RULE, budget)
    if fitted.threshold is None:
        return None
    return fitted.threshold, fitted.rate.bound, alarm_rate(later, _RULE.at(fitted.threshold), budget)


def _between(scored: Scored, begin: float, end: float) -> Scored:
    rows = (scored.seconds >= begin) & (scored.seconds < end)
    return replace(scored, seconds=scored.seconds[rows], scores=scored.scores[rows])


def _drawn(seed: int) -> list[Scored]:
    """Draw scores every hour: the size of a first-order autoregression, larger for some machines than for others."""
    generator = np.random.default_rng(seed)
    rows = int((_FIT_WEEKS + _COUNTED_WEEKS) * WEEK / HOUR)
    noise = generator.standard_normal((rows, _MACHINES)) * np.sqrt(1.0 - _MEMORY**2)
    state = generator.standard_normal(_MACHINES)
    walked = np.empty((rows, _MACHINES))
    for row in range(rows):
        state = _MEMORY * state + noise[row]
        walked[row] = state
    sizes = np.abs(walked) * generator.lognormal(0.0, _UNLIKE, _MACHINES)
    seconds = HOUR * np.arange(rows, dtype=np.float64)
    return [Scored(f"m{machine}", seconds, sizes[:, machine]) for machine in range(_MACHINES)]


def _judge_pumps(seed: int, budget: AlarmBudget) -> Judged | None:
    pack = load_pack("pump")
    settings = FleetSettings(pumps=48, days=105, seed=seed, fault_kinds=(), with_defects=False)
    tracks = [pump_track(settings, number, pack_signals(pack)) for number in range(settings.pumps)]
    found = replay_alarms(pack, Machines(tracks), ReplayOrder(budget, margin=0.0, split=Split.MACHINES))
    if found.threshold is None or found.healthy is None:
        return None
    return found.threshold, found.fitted.rate.bound, found.healthy


def pump_track(settings: FleetSettings, number: int, signals: Sequence[str]) -> LifeTrack:
    """Return the life of one simulated pump, which goes on."""
    pump = scored_pump(settings, number)
    values: NDArray[np.float64] = pump.values[:, [SIGNALS.index(signal) for signal in signals]]
    began = from_microseconds(int(pump.time_us[0]))
    epoch = LifeEpoch(DEFAULT_TENANT, AssetId(pump.asset), 0, began, None, None)
    return LifeTrack(epoch, pump.time_us, LifeRows(pump.time_us / 1e6, values))
