"""What the routes stand on: stores and models behind small protocols, put together elsewhere (`serving.assembly`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from features.domain.alarms import Alarm, AlarmEntry, DataPathNotice, KeptThreshold
from features.domain.assets import Asset
from features.domain.conditions import AssetCondition
from features.domain.errors import Unavailable
from features.domain.events import Event
from features.domain.forecasts import Forecast
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.domain.scores import EndedLife
from features.domain.windows import WorkWindow
from features.records.alarms import AlarmQuery
from features.records.arrivals import ArrivalCount
from features.records.signal_states import SignalState
from features.spool.contract import SpoolCounters
from serving.settings import Settings


class Assets(Protocol):
    """The assets on record."""

    def get(self, tenant: TenantId, asset: AssetId) -> Asset:
        """Return an asset.

        Raises:
            NotFound: If the tenant has no such asset.
        """
        ...

    def list_all(self, tenant: TenantId, pack: str | None = None) -> list[Asset]:
        """Return the tenant's assets, sorted by identity."""
        ...


class Events(Protocol):
    """The events on record."""

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[Event]:
        """Return the events of one asset, or of all of the tenant's."""
        ...


class Ledger(Protocol):
    """The forecasts on record."""

    def latest(self, tenant: TenantId, asset: AssetId, now: datetime) -> Forecast | None:
        """Return the newest forecast that has not expired, or None."""
        ...

    def latest_all(self, tenant: TenantId, now: datetime) -> list[Forecast]:
        """Return the newest forecast of each asset that has not expired."""
        ...

    def history(self, tenant: TenantId, asset: AssetId, limit: int) -> list[Forecast]:
        """Return the newest forecasts, expired ones included, newest first."""
        ...


class Telemetry(Protocol):
    """The readings."""

    def read_wide(
        self,
        tenant: TenantId,
        *,
        signals: Sequence[str],
        assets: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        with_suspect: bool = False,
    ) -> Any:  # Any: a polars frame, which this room does not own
        """Return `asset`, `time` and one column for each signal, sorted by time; by default good readings only."""
        ...

    def read_verdicts(
        self,
        tenant: TenantId,
        *,
        assets: Sequence[str] | None = None,
        signals: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Any:  # Any: as above
        """Return `asset`, `signal`, `time` and `verdict` of the readings that are not good."""
        ...


class PointStates(Protocol):
    """The states of measuring points on record."""

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> dict[AssetId, list[SignalState]]:
        """Return the states of one asset, or of all of the tenant's, by asset."""
        ...


class Conditions(Protocol):
    """What state detection says of assets, on record."""

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> dict[AssetId, AssetCondition]:
        """Return the condition of one asset, or of all of the tenant's that were judged, by asset."""
        ...


class Alarms(Protocol):
    """The alarms on record; errors as `features.records.alarms`."""

    def list_all(
        self, tenant: TenantId, asked: AlarmQuery, limit: int = 100, offset: int = 0
    ) -> tuple[list[Alarm], int]:
        """Return a portion of the alarms, standing ones first, and how many there are."""
        ...

    def get(self, tenant: TenantId, alarm: str) -> Alarm:
        """Return an alarm."""
        ...

    def history(self, tenant: TenantId, alarm: str) -> list[AlarmEntry]:
        """Return everything that was told of an alarm."""
        ...

    def suppressed(self, tenant: TenantId, asset: AssetId, limit: int = 100) -> list[AlarmEntry]:
        """Return what planned work held back on a machine."""
        ...

    def acknowledge(self, tenant: TenantId, alarm: str, at: datetime, by: str, comment: str | None = None) -> Alarm:
        """Put on record that somebody has seen an alarm; return it as it is then."""
        ...

    def notices(self, tenant: TenantId, *, since: datetime | None = None, limit: int = 100) -> list[DataPathNotice]:
        """Return the notices of the data path that last, and those that ended since."""
        ...


class Thresholds(Protocol):
    """The thresholds that were fitted to a budget of alarms."""

    def get(self, tenant: TenantId, pack: str, model: str) -> KeptThreshold | None:
        """Return the threshold that is kept for the scores of a model, or None."""
        ...


class Arrivals(Protocol):
    """How data arrived."""

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[ArrivalCount]:
        """Return what came of one asset, or of all of the tenant's, by asset and channel."""
        ...


class EndedLives(Protocol):
    """The lives that have ended, with their length."""

    def ended(self, tenant: TenantId, pack: str | None = None) -> list[EndedLife]:
        """Return the tenant's lives that have ended, of one type of machine or of all."""
        ...


class Windows(Protocol):
    """When planned work can be done."""

    def list_open(self, tenant: TenantId, site: str | None, now: datetime) -> list[WorkWindow]:
        """Return the windows of a site, and those of every site, that have not closed; the next one first."""
        ...


class Inbox(Protocol):
    """Where deliveries are put: the way into the spool. Only the worker takes them out."""

    def put(self, contents: Sequence[bytes]) -> int:
        """Append deliveries, all or none, and return the last offset once they are on disk; errors as `Spool.put`."""
        ...

    def counters(self) -> SpoolCounters:
        """Return what went in, out and aside."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class Issuer(Protocol):
    """Computes forecasts and records them."""

    def issue(self, tenant: TenantId, assets: Sequence[AssetId], issued_at: datetime) -> Sequence[Forecast]:
        """Return a recorded forecast for each asset, in the order asked for.

        Raises:
            Unavailable: If it cannot compute at the moment.
        """
        ...


class LifeClock(Protocol):
    """What the newest features of assets tell of their life: its length, and its moment where times stand in for it."""

    def newest(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, datetime]:
        """Return the time of each asset's newest features; empty where nobody can say."""
        ...

    def ages(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, float]:
        """Return how long each asset's present life is by its newest features, life units; empty as above."""
        ...


class PartState(StrEnum):
    """How a part of the service is."""

    READY = "ready"
    STARTING = "starting"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Readiness:
    """The state of one part, with what to do about it where it is not ready."""

    part: str
    state: PartState
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that the routes need.

    Attributes:
        spool: Where deliveries lie until they are stored.
        readiness: Says how each part is, now.
        clock: Tells the time, with its zone.
    """

    pack: Pack
    assets: Assets
    events: Events
    ledger: Ledger
    telemetry: Telemetry
    point_states: PointStates
    conditions: Conditions
    alarms: Alarms
    thresholds: Thresholds
    arrivals: Arrivals
    ended_lives: EndedLives
    windows: Windows
    issuer: Issuer
    life_clock: LifeClock
    spool: Inbox
    readiness: Callable[[], Sequence[Readiness]]
    clock: Callable[[], datetime]


@dataclass(slots=True)
class Wiring:
    """Connects an application, which exists from its import on, with its parts, which exist from start-up on.

    Attributes:
        settings: The settings; those of the defaults until start-up.
    """

    settings: Settings = field(default_factory=Settings.model_construct)
    _parts: Parts | None = None

    def attach(self, settings: Settings, parts: Parts) -> None:
        """Connect the parts."""
        self.settings = settings
        self._parts = parts

    @property
    def is_attached(self) -> bool:
        """Whether the parts are there."""
        return self._parts is not None

    @property
    def parts(self) -> Parts:
        """The parts.

        Raises:
            Unavailable: If start-up has not come so far.
        """
        if self._parts is None:
            raise Unavailable("service", "it is still starting")
        return self._parts
