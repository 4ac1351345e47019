"""How the spool knows that a record still holds what was put."""

from hashlib import blake2b
from typing import Protocol

DIGEST_BYTES = 16


class Checksum(Protocol):
    """Gives a record its checksum and says later whether it still fits."""

    def of(self, content: bytes) -> bytes:
        """Return the checksum that is kept with this content."""
        ...

    def holds(self, content: bytes, digest: bytes) -> bool:
        """Say whether the content is still what the checksum was made of."""
        ...


class Blake2Checksum:
    """BLAKE2b (RFC 7693) of 16 bytes over the length (8 bytes, big-endian) and the content.

    The offset is no part of it: the tables bind it to the offset when they keep it (see `tables`).

    Examples:
        >>> checksum = Blake2Checksum()
        >>> checksum.holds(b"reading", checksum.of(b"reading")), checksum.holds(b"reading", checksum.of(b"reasing"))
        (True, False)
    """

    def of(self, content: bytes) -> bytes:
        """Return the checksum that is kept with this content."""
        digest = blake2b(len(content).to_bytes(8, "big"), digest_size=DIGEST_BYTES)
        digest.update(content)
        return digest.digest()

    def holds(self, content: bytes, digest: bytes) -> bool:
        """Say whether the content is still what the checksum was made of."""
        return self.of(content) == digest
