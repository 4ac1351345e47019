"""A forecast: what may happen, how likely, how sure, on what evidence, and until when it holds (contract 7)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from features.domain.identifiers import AssetId, TenantId
from features.domain.time import format_time, parse_time

OTHER_MODE = "other"
"""What failure modes are told as together that ended too few lives to be told apart."""


class ForecastStatus(StrEnum):
    """Whether there is a forecast and, if not, why not. Only `ok` carries numbers.

    `no_model`: what serves tells whether a machine is as usual, and knows of no failure that it could forecast by.
    """

    OK = "ok"
    STALE = "stale"
    INSUFFICIENT = "insufficient"
    SENSOR_FAULT = "sensor_fault"
    UNKNOWN_REGIME = "unknown_regime"
    UNAVAILABLE = "unavailable"
    NO_MODEL = "no_model"


@dataclass(frozen=True, slots=True)
class HorizonProbability:
    """Probability of failure within `horizon` of life, in the forecast's life unit."""

    horizon: float
    probability: float


@dataclass(frozen=True, slots=True)
class RemainingLife:
    """Remaining life in the forecast's life unit; p05 to p95 is the calibrated 90 % interval.

    Attributes:
        cap: The longest remaining life that the model tells apart; a value at the cap means "at least this".
    """

    p05: float
    p50: float
    p95: float
    mean: float
    cap: float


@dataclass(frozen=True, slots=True)
class ModelReference:
    """Which model made a forecast."""

    name: str
    version: str
    bundle_sha256: str


@dataclass(frozen=True, slots=True)
class FeatureReference:
    """From which feature vector a forecast was made."""

    view: str
    version: str
    vector_sha256: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """One forecast for one asset.

    Attributes:
        valid_until: From this moment on the forecast must not be served.
        horizons: Empty unless the status is `ok`.
        life: None unless the status is `ok`.
        per_mode: Probability by failure mode at the longest horizon, where the model tells modes apart.
        regime: Operating regime of the newest reading; None where unknown.
        age_of_data_seconds: Age of the newest reading behind it when it was issued; None without data.
        reason: Why there is no number, for people; None if the status is `ok`.
    """

    id: str
    tenant: TenantId
    asset: AssetId
    issued_at: datetime
    valid_until: datetime
    status: ForecastStatus
    life_unit: str
    horizons: tuple[HorizonProbability, ...] = ()
    life: RemainingLife | None = None
    per_mode: tuple[tuple[str, float], ...] = ()
    regime: int | None = None
    age_of_data_seconds: float | None = None
    model: ModelReference | None = None
    features: FeatureReference | None = None
    reason: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the wire form of contract 7: plain types, times as RFC 3339 text."""
        return {
            "id": self.id,
            "tenant": self.tenant,
            "asset": self.asset,
            "issued_at": format_time(self.issued_at),
            "valid_until": format_time(self.valid_until),
            "status": self.status.value,
            "life_unit": self.life_unit,
            "horizons": [{"h": each.horizon, "p_fail": each.probability} for each in self.horizons],
            "life": None if self.life is None else {name: getattr(self.life, name) for name in RemainingLife.__slots__},
            "per_mode": dict(self.per_mode) or None,
            "regime": self.regime,
            "age_of_data": self.age_of_data_seconds,
            "model": None if self.model is None else {n: getattr(self.model, n) for n in ModelReference.__slots__},
            "features": None
            if self.features is None
            else {name: getattr(self.features, name) for name in FeatureReference.__slots__},
            "reason": self.reason,
        }


def forecast_from_dict(document: dict[str, object]) -> Forecast:
    """Read the wire form that `Forecast.to_dict` writes.

    Raises:
        KeyError: If a required key is missing.
    """
    wire = cast(dict[str, Any], document)  # untyped JSON: this is its border
    return Forecast(
        id=wire["id"],
        tenant=TenantId(wire["tenant"]),
        asset=AssetId(wire["asset"]),
        issued_at=parse_time(wire["issued_at"]),
        valid_until=parse_time(wire["valid_until"]),
        status=ForecastStatus(wire["status"]),
        life_unit=wire["life_unit"],
        horizons=tuple(HorizonProbability(each["h"], each["p_fail"]) for each in wire["horizons"]),
        life=None if wire["life"] is None else RemainingLife(**wire["life"]),
        per_mode=tuple((wire.get("per_mode") or {}).items()),
        regime=wire["regime"],
        age_of_data_seconds=wire["age_of_data"],
        model=None if wire["model"] is None else ModelReference(**wire["model"]),
        features=None if wire["features"] is None else FeatureReference(**wire["features"]),
        reason=wire.get("reason"),
    )
