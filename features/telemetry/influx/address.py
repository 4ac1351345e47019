"""The InfluxDB that settings name."""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from features.domain.errors import InvalidValue
from features.telemetry.influx.server import InfluxServer


def influx_server(
    url: str | None,
    *,
    token: str | None = None,
    org: str | None = None,
    username: str | None = None,
    password: str | None = None,
    retention_days: Mapping[int, int] | None = None,
) -> InfluxServer | None:
    """Return the InfluxDB that settings name, or None where they name none.

    Args:
        url: Its address with the database or bucket as its path, such as `http://localhost:8086/plant`.
        token: The API token of 2.x and 3.x.
        org: The organisation of 2.x.
        username: The user of 1.x.
        password: Their password.
        retention_days: Days that readings of a data grade are kept.

    Raises:
        InvalidValue: If the address is none, or names no database.

    Examples:
        >>> server = influx_server("http://localhost:8086/plant")
        >>> server.url, server.database
        ('http://localhost:8086', 'plant')
    """
    if url is None:
        return None
    parts = urlsplit(url)
    database = unquote(parts.path).strip("/")
    if not database:
        raise InvalidValue(
            "the address of InfluxDB",
            must="end with the database or bucket",
            found=parts.path,
            remedy="Write for example http://localhost:8086/plant.",
        )
    return InfluxServer(
        parts._replace(path="").geturl(),
        database,
        token=token,
        org=org,
        username=username,
        password=password,
        retention_days=dict(retention_days or {}),
    )
