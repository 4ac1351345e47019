"""Bodies as they were packed for the way: gzip or nothing, and never more than a bounded size comes out."""

import zlib

from serving.errors import Refused

_GZIP = 16 + zlib.MAX_WBITS
_PLAIN = frozenset({"", "identity"})
_PACKED = frozenset({"gzip", "x-gzip"})


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """Return a body unpacked.

    Args:
        body: The body as it came.
        encoding: The Content-Encoding header; empty where there is none.
        limit: Most bytes that may come out.

    Raises:
        Refused: With 415 for another encoding, 413 if more would come out, 400 if the body is no gzip.
    """
    named = encoding.strip().lower()
    if named in _PLAIN:
        return body
    if named not in _PACKED:
        raise Refused(415, "The Content-Encoding must be gzip or identity. Send the body in one of them.")
    if not body:
        return b""
    try:
        return _gunzip(body, limit)
    except (zlib.error, EOFError) as error:
        raise Refused(
            400,
            f"The body must be whole and of gzip, as Content-Encoding says; found: {error}. Pack and send it again.",
        ) from error


def _gunzip(body: bytes, limit: int) -> bytes:
    """Unpack every member of a gzip body, one after the other."""
    parts: list[bytes] = []
    size, rest = 0, body
    while rest:
        member = zlib.decompressobj(_GZIP)
        part = member.decompress(rest, limit - size + 1)
        size += len(part)
        if size > limit:
            raise Refused(413, f"A body may have at most {limit} bytes once it is unpacked. Send less at once.")
        if not member.eof:
            raise EOFError("it ends before its time")
        parts.append(part)
        rest = member.unused_data.lstrip(b"\0")  # padding of zeros is allowed after a member
    return b"".join(parts)
