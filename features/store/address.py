"""The address of the Redis that settings name."""

from urllib.parse import SplitResult, urlsplit

from features.domain.errors import InvalidValue


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
