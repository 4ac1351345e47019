"""Which InfluxDB, and how we speak with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from features.domain.errors import InvalidValue

_DATABASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class InfluxServer:
    """One InfluxDB, 1.x, 2.x or 3.x; which of them, we find out by ourselves.

    Attributes:
        url: Its address, http or https, without user or password.
        database: The database (1.x, 3.x) or bucket (2.x); made if it is missing and we may.
        token: The API token of 2.x and 3.x.
        org: The organisation of 2.x.
        username: The user of 1.x, where it asks for one.
        password: Their password.
        timeout_seconds: How long to wait for a connection, and then for each piece of an answer.
        gzip: Whether to compress what is written.
        ca_file: Certificate authorities to trust instead of the system's, as a file of PEM.
        retention_days: For how many days readings of a data grade are kept; a grade that is not named is kept for
            good. Grades that are kept equally long share one place.

    Raises:
        InvalidValue: If the address, the database or a retention cannot be right.

    Examples:
        >>> InfluxServer("http://[::1]:8086", "plant", token="secret")
        InfluxServer(url='http://[::1]:8086', database='plant', org=None, username=None, timeout_seconds=30.0,
                     gzip=True, ca_file=None, retention_days={})
    """

    url: str
    database: str
    token: str | None = field(default=None, repr=False)
    org: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = 30.0
    gzip: bool = True
    ca_file: str | None = None
    retention_days: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what would otherwise fail later and less clearly."""
        if not _is_address(self.url):
            raise InvalidValue(
                "the address of InfluxDB",
                must="be http:// or https:// with a host, without user, password, question or fragment",
                found=urlsplit(self.url)._replace(netloc="…", query="").geturl(),
                remedy="Write for example http://localhost:8086; the token has its own setting.",
            )
        if not _DATABASE.fullmatch(self.database):
            raise InvalidValue(
                "the database of InfluxDB",
                must="be 1 to 64 letters, digits or _ . - with a letter or digit first",
                found=self.database,
                remedy="Choose another name.",
            )
        wrong = {grade: days for grade, days in self.retention_days.items() if days < 1}
        if wrong or self.timeout_seconds <= 0:
            raise InvalidValue(
                "retentions and the timeout of InfluxDB",
                must="be at least one day, and above 0 seconds",
                found=wrong or self.timeout_seconds,
                remedy="Leave a grade out to keep its readings for good.",
            )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and not (parts.query or parts.fragment)
            and parts.port != 0
        )
    except ValueError:
        return False
