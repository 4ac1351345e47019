"""Questions in InfluxQL: names are quoted, every value is a bound parameter."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from features.domain.time import format_time, from_microseconds
from features.telemetry.influx.names import ASSET_TAG, TENANT_TAG, quoted
from features.telemetry.influx.places import Place
from features.telemetry.sqlite_read import TimeSpan

FARTHEST_US = (2**63 - 1) // 1000
"""InfluxDB counts nanoseconds in 64 bits: the years 1677 to 2262."""


@dataclass(frozen=True, slots=True)
class Question:
    """A statement and the values of its parameters.

    Attributes:
        text: The statement.
        parameters: The values by name.
        database: Where to ask.
    """

    text: str
    parameters: dict[str, object] = field(default_factory=dict)
    database: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which readings a question is about.

    Attributes:
        tenant: Whose.
        assets: Of which assets; None for all.
        span: From when to when.
    """

    tenant: str
    assets: Sequence[str] | None
    span: TimeSpan

    @property
    def is_empty(self) -> bool:
        """Whether nothing can lie in it."""
        return self.assets == [] or max(self.span.first, -FARTHEST_US) > min(self.span.end - 1, FARTHEST_US)


def select(columns: Sequence[str], measurement: str, place: Place, scope: Scope, tail: str = "") -> Question:
    """Ask for columns, which are written as they are: names quoted, or an expression of such.

    Args:
        columns: What to select.
        measurement: The pack.
        place: Where it lies.
        scope: Which readings.
        tail: What stands behind the conditions, for example an order.
    """
    first, last = max(scope.span.first, -FARTHEST_US), min(scope.span.end - 1, FARTHEST_US)
    parameters: dict[str, object] = {
        "tenant": scope.tenant,
        "first": format_time(from_microseconds(first)),
        "last": format_time(from_microseconds(last)),
    }
    conditions = [f"{quoted(TENANT_TAG)} = $tenant", "time >= $first", "time <= $last"]
    if scope.assets is not None:
        parameters |= {f"asset{number}": asset for number, asset in enumerate(scope.assets)}
        either = " OR ".join(f"{quoted(ASSET_TAG)} = $asset{number}" for number in range(len(scope.assets)))
        conditions.append(f"({either})")
    text = f"SELECT {', '.join(columns)} FROM {source(measurement, place)} WHERE {' AND '.join(conditions)}"
    return Question(f"{text} {tail}".rstrip(), parameters, place.database)


def field_keys(measurement: str, place: Place) -> Question:
    """Ask which fields there are, and of which type."""
    return Question(f"SHOW FIELD KEYS FROM {source(measurement, place)}", {}, place.database)


def source(measurement: str, place: Place) -> str:
    """Return the measurement, within its retention policy where it has one."""
    return quoted(measurement) if place.policy is None else f"{quoted(place.policy)}.{quoted(measurement)}"
