"""What callers give, as SQLite can hold it."""

from features.domain.errors import InvalidValue

_LAST_OFFSET = 2**63 - 1


def check_limit(limit: int) -> None:
    """Refuse a question for no records.

    Raises:
        InvalidValue: If the limit is below 1.
    """
    if limit < 1:
        raise InvalidValue("limit", must="be at least 1", found=limit, remedy="Ask for one record or more.")


def storable(offset: int) -> int:
    """Return the offset, or the nearest one that a record can have, or could have had.

    Examples:
        >>> storable(7), storable(-1), storable(10**30)
        (7, 0, 9223372036854775807)
    """
    return max(0, min(offset, _LAST_OFFSET))


def writable(text: str) -> str:
    """Return a text without what UTF-8 cannot hold.

    Examples:
        >>> writable("no such " + chr(0xD800) + " file")
        'no such ? file'
    """
    return text.encode("utf-8", "replace").decode("utf-8")
