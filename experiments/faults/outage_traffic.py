"""What the field sends during an outage: every machine once a second, as line protocol, values that are all right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from features.domain.arrivals import Arrival, ArrivalForm, Precision
from features.domain.identifiers import DEFAULT_TENANT
from features.telemetry.line_protocol.writer import write_wide_lines

PACK = "pump"
SIGNALS = ("speed", "flow", "suction_pressure", "ambient_temperature", "discharge_pressure")
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
_KEY = ("asset", "time", "signal")


@dataclass(frozen=True, slots=True)
class Traffic:
    """Machines of the shipped pump pack that are measured once a second.

    Attributes:
        machines: How many.
    """

    machines: int = 1_000

    @property
    def readings(self) -> int:
        """Readings of one second."""
        return self.machines * len(SIGNALS)

    def table(self, second: int) -> pl.DataFrame:
        """Return the readings of a second, wide."""
        generator = np.random.default_rng(second)
        values = {name: generator.uniform(1.0, 50.0, self.machines).round(3) for name in SIGNALS}
        assets = [f"pump-{number:04d}" for number in range(self.machines)]
        moment = pl.Series([START + timedelta(seconds=second)], dtype=pl.Datetime("us", "UTC"))
        return pl.DataFrame({"asset": assets, "time": moment.new_from_index(0, self.machines), **values})

    def body(self, second: int) -> bytes:
        """Return the readings of a second as the field sends them."""
        return write_wide_lines(self.table(second), measurement=PACK, precision=Precision.NANOSECONDS)

    def sent(self, seconds: Sequence[int]) -> pl.DataFrame:
        """Return all readings of some seconds: `asset`, `time`, `signal`, `value`."""
        return pl.concat([long_form(self.table(second)) for second in seconds])


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong with a store.

    Attributes:
        lost: Readings that were sent and are not there with their value.
        duplicated: Rows beyond those that were sent.
    """

    lost: int
    duplicated: int


def long_form(table: pl.DataFrame) -> pl.DataFrame:
    """Return a wide table as `asset`, `time`, `signal`, `value`."""
    return table.unpivot(index=["asset", "time"], variable_name="signal", value_name="value").select(*_KEY, "value")


def difference(sent: pl.DataFrame, found: pl.DataFrame) -> Difference:
    """Compare what was sent with what lies in a store, key by key and value by value.

    Args:
        sent: `asset`, `time`, `signal`, `value`; each key once.
        found: The same columns, in any order.
    """
    both = sent.join(found.unique([*_KEY]), on=[*_KEY], how="left", suffix="_found")
    lost = both.select((pl.col("value_found") != pl.col("value")).fill_null(True).sum()).item()
    is_sent = found.join(sent, on=[*_KEY], how="semi").unique([*_KEY]).height
    return Difference(int(lost), found.height - is_sent)


def arrival_of(body: bytes, form: ArrivalForm = ArrivalForm.LINE_PROTOCOL) -> bytes:
    """Return a delivery as it lies in the spool."""
    return Arrival(DEFAULT_TENANT, form, "http", datetime.now(UTC), body).to_bytes()
