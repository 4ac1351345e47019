"""What can be asked of a simulated fleet."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from pipelines.simulate.arrays import FloatArray, IntArray
from pipelines.simulate.changes.registry import OPERATION_KIND_IDS
from pipelines.simulate.errors import InvalidFleetSettings
from pipelines.simulate.faults.registry import FAULT_KIND_IDS, USUAL_FAULT_KIND_IDS
from pipelines.simulate.instruments.registry import INSTRUMENT_KIND_IDS
from pipelines.simulate.path_faults.registry import PATH_KIND_IDS


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
        fault_kinds: Kinds of fault that may occur (`FAULT_KIND_IDS` are all); none at all gives the healthy twin.
        with_defects: Whether the data path damages the data (gaps, late rows, duplicates, …).
        instrument_fault_rate: Episodes of instrument faults per machine and year; 0 leaves all instruments sound.
        instrument_kinds: Kinds of them that may occur.
        path_fault_rate: Episodes of wrong clocks and replays per gateway and year; 0 is none.
        path_kinds: Kinds of them that may occur.
        operation_change_rate: Changes of operation per station and year; 0 leaves all run as designed.
        operation_kinds: Kinds of them that may occur.

    Raises:
        InvalidFleetSettings: If a setting breaks its rule.
    """

    pumps: int = 48
    days: int = 420
    interval_minutes: int = 120
    seed: int = 20250101
    start: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    pumps_per_station: int = 4
    fault_kinds: tuple[str, ...] = USUAL_FAULT_KIND_IDS
    with_defects: bool = True
    instrument_fault_rate: float = 0.0
    instrument_kinds: tuple[str, ...] = INSTRUMENT_KIND_IDS
    path_fault_rate: float = 0.0
    path_kinds: tuple[str, ...] = PATH_KIND_IDS
    operation_change_rate: float = 0.0
    operation_kinds: tuple[str, ...] = OPERATION_KIND_IDS

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
        _check("instrument_fault_rate", self.instrument_fault_rate, 0, 10_000)
        _check("path_fault_rate", self.path_fault_rate, 0, 10_000)
        _check("operation_change_rate", self.operation_change_rate, 0, 10_000)
        _check_kinds("fault_kinds", self.fault_kinds, FAULT_KIND_IDS, "faults")
        _check_kinds("instrument_kinds", self.instrument_kinds, INSTRUMENT_KIND_IDS, "instruments")
        _check_kinds("path_kinds", self.path_kinds, PATH_KIND_IDS, "path_faults")
        _check_kinds("operation_kinds", self.operation_kinds, OPERATION_KIND_IDS, "changes")

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


def _check(name: str, value: float, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidFleetSettings(
            name, must=f"lie within {low} to {high}", found=value, remedy="Choose a value within that range."
        )


def _check_kinds(name: str, kinds: tuple[str, ...], known: tuple[str, ...], folder: str) -> None:
    unknown = sorted(set(kinds) - set(known))
    if unknown:
        raise InvalidFleetSettings(
            name,
            must=f"be among {', '.join(known)}",
            found=unknown,
            remedy=f"Correct the name, or register the kind in pipelines/simulate/{folder}/registry.py.",
        )
