"""What is not known, as features: readings that are missing or not good, and operation nobody has seen."""

import numpy as np
from numpy.typing import NDArray

from features.transforms.families.family import FeatureDescription, Layout, Memory, Row, Slot, window_name

_TINY = 1e-12
_SOURCE = "Brown, Statistical forecasting for inventory control (1959), of an indicator"


class Missing:
    """By sensor and window: share of running rows without a good value, each row weighing exp(-age / window).

    Σ weight · (missing or not good) / Σ weight; unit 1. The step sees good values only, so a reading that was set
    aside and one that never came are alike here.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._columns = layout.columns(layout.sensors)

    def describe(self) -> tuple[FeatureDescription, ...]:
        """Describe one feature of each sensor and window."""
        told = self._layout
        return tuple(
            FeatureDescription(
                window_name(f"{sensor}__missing", window),
                f"share of recent rows ({window:g} {told.life_unit}) in which {sensor} is missing or not good",
                "1",
                "Σ w · missing / Σ w, w = exp(-age / window)",
                _SOURCE,
                told.lineage(sensor),
            )
            for sensor in told.sensors
            for window in told.windows
        )

    def slots(self) -> dict[str, Slot]:
        """Return weights of rows, and of those without a value."""
        sensors, windows = len(self._layout.sensors), len(self._layout.windows)
        return {"missing_rows": Slot((windows,)), "missing_share": Slot((sensors, windows))}

    def advance(self, memory: Memory, row: Row) -> None:
        """Take in which values are missing."""
        is_missing = np.isnan(row.values[:, self._columns]).T & row.is_running
        memory["missing_rows"] *= row.decay
        memory["missing_rows"] += row.is_running
        memory["missing_share"] *= row.decay
        memory["missing_share"] += is_missing[:, None, :]

    def write(self, memory: Memory, row: Row, out: NDArray[np.float32]) -> None:
        """Write the shares."""
        rows = memory["missing_rows"]
        shares = memory["missing_share"] / np.where(rows > _TINY, rows, np.nan)
        out[...] = shares.reshape(out.shape)


class UnknownRegime:
    """By window: share of running rows in no known regime, each row weighing exp(-age / window).

    Σ weight · (regime unknown) / Σ weight; unit 1. In such a row z-scores are unknown and change no statistic; this
    share says how much of the recent past the other features did not see.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def describe(self) -> tuple[FeatureDescription, ...]:
        """Describe one feature of each window."""
        told = self._layout
        return tuple(
            FeatureDescription(
                window_name("unknown_regime", window),
                f"share of recent rows ({window:g} {told.life_unit}) in an operating regime not seen in training",
                "1",
                "Σ w · unknown / Σ w, w = exp(-age / window)",
                _SOURCE,
                told.lineage(conditions=True),
            )
            for window in told.windows
        )

    def slots(self) -> dict[str, Slot]:
        """Return weights of rows, and of those in no known regime."""
        windows = (len(self._layout.windows),)
        return {"regime_rows": Slot(windows), "regime_unknown": Slot(windows)}

    def advance(self, memory: Memory, row: Row) -> None:
        """Take in whether the regime is known."""
        memory["regime_rows"] *= row.decay
        memory["regime_rows"] += row.is_running
        memory["regime_unknown"] *= row.decay
        memory["regime_unknown"] += row.is_running & (row.regime < 0)

    def write(self, memory: Memory, row: Row, out: NDArray[np.float32]) -> None:
        """Write the shares."""
        rows = memory["regime_rows"]
        out[...] = memory["regime_unknown"] / np.where(rows > _TINY, rows, np.nan)
