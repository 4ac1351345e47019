"""Putting the parts of the service together from its settings. Happens at start-up, never at import."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from edge_export.bundle.shelf import BundleShelf
from edge_export.current_life import CurrentLifeConditions, CurrentLifeFeatures, CurrentLifeLedger
from edge_export.issuing import Forecaster
from edge_export.runtime.runtime import Runtime
from features.domain.errors import ServiceError
from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.packs.loader import load_pack
from features.records.alarm_thresholds import ThresholdRecords
from features.records.alarms import AlarmRecords
from features.records.arrivals import ArrivalRecords
from features.records.assets import AssetRecords
from features.records.conditions import ConditionRecords
from features.records.database import open_records
from features.records.events import EventRecords
from features.records.forecasts import ForecastLedger
from features.records.lives import LifeRecords
from features.records.scores import ScoreRecords
from features.records.signal_states import SignalStates
from features.records.windows import WindowRecords
from features.spool.durable import DurableSpool
from features.spool.limits import SpoolLimits
from features.store.opening import open_online
from serving.champion import ChampionIssuer, Loaded
from serving.parts import Parts, PartState, Readiness, Telemetry
from serving.settings import Settings

_PROBE = AssetId("probe")
_BESIDE_BODY_BYTES = 65_536  # the head of an arrival, with room to spare


def assemble(settings: Settings) -> Parts:
    """Open the stores and begin to load the champion, which goes on in the background.

    Raises:
        ServiceError: If the pack is wrong or a store cannot be opened.
    """
    from features.telemetry.opening import open_telemetry  # lazy: polars is for whoever answers, at start-up

    home = Home(settings.home.resolve())
    pack = load_pack(settings.pack)
    engine = open_records(home.records_url)
    ledger = ForecastLedger(engine)
    telemetry = open_telemetry(home, pack, settings.telemetry_server)
    lives = LifeRecords(engine)
    spool = _spool(home, settings)
    champion = ChampionIssuer(BundleShelf(home.bundles), pack.id, _loader(home, lives, ledger, settings.online_url))
    champion.start()

    def readiness() -> Sequence[Readiness]:
        stores = [
            _probed("records", lambda: ledger.latest(settings.served_tenant, _PROBE, _now())),
            _probed("telemetry", lambda: _read_nothing(telemetry, settings, pack.signals[0].id)),
            _probed("spool", spool.counters),
        ]
        return [*stores, *champion.readiness()]

    return Parts(
        pack=pack,
        assets=AssetRecords(engine),
        events=EventRecords(engine),
        ledger=CurrentLifeLedger(ledger, lives),
        telemetry=telemetry,
        point_states=SignalStates(engine),
        conditions=CurrentLifeConditions(ConditionRecords(engine), lives),
        alarms=AlarmRecords(engine),
        thresholds=ThresholdRecords(engine),
        arrivals=ArrivalRecords(engine),
        ended_lives=ScoreRecords(engine),
        windows=WindowRecords(engine),
        issuer=champion,
        life_clock=champion,
        spool=spool,
        readiness=readiness,
        clock=_now,
    )


def _spool(home: Home, settings: Settings) -> DurableSpool:
    """Open the spool; it takes every delivery that the settings let in."""
    record = settings.max_unpacked_bytes + _BESIDE_BODY_BYTES
    usual = SpoolLimits()
    limits = SpoolLimits(
        max_pending_bytes=settings.spool_max_bytes,
        max_waiting_bytes=max(usual.max_waiting_bytes, record),
        max_record_bytes=record,
    )
    return DurableSpool(home.spool, limits=limits)


def _loader(
    home: Home, lives: LifeRecords, ledger: ForecastLedger, features_url: str | None
) -> Callable[[Path], Loaded]:
    def load(path: Path) -> Loaded:
        runtime = Runtime.load(path)
        features = open_online(home.root, runtime.specification, features_url)
        features.read(TenantId(_PROBE), [_PROBE])  # the first read opens the store, and fails where nothing was built
        online = CurrentLifeFeatures(features, lives)
        return Loaded(path, Forecaster(online, runtime, ledger), online)

    return load


def _probed(part: str, ask: Callable[[], object]) -> Readiness:
    try:
        ask()
    except ServiceError as error:
        return Readiness(part, PartState.FAILED, str(error))
    return Readiness(part, PartState.READY)


def _read_nothing(telemetry: Telemetry, settings: Settings, signal: str) -> None:
    moment = _now()
    telemetry.read_wide(settings.served_tenant, assets=[_PROBE], signals=[signal], start=moment, end=moment)


def _now() -> datetime:
    return datetime.now(UTC)
