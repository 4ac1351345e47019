"""A fleet in memory behind the protocols of `serving.parts`: two tenants, every status, a clock that stands still."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Event as Gate

from features.domain.arrivals import Arrival
from features.domain.assets import Asset, Component
from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.errors import NotFound, ServiceError, Unavailable
from features.domain.events import Event, EventKind
from features.domain.forecasts import (
    FeatureReference,
    Forecast,
    ForecastStatus,
    HorizonProbability,
    ModelReference,
    RemainingLife,
)
from features.domain.identifiers import AssetId, Identifier, IdentifierScheme, TenantId
from features.domain.packs import Pack
from features.domain.scores import EndedLife
from features.domain.signals import SignalRole
from features.domain.windows import WorkWindow
from features.packs.loader import load_pack
from features.quality.verdicts import Namur, Verdict
from features.records.signal_states import SignalState
from features.spool.contract import SpoolCounters
from serving.parts import Parts, PartState, Readiness, Wiring
from serving.settings import Settings
from tests.serving.fake_alarms import FakeAlarms, FakeThresholds, trouble
from tests.serving.fake_readings import NOW as NOW
from tests.serving.fake_readings import FakeArrivals, FakeConditions, FakePointStates, FakeTelemetry

LOCAL = TenantId("local")
RIVAL = TenantId("rival-works")
RIVALS_ASSET = AssetId("rival-press-7")


@cache
def pump_pack() -> Pack:
    return load_pack("pump")


@cache
def turbofan_pack() -> Pack:
    return load_pack("turbofan")


def asset(name: str, tenant: TenantId = LOCAL, pack: str = "pump", site: str | None = "North station") -> Asset:
    return Asset(
        tenant,
        AssetId(name),
        pack,
        model="CP-200",
        site=site,
        commissioned=datetime(2024, 5, 1, tzinfo=UTC),
        identifiers=(Identifier(IdentifierScheme.HANDLE, f"88.118.8/{name}", is_primary=True),),
        components=(Component("bearing", "Drive-end bearing"),),
    )


def forecast(
    name: str,
    remaining_hours: float | None = 900.0,
    *,
    tenant: TenantId = LOCAL,
    status: ForecastStatus = ForecastStatus.OK,
    issued_at: datetime = NOW - timedelta(hours=3),
    pack: Pack | None = None,
) -> Forecast:
    """A forecast whose remaining life has that median; without one it carries no numbers."""
    pack = pack or pump_pack()
    numbers = {} if remaining_hours is None else _numbers(remaining_hours, pack)
    bare = Forecast(
        id=f"f-{name}-{issued_at.timestamp():.0f}",
        tenant=tenant,
        asset=AssetId(name),
        issued_at=issued_at,
        valid_until=issued_at + timedelta(seconds=pack.valid_for * pack.life.seconds_per_unit),
        status=status if remaining_hours is None else ForecastStatus.OK,
        life_unit=pack.life.unit,
        regime=2,
        age_of_data_seconds=1_200.0,
        model=ModelReference("hazard-network", "7", "ab" * 32),
        features=FeatureReference("pump", "1.0.0", "cd" * 32),
        reason=None if remaining_hours is not None else "the newest reading is 61 h old; at most 48 h are allowed",
    )
    return replace(bare, **numbers)  # type: ignore[arg-type]  # exactly the two fields below


def _numbers(median: float, pack: Pack) -> dict[str, object]:
    cap, spread = pack.grid.cap, 0.25 * median
    chances = tuple(HorizonProbability(each, 1 / (1 + math.exp((median - each) / spread))) for each in pack.horizons)
    p05, p50, p95, mean = (min(cap, each * median) for each in (0.55, 1.0, 1.6, 1.05))
    life = RemainingLife(p05, p50, p95, mean, cap)
    return {"horizons": chances, "life": life}


def condition(name: str, verdict: ConditionVerdict = ConditionVerdict.MACHINE) -> AssetCondition:
    """What state detection says, three hours ago, of something that began the day before."""
    is_told = verdict is not ConditionVerdict.UNDETERMINED
    strays = {"vibration_drive_end": 0.625, "bearing_temperature_drive_end": 0.25, "motor_current": 0.125}
    sensors = [str(signal.id) for signal in pump_pack().signals_of(SignalRole.SENSOR)]
    return AssetCondition(
        LOCAL,
        AssetId(name),
        verdict,
        at=NOW - timedelta(hours=3),
        since=NOW - timedelta(hours=27),
        score=None if not is_told else 0.5 if verdict is ConditionVerdict.NORMAL else 2.34,
        threshold=1.5 if is_told else None,
        shares=tuple(strays.items()) + tuple((sensor, 0.0) for sensor in sensors if sensor not in strays),
        evidence=(("related_signals", 3.0),),
        seen=4_200,
        model="ab" * 32,
    )


@dataclass
class FakeAssets:
    assets: list[Asset]

    def get(self, tenant: TenantId, asset: AssetId) -> Asset:
        for each in self.assets:
            if (each.tenant, each.id) == (tenant, asset):
                return each
        raise NotFound(f"{tenant} has no {asset}")

    def list_all(self, tenant: TenantId, pack: str | None = None) -> list[Asset]:
        return [each for each in self.assets if each.tenant == tenant and pack in (None, each.pack)]


@dataclass
class FakeEvents:
    events: list[Event] = field(default_factory=list)

    def list_all(self, tenant: TenantId, asset: AssetId | None = None) -> list[Event]:
        return [each for each in self.events if each.tenant == tenant and asset in (None, each.asset)]


@dataclass
class FakeLedger:
    forecasts: list[Forecast] = field(default_factory=list)
    failure: Exception | None = None

    def latest(self, tenant: TenantId, asset: AssetId, now: datetime) -> Forecast | None:
        return next(
            (each for each in self._newest_first(tenant) if each.asset == asset and each.valid_until > now), None
        )

    def latest_all(self, tenant: TenantId, now: datetime) -> list[Forecast]:
        found: dict[AssetId, Forecast] = {}
        for each in self._newest_first(tenant):
            if each.valid_until > now:
                found.setdefault(each.asset, each)
        return list(found.values())

    def history(self, tenant: TenantId, asset: AssetId, limit: int) -> list[Forecast]:
        return [each for each in self._newest_first(tenant) if each.asset == asset][:limit]

    def _newest_first(self, tenant: TenantId) -> list[Forecast]:
        if self.failure is not None:
            raise self.failure
        return sorted((f for f in self.forecasts if f.tenant == tenant), key=lambda f: f.issued_at, reverse=True)


@dataclass
class FakeIssuer:
    ledger: FakeLedger
    failure: ServiceError | None = None
    asked: list[list[AssetId]] = field(default_factory=list)

    def issue(self, tenant: TenantId, assets: Sequence[AssetId], issued_at: datetime) -> Sequence[Forecast]:
        self.asked.append(list(assets))
        if self.failure is not None:
            raise self.failure
        issued = [forecast(each, tenant=tenant, issued_at=issued_at) for each in assets]
        self.ledger.forecasts.extend(issued)
        return issued


@dataclass
class FakeLifeClock:
    times: dict[AssetId, datetime] = field(default_factory=dict)
    lengths: dict[AssetId, float] = field(default_factory=dict)

    def newest(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, datetime]:
        return {each: self.times[each] for each in assets if each in self.times}

    def ages(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, float]:
        return {each: self.lengths[each] for each in assets if each in self.lengths}


@dataclass
class FakeEndedLives:
    lives: list[EndedLife] = field(default_factory=list)

    def ended(self, tenant: TenantId, pack: str | None = None) -> list[EndedLife]:
        return [each for each in self.lives if each.life.tenant == tenant]


@dataclass
class FakeWindows:
    windows: list[WorkWindow] = field(default_factory=list)

    def list_open(self, tenant: TenantId, site: str | None, now: datetime) -> list[WorkWindow]:
        open_ones = [each for each in self.windows if each.tenant == tenant and each.end > now]
        return [each for each in open_ones if each.site in {"", site or ""}]


def _opened() -> Gate:
    gate = Gate()
    gate.set()
    return gate


@dataclass
class FakeSpool:
    """A spool in memory; it can fail, and it can be made to wait before it has taken anything."""

    contents: list[bytes] = field(default_factory=list)
    failure: ServiceError | None = None
    gate: Gate = field(default_factory=_opened)
    waiting: int = 0

    def put(self, contents: Sequence[bytes]) -> int:
        self.waiting += 1
        assert self.gate.wait(10)
        self.waiting -= 1
        if self.failure is not None:
            raise self.failure
        self.contents.extend(contents)
        return len(self.contents)

    def arrivals(self) -> list[Arrival]:
        """Return what was taken, as the worker will read it."""
        return [Arrival.from_bytes(content) for content in self.contents]

    def counters(self) -> SpoolCounters:
        if isinstance(self.failure, Unavailable):
            raise self.failure
        size = sum(map(len, self.contents))
        count = len(self.contents)
        return SpoolCounters(count, size, 0, 0, 0, count, size, 0, None)

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class House:
    """The fakes of one service, each within reach of a test."""

    assets: FakeAssets
    events: FakeEvents
    ledger: FakeLedger
    telemetry: FakeTelemetry
    point_states: FakePointStates
    conditions: FakeConditions
    alarms: FakeAlarms
    thresholds: FakeThresholds
    arrivals: FakeArrivals
    ended_lives: FakeEndedLives
    windows: FakeWindows
    issuer: FakeIssuer
    life_clock: FakeLifeClock
    spool: FakeSpool
    states: list[Readiness]
    pack: Pack

    def parts(self) -> Parts:
        return Parts(
            pack=self.pack,
            assets=self.assets,
            events=self.events,
            ledger=self.ledger,
            telemetry=self.telemetry,
            point_states=self.point_states,
            conditions=self.conditions,
            alarms=self.alarms,
            thresholds=self.thresholds,
            arrivals=self.arrivals,
            ended_lives=self.ended_lives,
            windows=self.windows,
            issuer=self.issuer,
            life_clock=self.life_clock,
            spool=self.spool,
            readiness=lambda: self.states,
            clock=lambda: NOW,
        )

    def wiring(self, settings: Settings | None = None) -> Wiring:
        wiring = Wiring()
        wiring.attach(settings or Settings(), self.parts())
        return wiring


def house(assets: Iterable[Asset], forecasts: Iterable[Forecast], pack: Pack | None = None) -> House:
    ledger = FakeLedger(list(forecasts))
    return House(
        FakeAssets(list(assets)),
        FakeEvents(),
        ledger,
        FakeTelemetry(),
        FakePointStates(),
        FakeConditions(),
        FakeAlarms(),
        FakeThresholds(),
        FakeArrivals(),
        FakeEndedLives(),
        FakeWindows(),
        FakeIssuer(ledger),
        FakeLifeClock(),
        FakeSpool(),
        [Readiness("records", PartState.READY), Readiness("model", PartState.READY)],
        pack or pump_pack(),
    )


def small_house() -> House:
    """Two machines of ours (one with a forecast), one of somebody else's."""
    return house(
        [asset("p-01"), asset("p-02", site="South station"), asset(RIVALS_ASSET, RIVAL, site="Rival yard")],
        [forecast("p-01"), forecast(RIVALS_ASSET, tenant=RIVAL)],
    )


def fleet_house(count: int = 24) -> House:
    """A fleet in every state, with a history for each machine and some events for the first."""
    sites = ("North station", "South station", "Harbour station")
    machines = [asset(f"p-{number:03d}", site=sites[number % 3]) for number in range(1, count + 1)]
    made = house(machines, [each for number, machine in enumerate(machines) for each in _past(number, machine)])
    first = machines[0].id
    made.events.events = [
        Event(LOCAL, first, NOW - timedelta(days=90), EventKind.FAILURE, failure_mode="seal_leak"),
        Event(LOCAL, first, NOW - timedelta(days=12), EventKind.INSPECTION, note="Bearing noise at the drive end"),
        Event(LOCAL, first, NOW - timedelta(days=5), EventKind.SENSOR_REPLACED, component="Seal temperature"),
    ]
    _disturb(made, first)
    made.conditions.conditions = [
        condition(machine.id, verdict) for machine, verdict in zip(machines, ConditionVerdict, strict=False)
    ]
    for machine in machines[1:]:
        made.point_states.put(LOCAL, machine.id, [SignalState("speed", Namur.NORMAL, Verdict.GOOD, NOW)])
    return made


def troubled_house() -> House:
    """The same fleet, with alarms of every stage and two gateways that have trouble of their own."""
    made = fleet_house()
    trouble([machine.id for machine in made.assets.assets], made.alarms)
    return made


def _disturb(made: House, first: AssetId) -> None:
    """Let the first machine have measuring points of every kind that is not normal, and readings to match."""
    flat = NOW - timedelta(hours=13)
    made.point_states.put(
        LOCAL,
        first,
        [
            SignalState("bearing_temperature_drive_end", Namur.FAILURE, Verdict.FLAT, flat),
            SignalState("vibration_drive_end", Namur.MAINTENANCE_REQUIRED, Verdict.SPIKE, NOW - timedelta(days=9)),
            SignalState("flow", Namur.FAILURE, Verdict.GOOD, NOW - timedelta(minutes=100)),
            SignalState("suction_pressure", Namur.OUT_OF_SPECIFICATION, Verdict.RANGE, NOW - timedelta(days=2)),
            SignalState("motor_current", Namur.CHECK_FUNCTION, Verdict.UNIT, NOW - timedelta(days=3)),
        ],
    )
    made.telemetry.spoil("bearing_temperature_drive_end", range(331, 336), Verdict.FLAT, 21.0)
    made.telemetry.spoil("vibration_drive_end", range(228, 330, 17), Verdict.SPIKE, 90.0)
    made.telemetry.spoil("motor_current", range(300, 336), Verdict.UNIT, 0.01)
    made.arrivals.put(LOCAL, first, "http", late=(940, 57, 3, 0, 0, 0, 0))


def _past(number: int, machine: Asset) -> list[Forecast]:
    silent = {6: ForecastStatus.STALE, 11: ForecastStatus.SENSOR_FAULT, 12: ForecastStatus.INSUFFICIENT}
    now_hours = (95.0, 310.0, 130.0, 560.0)[number] if number < 4 else 800.0 + 37.0 * number
    past = []
    for days in range(28, -1, -1):
        issued_at = NOW - timedelta(days=days, hours=3)
        if number in silent and days < 5:
            past.append(forecast(machine.id, None, status=silent[number], issued_at=issued_at))
        elif not (number == 0 and 14 <= days < 18):
            past.append(forecast(machine.id, now_hours + 24.0 * days, issued_at=issued_at))
        else:
            past.append(forecast(machine.id, None, status=ForecastStatus.STALE, issued_at=issued_at))
    return past
