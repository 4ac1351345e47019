"""The JSON that enters and leaves, as models: they check what comes in and describe what goes out."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from features.domain.events import EventKind

AssetName = Annotated[str, StringConstraints(min_length=1, max_length=128, strict=True)]


class Wire(BaseModel):
    """What every model here has in common: nothing beyond its fields goes in or out."""

    model_config = ConfigDict(extra="forbid")


class ForecastRequest(Wire):
    """Which assets to forecast now."""

    assets: list[AssetName] = Field(min_length=1, description="Identities of assets, each once.")


class ReadingIn(Wire):
    """What one machine measured at one moment; exactly one of `time` and `life` says when."""

    asset_id: AssetName
    time: datetime | None = Field(None, description="RFC 3339, with its zone.")
    life: float | None = Field(None, ge=0, description="Count of life in the pack's unit, where data has no dates.")
    signals: dict[str, float | None] = Field(description="Values by signal; null where nothing was measured.")
    revision: int | None = Field(None, ge=0, description="A correction has a higher one than what it corrects.")


class EventIn(Wire):
    """What happened to one machine at one moment; exactly one of `time` and `life` says when."""

    asset_id: AssetName
    time: datetime | None = Field(None, description="RFC 3339, with its zone.")
    life: float | None = Field(None, ge=0, description="Count of life in the pack's unit, where data has no dates.")
    event: EventKind = Field(description="What happened; `kind` is understood as well.")
    failure_mode: str | None = None
    component: str | None = None
    note: str | None = None


class HealthOut(Wire):
    """Whether deliveries are taken, as InfluxDB 2.x says it."""

    name: str
    message: str
    status: Literal["pass", "fail"]
    checks: list[dict[str, str]]
    version: str
    commit: str


class HorizonOut(Wire):
    """Probability of failure within one horizon."""

    h: float = Field(description="Horizon in the forecast's life unit.")
    p_fail: float = Field(ge=0, le=1, description="Probability of a failure within it.")


class LifeOut(Wire):
    """Remaining life in the forecast's life unit."""

    p05: float
    p50: float
    p95: float
    mean: float
    cap: float = Field(description="Longest remaining life told apart; a value at the cap means: at least this.")


class ModelOut(Wire):
    """The model behind a forecast."""

    name: str
    version: str
    bundle_sha256: str


class FeaturesOut(Wire):
    """The feature vector behind a forecast."""

    view: str
    version: str
    vector_sha256: str


class ForecastOut(Wire):
    """One forecast; only the status `ok` carries numbers."""

    id: str | None = Field(description="Its identity in the ledger; null for an answer that was never issued.")
    tenant: str
    asset: str
    issued_at: datetime
    valid_until: datetime
    status: Literal["ok", "stale", "insufficient", "sensor_fault", "unknown_regime", "unavailable", "no_model"]
    life_unit: str
    horizons: list[HorizonOut]
    life: LifeOut | None
    per_mode: dict[str, float] | None = Field(description="Probability by failure mode at the longest horizon.")
    regime: int | None
    age_of_data: float | None = Field(description="Age of the newest reading behind it at issue, in seconds.")
    model: ModelOut | None
    features: FeaturesOut | None
    reason: str | None = Field(description="Why there are no numbers; null if the status is ok.")


class ForecastsOut(Wire):
    """Several forecasts."""

    forecasts: list[ForecastOut]


class IdentifierOut(Wire):
    """A name by which the world knows an asset."""

    scheme: str
    value: str
    primary: bool


class AssetOut(Wire):
    """One asset, with what it asks of people and its latest forecast."""

    id: str
    pack: str
    model: str | None
    batch: str | None
    site: str | None
    commissioned: datetime | None
    identifiers: list[IdentifierOut]
    components: list[dict[str, str]]
    attributes: dict[str, str]
    attention: Literal["act", "plan", "unknown", "quiet"]
    risk: float | None = Field(description="Mean failure probability over the horizons; null without a forecast.")
    forecast: ForecastOut


class AssetsOut(Wire):
    """One page of assets."""

    assets: list[AssetOut]
    total: int = Field(description="Assets that the tenant has.")
    offset: int
    limit: int


class PartOut(Wire):
    """The state of one part of the service."""

    part: str
    state: Literal["ready", "starting", "failed", "missing"]
    detail: str | None


class ReadyOut(Wire):
    """Whether the service can do its work."""

    ready: bool
    parts: list[PartOut]


class ProblemOut(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, object]] | None = None
    code: str | None = Field(None, description="Of refused deliveries: InfluxDB's word for the status.")
    message: str | None = Field(None, description="Of refused deliveries: the detail, where InfluxDB 2.x has it.")
    error: str | None = Field(None, description="Of refused deliveries: the detail, where InfluxDB 1.x has it.")
    kept: int | None = Field(None, description="Of partly refused deliveries: lines without a fault; they are kept.")
    faulty: int | None = Field(None, description="Of partly refused deliveries: lines that are set aside.")
