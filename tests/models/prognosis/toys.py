"""A toy fleet whose remaining life hangs on two features: what the tests of this room learn from."""

import numpy as np

from features.domain.packs import LifeGrid
from models.prognosis.targets import LabelledVectors

GRID = LifeGrid(step=5.0, steps=12)


def toy_rows(machines: int = 30, rows: int = 12, seed: int = 0, censored_share: float = 0.3) -> LabelledVectors:
    """Make labelled vectors: the first feature is wear, the second is noise, the third is often unknown."""
    generator = np.random.default_rng(seed)
    machine = np.repeat(np.arange(machines), rows)
    length = np.repeat(generator.uniform(40.0, 90.0, machines), rows)
    age = length * np.tile(np.linspace(0.05, 0.98, rows), machines)
    wear = age / length + 0.05 * generator.standard_normal(len(age))
    vectors = np.stack([wear, generator.standard_normal(len(age)), wear**2], axis=1).astype(np.float32)
    vectors[generator.random(len(age)) < 0.3, 2] = np.nan
    is_failure = np.repeat(generator.random(machines) >= censored_share, rows)
    regime = (np.arange(len(age)) % 2).astype(np.int64)
    return LabelledVectors(vectors, length - age, is_failure, machine, machine.copy(), age, regime)
