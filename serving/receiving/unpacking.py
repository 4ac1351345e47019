"""Bodies as they were packed for the way: gzip or nothing, and never more than a bounded size comes out."""

import re
import zlib

from serving.errors import Refused

MOST_MEMBERS = 1_000
"""Members that a gzip body may have; a sender that packs once has one."""

_PIECE = 65_536
_ZEROS = re.compile(rb"\0*")
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
        Refused: With 415 for another encoding, 413 if more would come out, 400 if the body is no gzip, or has
            too many members.
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
    size, at = 0, 0
    view = memoryview(body)
    for _ in range(MOST_MEMBERS):
        member = zlib.decompressobj(_GZIP)
        while not member.eof:
            piece = view[at : at + _PIECE]  # in pieces, because each member copies what of its piece is behind it
            if not piece:
                raise EOFError("it ends before its time")
            part = member.decompress(piece, limit - size + 1)
            size, at = size + len(part), at + len(piece)
            if size > limit:
                raise Refused(413, f"A body may have at most {limit} bytes once it is unpacked. Send less at once.")
            parts.append(part)
        at = _after_padding(body, at - len(member.unused_data))
        if at == len(body):
            return b"".join(parts)
    raise Refused(400, f"A gzip body may have at most {MOST_MEMBERS} members; found more. Pack it as one member.")


def _after_padding(body: bytes, at: int) -> int:
    """Return where the next member begins; padding of zeros is allowed after a member."""
    found = _ZEROS.match(body, at)
    return at if found is None else found.end()
