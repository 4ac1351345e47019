"""Addresses of stores that settings name."""

from urllib.parse import SplitResult, urlsplit

from features.domain.errors import InvalidValue

CONDITIONAL = ("abfs", "abfss", "az", "gcs", "gs", "memory", "s3", "s3a")
"""Protocols of fsspec whose `create` fails where something of the name is there already; without that, two writers
would lose each other's commits."""
OFFLINE = "the place of offline rows"


def check_offline_url(url: str) -> None:
    """Refuse what cannot be a place of offline rows; a password in it is not repeated.

    Raises:
        InvalidValue: If it cannot be one.
    """
    parts, may = urlsplit(url), ("file", *CONDITIONAL)
    if "@" in parts.netloc and parts.scheme not in {"abfs", "abfss"}:  # there it names the account
        must, found = "name no user and no password", f"a URL of {parts.scheme} that does"
    elif parts.scheme in may and (parts.netloc or parts.path.strip("/")):
        return
    else:
        must, found = f"be file:///folder, or begin with {', '.join(CONDITIONAL)} and name a place", parts.scheme
    raise InvalidValue(
        OFFLINE,
        must=must,
        found=found,
        remedy="Write for example s3://bucket/millwright; access keys come from the storage's own environment.",
    )


def check_redis_url(url: str) -> None:
    """Refuse what is no address of a Redis; a password in it is not repeated.

    Raises:
        InvalidValue: If it is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"redis", "rediss", "unix"} or not (parts.hostname or parts.path) or not _has_port(parts):
        raise InvalidValue(
            "the address of Redis",
            must="begin with redis://, rediss:// or unix:// and name a host or a path",
            found=parts.scheme,
            remedy="Write for example redis://localhost:6379/0.",
        )


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False
