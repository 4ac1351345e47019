"""What arrived from the field, as it lies in the spool: the bytes as they came, and what is known about them.

Whoever receives (the service, the MQTT subscriber, a gateway) puts an arrival into the spool before it says that it
has it; the worker takes it out, reads it and stores what it says. The bytes are kept as they came, so that nothing
depends on how well they were read the first time.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from features.domain.errors import InvalidValue
from features.domain.identifiers import TenantId
from features.domain.time import from_microseconds, microseconds

_FORMAT = 1


class ArrivalForm(StrEnum):
    """How the bytes are to be read.

    `line_protocol` is InfluxDB's; `json_lines` holds one reading or event on each line, as `ingest --stream` takes
    it; `csv` is the `telemetry` table of a bring-your-own folder, with its header.
    """

    LINE_PROTOCOL = "line_protocol"
    JSON_LINES = "json_lines"
    CSV = "csv"


class Precision(StrEnum):
    """The unit of a timestamp in line protocol."""

    NANOSECONDS = "ns"
    MICROSECONDS = "us"
    MILLISECONDS = "ms"
    SECONDS = "s"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery from the field.

    Attributes:
        tenant: Whose it is; never taken from the bytes.
        form: How the bytes are to be read.
        channel: The way it came, for example "http" or "mqtt".
        arrived_at: When it arrived, by our clock.
        body: The bytes as they came, unpacked.
        precision: The unit of timestamps in line protocol.
    """

    tenant: TenantId
    form: ArrivalForm
    channel: str
    arrived_at: datetime
    body: bytes
    precision: Precision = Precision.NANOSECONDS

    @property
    def source(self) -> str:
        """The name under which parts of it are set aside; alike for the same bytes, however often they come."""
        return f"{self.channel}:{sha256(self.body).hexdigest()[:16]}"

    def to_bytes(self) -> bytes:
        """Return the form in which it lies in the spool: one line of JSON, then the bytes as they came."""
        head = {
            "format": _FORMAT,
            "tenant": self.tenant,
            "form": self.form.value,
            "channel": self.channel,
            "arrived_us": microseconds(self.arrived_at),
            "precision": self.precision.value,
        }
        return json.dumps(head, separators=(",", ":")).encode() + b"\n" + self.body

    @classmethod
    def from_bytes(cls, content: bytes) -> "Arrival":
        """Read what `to_bytes` wrote.

        Raises:
            InvalidValue: If the bytes are no arrival.
        """
        head, _, body = content.partition(b"\n")
        try:
            document = json.loads(head)
            if document["format"] != _FORMAT:
                raise ValueError(f"format {document['format']}")
            return cls(
                tenant=TenantId(document["tenant"]),
                form=ArrivalForm(document["form"]),
                channel=str(document["channel"]),
                arrived_at=from_microseconds(document["arrived_us"]),
                body=body,
                precision=Precision(document["precision"]),
            )
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise InvalidValue(
                "a record of the spool",
                must=f"be an arrival of format {_FORMAT}",
                found=head[:80],
                remedy="It stays set aside; restore it with the version of the program that wrote it.",
            ) from error
