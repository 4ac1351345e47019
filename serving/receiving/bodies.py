"""Bodies on their way in: so many at once, so many bytes of them, and none that makes us wait between two pieces.

Reading takes as long as the sender likes. So it has bounds of its own: a sender who stops half-way takes a place among
many from others, and never one of the few places where deliveries are looked at and stored.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request

from serving.errors import Refused

CROWDED = "Too many deliveries are on their way in at once."

_CLOSE = {"Connection": "close"}  # what is left of the body is not waited for
_RETRY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Patience:
    """How much is taken in at once, and how long anything is waited for.

    Attributes:
        bodies: Most bodies that are read, or wait to be stored, at once.
        body_bytes: Most bytes of all these bodies together.
        piece_seconds: Longest time between two pieces of a body.
        place_seconds: Longest time that a delivery waits until it is its turn.
    """

    bodies: int = 256
    body_bytes: int = 256 << 20
    piece_seconds: float = 5.0
    place_seconds: float = 10.0


@dataclass(slots=True)
class Bodies:
    """The bodies that are held in memory."""

    patience: Patience
    _held: int = 0
    _places: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._places = asyncio.Semaphore(self.patience.bodies)

    @asynccontextmanager
    async def body_of(self, request: Request) -> AsyncIterator[bytes]:
        """Read the body of a request; it counts as held until the block is left.

        Raises:
            Refused: With 408 if the sender pauses for too long, 429 if too much is held already, 400 if the body ends
                before its time.
        """
        await self._enter()
        body, content = bytearray(), b""
        try:
            await self._read(request, body)
            content = bytes(body)
            body.clear()
            yield content
        finally:
            self._held -= len(content) + len(body)
            self._places.release()

    async def _enter(self) -> None:
        try:
            async with asyncio.timeout(self.patience.place_seconds):
                await self._places.acquire()
        except TimeoutError as error:
            raise later(429, CROWDED, close=True) from error

    async def _read(self, request: Request, body: bytearray) -> None:
        pieces = request.stream()
        try:
            while (piece := await self._next(pieces)) is not None:
                if self._held + len(piece) > self.patience.body_bytes:
                    raise later(429, CROWDED, close=True)
                body += piece
                self._held += len(piece)
        except ClientDisconnect as error:
            raise Refused(400, "The body must come whole; it ended before its time. Send it again.") from error

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        seconds = self.patience.piece_seconds
        try:
            async with asyncio.timeout(seconds):
                return await anext(pieces, None)
        except TimeoutError as error:
            detail = f"A body must come without a pause of {seconds:g} seconds. Nothing of it was taken: send it again."
            raise Refused(408, detail, headers=_CLOSE) from error


def later(status: int, reason: str, seconds: int = _RETRY_SECONDS, *, close: bool = False) -> Refused:
    """Return a refusal of a delivery that may be sent again, as it is, after some seconds.

    Args:
        status: The HTTP status.
        reason: Why it is not taken now.
        seconds: When to try again.
        close: Whether the connection ends with the answer, because the body was not read to its end.
    """
    detail = f"{reason} Nothing of this delivery was taken: keep it and send it again later."
    return Refused(status, detail, headers={"Retry-After": str(max(1, seconds)), **(_CLOSE if close else {})})
