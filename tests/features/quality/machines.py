"""A small machine whose signals depend on its load, for the tests of measurement quality."""

import numpy as np
from numpy.typing import NDArray

from features.quality.batch import AssetRows
from features.quality.rules import QualityParameters, QualityRules, SignalRule
from features.quality.units import conversions_of

HOUR_US = 3_600_000_000
SPEED, FLOW, INLET, OUTLET, FRONT, REAR, NAMEPLATE = range(7)
ROWS = 460

_SIGNALS = (
    ("speed", "rpm", 0.0, 3_600.0),
    ("flow", "m3/h", 0.0, 600.0),
    ("inlet", "kPa", 0.0, 600.0),
    ("outlet", "kPa", 0.0, 2_500.0),
    ("front", "degC", -40.0, 200.0),
    ("rear", "degC", -40.0, 200.0),
    ("nameplate", "kW", 0.0, 500.0),
)


def machine_rules(parameters: QualityParameters | None = None) -> QualityRules:
    """Return the rules of the machine; the last signal is constant by nature."""
    signals = tuple(
        SignalRule(name, low, high, True, 3_600.0, conversions_of(unit)) for name, unit, low, high in _SIGNALS
    )
    return QualityRules(signals, ((INLET, OUTLET), (FRONT, REAR)), SPEED, 300.0, parameters or QualityParameters())


def machine_rows(seed: int, rows: int = ROWS, more_load: float = 0.0) -> AssetRows:
    """Draw a machine that follows a load, higher from row 400 on, and stands for some hours now and then."""
    rng = np.random.default_rng(seed)
    load = 1.0 + 0.1 * np.sin(np.arange(rows) / 7.0) + 0.03 * rng.standard_normal(rows)
    load = load + np.where(np.arange(rows) >= 400, more_load, 0.0)
    runs = (np.arange(rows) % 150) < 130
    speed = np.where(runs, 1_480.0 + 60.0 * (load - 1.0) + rng.standard_normal(rows), 0.0)
    flow = np.where(runs, 200.0 * load + rng.standard_normal(rows), 0.0)
    inlet = 100.0 + 0.5 * rng.standard_normal(rows)
    outlet = inlet + np.where(runs, 500.0 * load, 0.0) + rng.standard_normal(rows)
    front = 20.0 + np.where(runs, 40.0 * load, 0.0) + 0.5 * rng.standard_normal(rows)
    rear = 20.0 + np.where(runs, 25.0 * load, 0.0) + 0.5 * rng.standard_normal(rows)
    columns = np.column_stack([speed, flow, inlet, outlet, front, rear, np.full(rows, 90.0)])
    return AssetRows(np.arange(1, rows + 1, dtype=np.int64) * HOUR_US, np.round(columns, 1))


def changed(rows: AssetRows, signal: int, at: slice, to: NDArray[np.float64] | float) -> AssetRows:
    """Return the rows with other values of one signal."""
    values = rows.values.copy()
    values[at, signal] = to
    return AssetRows(rows.time_us, values)
