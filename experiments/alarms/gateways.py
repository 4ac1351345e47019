"""A thousand machines behind twenty gateways, one of which goes away: one notice, and no critical alarm lost.

Every fifth machine has a critical deviation that lasts to the end. Those behind the gateway that goes away begin
before it (some in the last row that it sends), in the first row after it, and later.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.alarms import Told
from features.domain.conditions import ConditionVerdict
from models.condition.alarms.alarm import AlarmRule
from models.condition.alarms.annunciator import (
    Announced,
    Annunciator,
    AnnunciatorRule,
    AssetTransition,
    Input,
    Moment,
    PathNotice,
    Row,
    in_order,
)
from models.condition.alarms.lifecycle import LifeCycleRule, Observation

RULE = AnnunciatorRule(LifeCycleRule(AlarmRule(2.0, release=0.0, deadband=0.1)), silence=1800.0)
CRITICAL = 8.0
_INTERVAL, _HOURS = 600.0, 24.0
_AWAY = (8.0 * 3600.0, 14.0 * 3600.0)
_LOST = "gateway-07"


@dataclass(frozen=True, slots=True)
class Plant:
    """What machines send.

    Attributes:
        inputs: Of each gateway, in order.
        begun: When the critical deviation of a machine begins, as far as it is seen; seconds.
    """

    inputs: Mapping[str, list[Input]]
    begun: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GatewayFigures:
    """What was told.

    Attributes:
        notices: Raised, of silence or of the data path; each asks somebody to look.
        critical: Machines with a critical deviation.
        lost: Of them those whose alarm was never raised, or did not stand although the deviation lasted.
        false_alarms: Alarms of machines without one.
    """

    assets: int
    gateways: int
    notices: int
    critical: int
    lost: int
    false_alarms: int

    @property
    def is_right(self) -> bool:
        """Whether one gateway was one notice, and nothing was lost or made up."""
        return self.notices == 1 and self.lost == 0 and self.false_alarms == 0

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {**{name: getattr(self, name) for name in GatewayFigures.__slots__}, "is_right": self.is_right}


def plant(assets: int = 1000, gateways: int = 20, seed: int = 0, group: Mapping[str, str] | None = None) -> Plant:
    """Draw what a plant sends in a day.

    Args:
        assets: Machines, dealt evenly.
        gateways: That they stand behind; one of them goes away for six hours.
        seed: Of scores and of when rows come.
        group: Under which name a machine's rows are watched, instead of its gateway's.
    """
    generator = np.random.default_rng(seed)
    inputs: dict[str, list[Input]] = {}
    begun: dict[str, float] = {}
    for number in range(assets):
        asset, gateway = f"asset-{number:04d}", f"gateway-{number % gateways:02d}"
        seconds = np.arange(0.0, _HOURS * 3600.0, _INTERVAL) + generator.uniform(0.0, _INTERVAL)
        sent = seconds[(gateway != _LOST) | (seconds < _AWAY[0]) | (seconds >= _AWAY[1])]
        scores = np.minimum(generator.exponential(0.4, len(sent)), 1.9)
        place = number // gateways
        if place % 5 == 0:
            at = _onset(generator, place // 5, sent)
            scores[sent >= at], begun[asset] = CRITICAL, at
        name = gateway if group is None else group.get(asset, asset)
        rows = zip(sent.tolist(), scores.tolist(), strict=True)
        inputs.setdefault(name, []).extend(Row(asset, Observation(at, s, ConditionVerdict.MACHINE)) for at, s in rows)
    return Plant({name: in_order([*rows, Moment(_HOURS * 3600.0)]) for name, rows in inputs.items()}, begun)


def _onset(generator: np.random.Generator, kind: int, sent: NDArray[np.float64]) -> float:
    """Return the time of a row: long before the gateway goes, the last before it, the first after, or later."""
    last = int(np.searchsorted(sent, _AWAY[0]))
    choices = (int(generator.integers(6, last - 6)), last - 1, last, int(generator.integers(last + 3, len(sent) - 6)))
    return float(sent[choices[kind % 4]])


def watch(given: Plant, rule: AnnunciatorRule = RULE) -> GatewayFigures:
    """Announce what a plant sends, and judge it by what is known to be the case."""
    notices, raised, dropped = 0, dict[str, int](), set[str]()
    for gateway, inputs in given.inputs.items():
        state = Annunciator(gateway)
        for each in inputs:
            state, told = state.after(each, rule)
            notices += sum(isinstance(one, PathNotice) and one.told is Told.RAISED for one in told)
            for one in told:
                if isinstance(one, AssetTransition) and one.transition.told.is_alarm:
                    raised[one.asset] = raised.get(one.asset, 0) + 1
            dropped |= _dropped(state, told, given)
        dropped |= {asset for asset in state.heard if asset in given.begun and asset not in state.standing}
    false = sum(count for asset, count in raised.items() if asset not in given.begun)
    assets = sum(map(_count, given.inputs.values()))
    return GatewayFigures(assets, len(given.inputs), notices, len(given.begun), len(dropped), false)


def _count(inputs: list[Input]) -> int:
    return len({each.asset for each in inputs if not isinstance(each, Moment)})


def _dropped(state: Annunciator, told: tuple[Announced, ...], given: Plant) -> set[str]:
    """Return machines whose deviation was seen before a silence and whose alarm does not stand in it."""
    if not any(isinstance(one, PathNotice) and one.told is Told.RAISED for one in told):
        return set()
    seen = {asset for asset, at in given.begun.items() if state.heard.get(asset, -1.0) >= at}
    return seen - set(state.standing)
