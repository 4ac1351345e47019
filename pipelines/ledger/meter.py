"""How much of a life was lived by a moment: by the calendar, by a bare count, or by the counter of the machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from features.domain.events import LifeEpoch
from features.domain.identifiers import TenantId
from features.domain.packs import LifeRule, LifeSource
from features.domain.time import life_of_time, microseconds
from features.telemetry.store import TelemetryStore
from models.prognosis.ledger.answers import Meter

_TICK = timedelta(microseconds=1)
_RESET_BELOW = 0.5
"""As in `features.transforms.operation`: a counter below this share of its last reading was reset."""


@dataclass(frozen=True, slots=True)
class LifeMeter:
    """Counts lives of one type of machine.

    Attributes:
        telemetry: The readings of the counter, where one counts.
        tenant: Whose machines.
        rule: How their life is counted.
    """

    telemetry: TelemetryStore
    tenant: TenantId
    rule: LifeRule

    def of(self, life: LifeEpoch) -> Meter:
        """Return a meter of one life; a counter stands still before its first reading and after its last one."""
        if self.rule.source is LifeSource.COUNT:
            return _counted
        if self.rule.signal is None:
            return _by_calendar(life, self.rule.seconds_per_unit)
        # A row of the very moment at which a life ends is its last one, and not the first of the next.
        start = life.started_at + _TICK if life.number > 0 else life.started_at
        end = None if life.ended_at is None else life.ended_at + _TICK
        wide = self.telemetry.read_wide(
            self.tenant, signals=[self.rule.signal], assets=[life.asset], start=start, end=end
        )
        return by_counter(wide["time"].dt.timestamp("us").to_numpy(), wide[self.rule.signal].to_numpy())


def by_counter(time_us: NDArray[np.int64], counter: NDArray[np.float64]) -> Meter:
    """Return a meter that follows a counter, resets included.

    Args:
        time_us: Times of its readings, microseconds since 1970, ascending. Shape (time,).
        counter: NaN where not measured. Shape (time,).
    """
    is_measured = ~np.isnan(counter)
    times, life = time_us[is_measured].astype(np.float64), _lived(counter[is_measured])

    def lived(moments: Sequence[datetime]) -> NDArray[np.float64]:
        at = np.array([microseconds(each) for each in moments], np.float64)
        return np.interp(at, times, life) if len(times) else np.zeros(len(at))

    return lived


def _lived(counter: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the counter gained since its first reading; one that runs backwards a little gains nothing."""
    life, total, last = np.zeros(len(counter)), 0.0, float("nan")
    for place, value in enumerate(counter.tolist()):
        if value < _RESET_BELOW * last:  # it began anew: what it shows was run since
            total, last = total + value, value
        elif not value < last:
            total, last = total + (value - last if last == last else 0.0), value
        life[place] = total
    return life


def _counted(moments: Sequence[datetime]) -> NDArray[np.float64]:
    return np.array([life_of_time(each) for each in moments])


def _by_calendar(life: LifeEpoch, seconds_per_unit: float) -> Meter:
    def lived(moments: Sequence[datetime]) -> NDArray[np.float64]:
        return np.array([(each - life.started_at).total_seconds() / seconds_per_unit for each in moments])

    return lived
