"""Signals of a machine type: what is measured, in which unit, within which range."""

from dataclasses import dataclass
from enum import StrEnum

from features.domain.identifiers import SignalId


class SignalRole(StrEnum):
    """What a signal is for.

    `sensor` tells of the machine's health, `condition` of how it is being run, `counter` counts life,
    `cycle` names the duty cycle a row belongs to.
    """

    SENSOR = "sensor"
    CONDITION = "condition"
    COUNTER = "counter"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True)
class Names:
    """A name in the two languages of the product."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of a machine type.

    Attributes:
        id: Its identity within the pack.
        names: What people call it.
        quantity: The physical quantity, for example "pressure".
        unit: The unit (UCUM or SI notation); "1" for a bare number.
        role: What it is for.
        low: Lowest plausible value, in `unit`; below it a value is impossible and set aside.
        high: Highest plausible value, in `unit`.
        sampling_seconds: Usual distance of two readings, or None where it varies.
        grade: Data grade 1 (public) to 3 (confidential).
        category: Category of the data, for example "process" or "condition-monitoring".
    """

    id: SignalId
    names: Names
    quantity: str
    unit: str
    role: SignalRole
    low: float
    high: float
    sampling_seconds: float | None
    grade: int
    category: str

    def accepts(self, value: float) -> bool:
        """Say whether a value is plausible; NaN and infinities never are."""
        return self.low <= value <= self.high
