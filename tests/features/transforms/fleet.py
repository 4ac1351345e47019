"""A small machine type and lives of it with everything that makes features hard, for the tests of this room."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.domain.events import EventKind
from features.domain.identifiers import SignalId
from features.domain.packs import (
    BalanceKind,
    BalanceRule,
    EventRule,
    FeatureFamily,
    FeatureRule,
    LifeRule,
    LifeSource,
    RegimeRule,
)
from features.transforms.batch import LifeRows
from features.transforms.events import LifeEvents
from features.transforms.regimes import RegimeTable
from features.transforms.specification import FeatureSpecification

HOUR = 3600.0
START = 1_767_225_600.0  # 2026-01-01T00:00:00Z
SPEED, FLOW, VIBRATION, TEMPERATURE, HOURS = range(5)

COUNTER = FeatureSpecification(
    view="fan_condition",
    pack_id="fan",
    pack_version="1.0.0",
    conditions=("speed", "flow"),
    sensors=("vibration", "temperature"),
    life=LifeRule("hours", LifeSource.COUNTER, SignalId("hours"), HOUR, "bearing"),
    regime_rule=RegimeRule((SignalId("speed"), SignalId("flow")), 0.1, SignalId("speed"), 100.0),
    rule=FeatureRule(
        signals=(SignalId("vibration"), SignalId("temperature")),
        windows=(4.0, 25.5),
        baseline=12.0,
        minimum_life=3.0,
        ttl=8.0,
        label_every=5.0,
    ),
    regimes=RegimeTable(
        spans=(2000.0, 50.0),
        centers=((0.5, 0.4), (0.9, 0.8)),
        radius=0.15,
        means=((2.0, 40.0), (3.0, 55.0)),
        slopes=(((1.0, 0.5), (10.0, -4.0)), ((1.5, 0.0), (12.0, 3.0))),
        scales=((0.5, 4.0), (0.6, 5.0)),
    ),
)
CALENDAR = replace(COUNTER, life=LifeRule("hours", LifeSource.CALENDAR, None, HOUR, "bearing"))
COUNT = replace(COUNTER, life=LifeRule("cycles", LifeSource.COUNT, None, 1.0, "bearing"))
PLAIN = replace(
    CALENDAR,
    conditions=(),
    regime_rule=RegimeRule((), 0.1, None, 0.0),
    regimes=RegimeTable((), ((),), 0.15, ((2.0, 40.0),), (((), ()),), ((0.5, 4.0),)),
)
BAR, KELVIN = 1e5, 273.15
RICH = replace(
    COUNTER,
    rule=replace(
        COUNTER.rule,
        families=tuple(FeatureFamily),
        balances=(
            BalanceRule(
                "efficiency",
                BalanceKind.HYDRAULIC_EFFICIENCY,
                tuple(map(SignalId, ("flow", "suction", "discharge", "power"))),
                (1.0 / 3600.0, BAR, BAR, 1000.0),
                (0.0, 0.0, 0.0, 0.0),
            ),
            BalanceRule(
                "rise",
                BalanceKind.TEMPERATURE_RISE,
                (SignalId("temperature"), SignalId("ambient")),
                (1.0, 1.0),
                (KELVIN, KELVIN),
            ),
        ),
        events=(
            EventRule(EventKind.REPAIR),
            EventRule(EventKind.PART_REPLACED),
            EventRule(EventKind.PART_REPLACED, "seal"),
            EventRule(EventKind.ERROR, "E-104"),
        ),
    ),
)
"""Everything that a pack may choose, at once."""

RICH_COUNT = replace(RICH, life=COUNT.life)
SPECIFICATIONS = {"counter": COUNTER, "calendar": CALENDAR, "count": COUNT, "plain": PLAIN}
ALL = {**SPECIFICATIONS, "rich": RICH, "rich count": RICH_COUNT}
_HAPPENED = (
    (EventKind.REPAIR, None),
    (EventKind.PART_REPLACED, None),
    (EventKind.PART_REPLACED, "seal"),
    (EventKind.PART_REPLACED, "bearing"),
    (EventKind.ERROR, "E-104"),
    (EventKind.ERROR, "E-105"),
    (EventKind.INSPECTION, "seal"),
)
_EXTRA = ("suction", "discharge", "power", "ambient")


def life(specification: FeatureSpecification, rows: int = 80, seed: int = 0) -> LifeRows:
    """Make a life with gaps, standstill, counter resets, unknown regimes and values that were not measured."""
    generator = np.random.default_rng(seed)
    gaps = generator.choice([0.5, 1.0, 1.0, 1.0, 7.0, 90.0], rows, p=[0.2, 0.3, 0.2, 0.2, 0.08, 0.02])
    time = START + np.cumsum(gaps) * HOUR
    if specification.life.source is LifeSource.COUNT:
        time = np.cumsum(generator.choice([1.0, 1.0, 2.0], rows))
    values = _values(generator, gaps)
    values = np.concatenate([values, _balanced(rows, seed)], axis=1)
    columns = {"speed": SPEED, "flow": FLOW, "vibration": VIBRATION, "temperature": TEMPERATURE, "hours": HOURS}
    columns |= {name: HOURS + 1 + place for place, name in enumerate(_EXTRA)}
    return LifeRows(time, values[:, [columns[name] for name in specification.signals]], _events(time, seed))


def _balanced(rows: int, seed: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(1000 + seed)
    middle, spread = np.array([1.0, 5.0, 6.0, 20.0]), np.array([0.05, 0.2, 0.3, 3.0])
    values = middle + spread * generator.standard_normal((rows, len(middle)))
    values[generator.random(values.shape) < 0.15] = np.nan
    values[generator.random(rows) < 0.05, 2] = 0.0  # no power: an efficiency that cannot be told
    return values


def _events(time: NDArray[np.float64], seed: int) -> LifeEvents:
    """Make events between rows, at rows, before the first and after the last."""
    generator = np.random.default_rng(2000 + seed)
    between = generator.uniform(time[0] - 5.0, time[-1] + 5.0, 12)
    at = generator.choice(time, 8)
    drawn = [_HAPPENED[place] for place in generator.integers(0, len(_HAPPENED), 20)]
    return LifeEvents(
        np.concatenate([between, at]), tuple(kind for kind, _ in drawn), tuple(detail for _, detail in drawn)
    )


def _values(generator: np.random.Generator, gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = len(gaps)
    duty = generator.choice(4, rows, p=[0.55, 0.3, 0.1, 0.05])  # two regimes, idle, far from everything
    speed = np.array([1000.0, 1800.0, 50.0, 1990.0])[duty] + 15 * generator.standard_normal(rows)
    flow = np.array([20.0, 40.0, 0.0, 1.0])[duty] + 0.5 * generator.standard_normal(rows)
    wear = np.linspace(0.0, 2.0, rows)
    vibration = 2.0 + wear + 0.3 * generator.standard_normal(rows)
    temperature = 40.0 + 5.0 * wear + generator.standard_normal(rows)
    hours = 500.0 + np.cumsum(np.where(duty == 2, 0.0, gaps))
    reset = 2 * rows // 3
    hours[reset:] -= hours[reset] - 0.25
    values = np.stack([speed, flow, vibration, temperature, hours], axis=1)
    values[generator.random(values.shape) < 0.2] = np.nan
    return values
