"""The JSON of readings and of their quality, as models that describe what goes out."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.wire import Wire

VerdictName = Literal["good", "range", "rate", "flat", "spike", "noise", "unit", "swapped", "clock", "replayed"]
StateName = Literal["normal", "failure", "check_function", "out_of_specification", "maintenance_required"]
Moment = str | float


class SuspectOut(Wire):
    """Readings of one signal that are not good; they are kept out of features and forecasts."""

    at: list[str] | list[float] = Field(description="RFC 3339 times, or counts of life in the pack's unit.")
    values: list[float] = Field(description="In the signal's unit.")
    verdicts: list[VerdictName] = Field(description="What was found with each.")
    measured: int = Field(description="How many there are in the stretch, before any thinning.")


class SeriesOut(Wire):
    """One signal over time or life."""

    signal: str
    names: dict[str, str]
    unit: str
    at: list[str] | list[float] = Field(description="RFC 3339 times, or counts of life in the pack's unit.")
    values: list[float] = Field(description="Of the good readings, in the signal's unit.")
    measured: int = Field(description="Good readings in the stretch, before any thinning.")
    suspect: SuspectOut = Field(description="The readings that are not good.")


class TelemetryOut(Wire):
    """Readings of one asset."""

    asset: str
    axis: Literal["time", "life"]
    axis_unit: str = Field(description="`UTC` for times, else the pack's life unit.")
    start: Moment
    end: Moment
    series: list[SeriesOut]


class PointOut(Wire):
    """One measuring point."""

    signal: str
    names: dict[str, str]
    unit: str
    namur: Literal["N", "F", "C", "S", "M"] | None = Field(
        description="Its state by NAMUR NE 107; null if nobody has judged the asset yet."
    )
    state: StateName | None = Field(description="The name of the letter.")
    verdict: VerdictName | None = Field(description="What was found with the reading that led to the state.")
    missing: bool = Field(description="Whether what is wrong is that no readings come; the verdict is `good` then.")
    since: Moment | None = Field(description="The first reading in that state; null if it was never in another.")
    newest: Moment | None = Field(description="Its newest reading in the stretch.")
    newest_age_seconds: float | None = Field(description="Age of that reading; null where data has no dates.")
    readings: int = Field(description="Readings in the stretch, good or not.")
    suspect: dict[VerdictName, int] = Field(description="Those that are not good, by verdict.")


class LateOut(Wire):
    """Readings by how long after they were measured they arrived."""

    within_seconds: float | None = Field(description="Upper bound of the class; null for the last, which has none.")
    readings: int


class ArrivalsOut(Wire):
    """What came of the asset by one way."""

    channel: str
    first_at: datetime
    last_at: datetime
    newest: Moment = Field(description="The latest time or life count that any reading bears.")
    readings: int = Field(description="Readings that arrived and were kept, repeated ones included.")
    late: list[LateOut] = Field(description="Readings that bear a life count are in none of the classes.")


class QualityOut(Wire):
    """How far the measurements of one asset are to be believed."""

    asset: str
    axis: Literal["time", "life"]
    axis_unit: str = Field(description="`UTC` for times, else the pack's life unit.")
    start: Moment
    end: Moment
    judged: bool = Field(description="Whether the asset's readings were ever judged; if not, no state is known.")
    newest: Moment | None = Field(description="The newest reading of any signal that is known.")
    newest_age_seconds: float | None = Field(description="Its age; null where data has no dates.")
    last_arrival: datetime | None = Field(description="When the last reading arrived, by whatever way.")
    arrivals: list[ArrivalsOut]
    points: list[PointOut] = Field(description="Every signal of the pack.")
