"""Whether a vector can carry a forecast and, if not, which status says why (contract 7)."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.calibration import Calibration
from edge_export.runtime.requests import VectorLike
from features.domain.forecasts import ForecastStatus
from features.transforms.recent import LONG_STATISTICS, WINDOW_STATISTICS
from features.transforms.specification import FeatureSpecification

_CLOCK_SKEW_SECONDS = 300.0
"""Data may be so much newer than the moment of issue: clocks of gateways and plants differ."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status and, unless it is `ok`, a reason: a stable code, a colon and a sentence."""

    status: ForecastStatus
    reason: str | None = None


OK = Verdict(ForecastStatus.OK)
NO_MODEL = Verdict(
    ForecastStatus.NO_MODEL,
    "no_model: No failures are known to forecast by; what serves tells whether the machine is as usual.",
)


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges vectors by the rules of one bundle.

    Attributes:
        width: Features of a vector.
        sensors: Names of the sensors.
        recent: For each sensor the features of its recent windows, as a slice of the vector.
        forecasts: Whether the bundle makes forecasts at all.
    """

    calibration: Calibration
    width: int
    sensors: tuple[str, ...]
    recent: tuple[slice, ...]
    forecasts: bool = True

    @staticmethod
    def of(specification: FeatureSpecification, calibration: Calibration, *, forecasts: bool = True) -> "Judge":
        """Prepare the rules of a bundle, which makes forecasts or not."""
        count = len(specification.sensors)
        # The first feature is the age; what a pack chose beside the statistics of its sensors comes after them.
        block = len(LONG_STATISTICS) + len(WINDOW_STATISTICS) * len(specification.rule.windows)
        starts = [1 + index * block for index in range(count)]
        recent = tuple(slice(start + len(LONG_STATISTICS), start + block) for start in starts)
        return Judge(calibration, len(specification.names), specification.sensors, recent, forecasts)

    def verdict(self, vector: VectorLike | None, issued_at: datetime) -> Verdict:
        """Judge one vector at the moment of issue."""
        if not self.forecasts:
            return NO_MODEL
        if vector is None:
            return Verdict(ForecastStatus.INSUFFICIENT, "no_data: There is no usable reading of this asset yet.")
        if vector.values.shape != (self.width,):
            found = "×".join(map(str, vector.values.shape))
            return Verdict(
                ForecastStatus.UNAVAILABLE,
                f"vector_mismatch: The model needs {self.width} features; the vector has {found}.",
            )
        return self._of_life(vector) or self._of_age(vector, issued_at) or self._of_values(vector) or OK

    def _of_life(self, vector: VectorLike) -> Verdict | None:
        minimum, unit = self.calibration.minimum_life, self.calibration.life_unit
        if vector.life >= minimum:
            return None
        found = f"is {vector.life:.6g} {unit}" if np.isfinite(vector.life) else "is not known"
        return Verdict(
            ForecastStatus.INSUFFICIENT,
            f"too_young: Its life {found}; a forecast needs at least {minimum:g} {unit}.",
        )

    def _of_age(self, vector: VectorLike, issued_at: datetime) -> Verdict | None:
        age, length = (issued_at - vector.time).total_seconds(), self.calibration.seconds_per_unit
        ttl, unit = self.calibration.ttl, self.calibration.life_unit
        if age >= ttl * length:
            return Verdict(
                ForecastStatus.STALE,
                f"data_too_old: The newest usable reading is {age / length:.6g} {unit} old; "
                f"from {ttl:g} {unit} on it is not used.",
            )
        if age < -_CLOCK_SKEW_SECONDS:
            return Verdict(
                ForecastStatus.UNAVAILABLE,
                f"data_from_the_future: The newest reading is {-age:.0f} s later than the moment of issue.",
            )
        return None

    def _of_values(self, vector: VectorLike) -> Verdict | None:
        if vector.regime < 0:
            return Verdict(
                ForecastStatus.UNKNOWN_REGIME,
                "unknown_regime: The machine runs in a way that the model has not seen, or its operating "
                "conditions are not measured.",
            )
        silent, broken = self._faults(vector.values)
        if silent or broken:
            names = ", ".join(silent + broken)
            return Verdict(ForecastStatus.SENSOR_FAULT, f"sensor_fault: There are no usable values of {names}.")
        return None

    def _faults(self, values: NDArray[np.float32]) -> tuple[list[str], list[str]]:
        if np.isfinite(values).all():
            return [], []
        named = list(zip(self.sensors, self.recent, strict=True))
        # Whole-life means never fade, so a sensor that fell silent long ago shows in its recent windows.
        silent = [name for name, part in named if np.isnan(values[part]).all()]
        broken = [name for name, part in named if np.isinf(values[part.start - len(LONG_STATISTICS) : part.stop]).any()]
        return silent, broken
