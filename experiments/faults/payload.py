"""Records that say themselves who they are, so that a stored one can be judged without a copy of what was put.

How large a record is follows from its number too: within each stretch of `STRETCH` numbers the last ones are large.
"""

from hashlib import shake_128

STRETCH = 4096
HEAVY_FROM, BULKY_FROM, HUGE_FROM = 2048, 4064, 4080
"""From these places of a stretch on records have 14 KiB, 400 KiB and 4.5 MiB."""

_HEAD_BYTES = 16
_KIB = 1024
_REPEATED_BYTES = 64


def content_of(number: int) -> bytes:
    """Return the content of a record: its number in hexadecimal, then bytes that follow from the number alone.

    Most are small, as readings are, and a few need several pages of SQLite.

    Examples:
        >>> content_of(7)[:16]
        b'0000000000000007'
        >>> content_of(7) == content_of(7)
        True
        >>> len(content_of(HUGE_FROM)) // 1024
        4608
    """
    head = b"%016x" % number
    draw = shake_128(head).digest(1)[0]
    size = _size_of(number % STRETCH, draw)
    if size <= 16 * _KIB:
        return head + shake_128(head).digest(size)
    return head + shake_128(head).digest(_REPEATED_BYTES) * (size // _REPEATED_BYTES)


def number_of(content: bytes) -> int | None:
    """Return the number of a record if every byte is as it was made, otherwise None.

    Examples:
        >>> number_of(content_of(7))
        7
        >>> number_of(content_of(7)[:-1] + b"?") is None
        True
    """
    try:
        number = int(content[:_HEAD_BYTES], 16)
    except ValueError:
        return None
    return number if 0 <= number < 1 << 63 and content == content_of(number) else None


def _size_of(place: int, draw: int) -> int:
    if place >= HUGE_FROM:
        return 4608 * _KIB
    if place >= BULKY_FROM:
        return 400 * _KIB
    if place >= HEAVY_FROM:
        return 14 * _KIB
    return 3 * _KIB if draw < 16 else 64 + draw
