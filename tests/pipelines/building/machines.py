"""A small machine type as a pack, and lives of it, for the tests of building and of the worker."""

from datetime import UTC, datetime, timedelta

import numpy as np

from features.domain.events import EventKind, LifeEpoch
from features.domain.identifiers import AssetId, SignalId, TenantId
from features.domain.packs import Costs, FeatureRule, LifeGrid, LifeRule, LifeSource, Pack, RegimeRule, Target
from features.domain.signals import Names, Signal, SignalRole
from features.domain.time import microseconds
from features.transforms.batch import LifeRows
from pipelines.building.tracks import LifeTrack

MINE = TenantId("mine")
T0 = datetime(2026, 1, 1, tzinfo=UTC)
CALENDAR = LifeRule("hours", LifeSource.CALENDAR, None, 3600.0, "bearing")
COUNTER = LifeRule("hours", LifeSource.COUNTER, SignalId("hours"), 3600.0, "bearing")
COUNT = LifeRule("cycles", LifeSource.COUNT, None, 1.0, "bearing")


def at(hour: float) -> datetime:
    return T0 + timedelta(hours=hour)


def fan(life: LifeRule = CALENDAR) -> Pack:
    """Return the pack of a fan: speed tells regime and standstill, vibration its health."""

    def signal(name: str, role: SignalRole, high: float) -> Signal:
        return Signal(SignalId(name), Names(name, name), "quantity", "1", role, 0.0, high, None, 1, "test")

    speed, vibration = SignalId("speed"), SignalId("vibration")
    return Pack(
        id="fan",
        version="1.0.0",
        names=Names("fan", "风机"),
        signals=(
            signal("speed", SignalRole.CONDITION, 2000.0),
            signal("vibration", SignalRole.SENSOR, 50.0),
            signal("hours", SignalRole.COUNTER, 1e6),
        ),
        life=life,
        regimes=RegimeRule((speed,), 0.2, speed, 100.0),
        features=FeatureRule((vibration,), (5.0, 20.0), 10.0, 3.0, 50.0, 10.0),
        grid=LifeGrid(10.0, 12),
        targets=(Target.REMAINING_LIFE,),
        horizons=(24.0, 72.0),
        valid_for=6.0,
        failure_modes=(),
        cases=(),
        costs=Costs(10.0, 1.0),
        alarm_budget=5.0,
    )


def track(
    pack: Pack,
    asset: str,
    hours: int,
    end: EventKind | None = EventKind.FAILURE,
    ended_after: float = 0.0,
    number: int = 0,
    start: float = 0.0,
    seed: int = 0,
) -> LifeTrack:
    """Make a life of hourly rows that stands still every seventh hour; it may end some time after its last row."""
    generator = np.random.default_rng([seed, *asset.encode(), number])
    hour = start + np.arange(hours, dtype=np.float64)
    is_idle = np.arange(hours) % 7 == 6
    speed = np.where(is_idle, 0.0, 1000.0 + 20 * generator.standard_normal(hours))
    vibration = 2.0 + 0.02 * (hour - start) + 0.1 * generator.standard_normal(hours)
    columns = [speed, vibration]
    if pack.life.source is LifeSource.COUNTER:
        columns.append(5000.0 + np.cumsum(~is_idle))
    moments = [microseconds(at(each)) for each in hour]
    time_us = np.array(moments, np.int64)
    ended_at = None if end is None else at(hour[-1] + ended_after)
    epoch = LifeEpoch(MINE, AssetId(asset), number, at(start), ended_at, end)
    return LifeTrack(epoch, time_us, LifeRows(time_us / 1e6, np.stack(columns, axis=1)))
