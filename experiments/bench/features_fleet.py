"""A fleet for the benchmark of features: regular readings of many assets, as our step takes them and as a frame."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.domain.identifiers import SignalId
from features.domain.packs import FeatureFamily, FeatureRule, LifeRule, LifeSource, RegimeRule
from features.transforms.batch import LifeRows
from features.transforms.regimes import RegimeTable
from features.transforms.specification import FeatureSpecification

HOUR = 3600.0
WINDOWS, BASELINE = (24.0, 120.0, 480.0), 240.0
ASSET, LIFE = "asset", "life"


@dataclass(frozen=True, slots=True)
class Fleet:
    """Assets that all report once an hour.

    Attributes:
        assets: How many.
        rows: Rows of each.
        signals: Signals of each row.
    """

    assets: int
    rows: int
    signals: int

    @property
    def readings(self) -> int:
        """Readings in all."""
        return self.assets * self.rows * self.signals


def sensor_names(signals: int) -> tuple[str, ...]:
    """Return the names of the sensors."""
    return tuple(f"s{place}" for place in range(signals))


def specification_of_peers(signals: int) -> FeatureSpecification:
    """Return a specification whose z-score is the value itself: what pandas and tsfresh look at as well."""
    return _specification(signals, (), (FeatureFamily.WHOLE_LIFE,))


def whole_specification(signals: int) -> FeatureSpecification:
    """Return a specification with everything: two conditions, four regimes, standstill, and every family."""
    return _specification(signals, ("load", "speed"), tuple(FeatureFamily))


def fleet_lives(fleet: Fleet, specification: FeatureSpecification, seed: int = 0) -> list[LifeRows]:
    """Make random walks with noise, one life for each asset."""
    generator = np.random.default_rng(seed)
    time = HOUR * np.arange(fleet.rows, dtype=np.float64)
    shape = (fleet.rows, len(specification.signals))
    lives = []
    for _ in range(fleet.assets):
        values = generator.standard_normal(shape) + 0.02 * np.cumsum(generator.standard_normal(shape), axis=0)
        for column in range(len(specification.conditions)):
            values[:, column] = generator.choice([0.25, 0.75], fleet.rows) + 0.01 * values[:, column]
        lives.append(LifeRows(time, values))
    return lives


def frame_of(lives: list[LifeRows], names: tuple[str, ...]) -> pd.DataFrame:
    """Return the readings as one frame: asset, life in hours, one column for each signal."""
    table = pd.DataFrame(np.concatenate([rows.values for rows in lives]), columns=list(names))
    table.insert(0, ASSET, np.repeat(np.arange(len(lives)), [len(rows.time) for rows in lives]))
    table.insert(1, LIFE, np.concatenate([rows.time for rows in lives]) / HOUR)
    return table


def _specification(
    signals: int, conditions: tuple[str, ...], families: tuple[FeatureFamily, ...]
) -> FeatureSpecification:
    sensors, running = sensor_names(signals), SignalId("speed") if conditions else None
    centers = ((0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)) if conditions else ((),)
    row = (0.0,) * signals
    return FeatureSpecification(
        view="bench_condition",
        pack_id="bench",
        pack_version="1.0.0",
        conditions=conditions,
        sensors=sensors,
        life=LifeRule("hours", LifeSource.CALENDAR, None, HOUR, "machine"),
        regime_rule=RegimeRule(tuple(map(SignalId, conditions)), 0.1, running, 0.1),
        rule=FeatureRule(tuple(map(SignalId, sensors)), WINDOWS, BASELINE, 24.0, 72.0, 24.0, families),
        regimes=RegimeTable(
            spans=(1.0,) * len(conditions),
            centers=centers,
            radius=0.2,
            means=(row,) * len(centers),
            slopes=(((0.0,) * len(conditions),) * signals,) * len(centers),
            scales=((1.0,) * signals,) * len(centers),
        ),
    )
