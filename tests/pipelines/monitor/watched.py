"""Rows of a fleet that does not change, day after day, of two sensors."""

import numpy as np

from pipelines.monitor.rows import WatchedRows

SENSORS = ("pressure", "vibration")
NAMES = ("age", "pressure__mean_24", "pressure__spread_24", "vibration__mean_24", "vibration__spread_24")


def watched(days: int = 280, assets: int = 20, seed: int = 0) -> WatchedRows:
    """Each asset has a level of its own in each sensor, and noise about it."""
    generator = np.random.default_rng(seed)
    day = np.repeat(np.arange(days, dtype=np.float64), assets) + 0.5
    asset = np.tile(np.arange(assets), days)
    own = generator.normal(0.0, 1.0, (assets, len(NAMES)))
    vectors = (own[asset] + generator.normal(0.0, 0.5, (len(day), len(NAMES)))).astype(np.float32)
    vectors[:, 0] = day
    risk = 1.0 / (1.0 + np.exp(3.0 - generator.normal(0.0, 1.0, len(day))))
    expected = np.full(len(day), 0.01)
    failed = generator.uniform(size=len(day)) < expected
    names = tuple(f"fan-{number:02d}" for number in range(assets))
    return WatchedRows(day, asset, vectors, np.zeros(len(day), np.int64), risk, expected, failed, names, NAMES)
