"""What is not known, as features: readings that are missing or not good, and operation nobody has seen."""

import numpy as np
from numpy.typing import NDArray

from features.transforms.courses import decayed
from features.transforms.families.family import FeatureDescription, Layout, Memory, Rows, Slot, window_name

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
        """Return weights of rows, then by sensor of those without a value."""
        return {"missing": Slot((1 + len(self._layout.sensors), len(self._layout.windows)))}

    def advance(self, memory: Memory, rows: Rows, out: NDArray[np.float32]) -> None:
        """Take in which values are missing, and write the shares."""
        is_missing = np.isnan(rows.values[:, self._columns])
        _advance_shares(memory["missing"], rows, is_missing, out)


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
        """Return weights of rows, then of those in no known regime."""
        return {"unknown_regime": Slot((2, len(self._layout.windows)))}

    def advance(self, memory: Memory, rows: Rows, out: NDArray[np.float32]) -> None:
        """Take in whether the regime is known, and write the shares."""
        _advance_shares(memory["unknown_regime"], rows, rows.regime[:, None] < 0, out)


def _advance_shares(sums: NDArray[np.float64], rows: Rows, is_so: NDArray[np.bool_], out: NDArray[np.float32]) -> None:
    """Take running rows in, and write by claim the share of those where it holds.

    Args:
        sums: Weights of rows, then by claim of those where it holds. Shape (1 + claim, window, batch).
        rows: The stretch.
        is_so: Shape (time, claim, batch).
        out: Shape (time, claim · window, batch).
    """
    gained = np.empty((len(is_so), len(sums), is_so.shape[2]))
    gained[:, 0] = rows.is_running
    gained[:, 1:] = is_so & rows.is_running[:, None]
    course = decayed(sums, rows.decay, gained[:, :, None])
    sums[...] = course[-1]
    weight = course[:, :1]
    shares = course[:, 1:] / np.where(weight > _TINY, weight, np.nan)
    out[...] = shares.reshape(out.shape)
