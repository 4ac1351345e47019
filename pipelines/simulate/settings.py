"""What can be asked of a simulated fleet."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from pipelines.simulate.arrays import FloatArray, IntArray
from pipelines.simulate.errors import InvalidFleetSettings
from pipelines.simulate.faults.registry import FAULT_KIND_IDS


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """Size, length and seed of a fleet; the same settings give the same fleet, byte for byte.

    Attributes:
        pumps: Number of machines. Pump k is the same machine with the same history in a fleet of any size.
        days: Length of the observation.
        interval_minutes: Distance of two rows of telemetry.
        seed: Root of every random stream.
        start: Time of the first row, with its zone.
        pumps_per_station: Machines that share a station and its gateway.
        fault_kinds: Kinds of fault that may occur; none at all gives the healthy twin of a fleet.
        with_defects: Whether the data path damages the data (gaps, late rows, duplicates, …).

    Raises:
        InvalidFleetSettings: If a setting breaks its rule.
    """

    pumps: int = 48
    days: int = 420
    interval_minutes: int = 120
    seed: int = 20250101
    start: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    pumps_per_station: int = 4
    fault_kinds: tuple[str, ...] = FAULT_KIND_IDS
    with_defects: bool = True

    def __post_init__(self) -> None:
        """Check every setting."""
        _check("pumps", self.pumps, 1, 10_000)
        _check("days", self.days, 1, 3_660)
        _check("interval_minutes", self.interval_minutes, 1, 1_440)
        _check("seed", self.seed, 0, 2**63 - 1)
        _check("pumps_per_station", self.pumps_per_station, 1, 100)
        if self.start.tzinfo is None:
            raise InvalidFleetSettings(
                "start", must="carry its zone", found=self.start.isoformat(), remedy="Use a time in UTC."
            )
        unknown = sorted(set(self.fault_kinds) - set(FAULT_KIND_IDS))
        if unknown:
            raise InvalidFleetSettings(
                "fault_kinds",
                must=f"be among {', '.join(FAULT_KIND_IDS)}",
                found=unknown,
                remedy="Correct the name, or register the kind in pipelines/simulate/faults/registry.py.",
            )

    @property
    def rows(self) -> int:
        """Rows of telemetry per machine before the data path loses any."""
        return self.days * 1_440 // self.interval_minutes

    @property
    def step_hours(self) -> float:
        """Distance of two rows in hours."""
        return self.interval_minutes / 60.0

    @property
    def stations(self) -> int:
        """Number of stations; the last one may be filled in part."""
        return -(-self.pumps // self.pumps_per_station)

    def hours(self) -> FloatArray:
        """Return the hours since the start, one per row. Shape (time,)."""
        return np.arange(self.rows, dtype=np.float64) * self.step_hours

    def microseconds_at(self, hours: FloatArray | float) -> IntArray:
        """Turn hours since the start into whole seconds since 1970, given in microseconds."""
        seconds = np.asarray(np.round(np.asarray(hours) * 3_600), dtype=np.int64)
        return int(self.start.timestamp()) * 1_000_000 + seconds * 1_000_000

    def time_at(self, hours: float) -> datetime:
        """Turn hours since the start into a time, to the second."""
        return self.start + timedelta(seconds=round(hours * 3_600))


def _check(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidFleetSettings(
            name, must=f"lie within {low} to {high}", found=value, remedy="Choose a value within that range."
        )
