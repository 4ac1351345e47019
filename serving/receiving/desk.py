"""Where deliveries are taken in: looked at, put into the spool, and only then acknowledged.

Both take time and neither may hold up the event loop, so they happen in a thread; only so many at once, and of those
that are long to look at only two. Whoever comes when all are busy waits a while and is then asked to come again. Bodies
are read before, under bounds of their own (`serving.receiving.bodies`): a slow sender holds up nobody.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from features.domain.arrivals import Arrival, Precision
from features.domain.errors import ServiceError
from features.domain.identifiers import TenantId
from features.spool.errors import RecordTooLarge, SpoolBusy, SpoolFull
from serving.errors import Refused
from serving.metrics import ServiceMetrics
from serving.parts import Wiring
from serving.receiving.bodies import Bodies, Patience, later
from serving.receiving.looking import Look
from serving.receiving.unpacking import unpack

CHANNEL = "http"
BUSY = "So much waits to be stored that no more is taken for now."
FULL = "The service has no room left: its disk is full, or what was set aside fills its share."
UNAVAILABLE = "The spool of the service cannot be written."

OCCUPIED = "More deliveries are being looked at than can be done in time."

_IN_HAND = 16
_LONG_IN_HAND = 2  # looking is work for the processor: side by side, many would all be late
_LONG_BYTES = 262_144
_LONG_PACKED_BYTES = 8_192
_TROUBLE_SECONDS = 10.0
_logger = logging.getLogger(__name__)

Looker = Callable[[bytes], Look]
"""Looks at an unpacked body."""


@dataclass(slots=True)
class Trouble:
    """Whether the spool refused what came last, and how long ago that was.

    Attributes:
        clock: Tells the seconds that have passed.
    """

    clock: Callable[[], float] = time.monotonic
    _reason: str | None = None
    _at: float = 0.0

    def note(self, reason: str | None) -> None:
        """Note how a delivery ended: refused for a reason, or taken (None). A change is logged once."""
        if reason is not None and self.reason is None:
            _logger.warning("the spool refuses deliveries", extra={"reason": reason})
        elif reason is None and self._reason is not None:
            _logger.info("the spool takes deliveries again")
        self._reason, self._at = reason, self.clock()

    @property
    def reason(self) -> str | None:
        """Why the spool takes nothing; None if it does, or if nobody has tried for a while."""
        return self._reason if self.clock() - self._at < _TROUBLE_SECONDS else None


@dataclass(slots=True)
class ReceivingDesk:
    """Takes deliveries in, for every route that receives."""

    wiring: Wiring
    metrics: ServiceMetrics
    trouble: Trouble = field(default_factory=Trouble)
    patience: Patience = field(default_factory=Patience)
    _bodies: Bodies = field(init=False)
    _in_hand: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_IN_HAND))
    _long_in_hand: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LONG_IN_HAND))

    def __post_init__(self) -> None:
        self._bodies = Bodies(self.patience)

    async def take(
        self, request: Request, tenant: TenantId, look_at: Looker, precision: Precision = Precision.NANOSECONDS
    ) -> None:
        """Take the delivery of a request; once this returns, all of it is on disk and no line of it was faulty.

        Args:
            request: The request; its body is read here.
            tenant: Whose it is, from the caller alone.
            look_at: What to look for in the body.
            precision: The unit of timestamps in line protocol.

        Raises:
            Refused: With 400 if a line is faulty (the others are on disk), else with the reason why nothing was taken.
        """
        encoding = ", ".join(request.headers.getlist("content-encoding"))
        async with self._bodies.body_of(request) as body, self._turn(_is_long(body, encoding)):
            look = await run_in_threadpool(self._take, body, encoding, tenant, look_at, precision)
        size = len(look.body) + len(look.beside) if look.lines else 0
        self.metrics.count_delivery(request.url.path, _outcome(look), size)
        if look.faulty:
            raise _refusal(look)

    def now(self) -> datetime:
        """Return the time by our clock."""
        return self.wiring.parts.clock()

    @asynccontextmanager
    async def _turn(self, is_long: bool) -> AsyncIterator[None]:
        """Wait until it is a delivery's turn to be looked at and stored."""
        gates = [self._long_in_hand, self._in_hand] if is_long else [self._in_hand]
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self.patience.place_seconds):
                    for gate in gates:
                        await held.enter_async_context(gate)
            except TimeoutError as error:
                raise later(429, OCCUPIED) from error
            yield

    def _take(self, body: bytes, encoding: str, tenant: TenantId, look_at: Looker, precision: Precision) -> Look:
        look = look_at(unpack(body, encoding, self.wiring.settings.max_unpacked_bytes))
        if look.lines:
            now = self.now()
            bodies = [body for body in (look.body, look.beside) if body]
            self._put([Arrival(tenant, look.form, CHANNEL, now, body, precision).to_bytes() for body in bodies])
        return look

    def _put(self, contents: list[bytes]) -> None:
        try:
            self.wiring.parts.spool.put(contents)
        except RecordTooLarge as error:
            raise Refused(413, "The delivery is larger than the spool takes at once. Send less at once.") from error
        except SpoolBusy as error:
            self.trouble.note(BUSY)
            raise later(429, BUSY, math.ceil(error.retry_after_seconds)) from error
        except SpoolFull as error:
            self.trouble.note(FULL)
            raise later(507, FULL) from error
        except ServiceError as error:
            self.trouble.note(UNAVAILABLE)
            raise later(503, UNAVAILABLE) from error
        self.trouble.note(None)


def _is_long(body: bytes, encoding: str) -> bool:
    """Say whether it may take long to look at a body; a packed one may become much larger."""
    return len(body) > (_LONG_PACKED_BYTES if encoding else _LONG_BYTES)


def _outcome(look: Look) -> str:
    if not look.lines:
        return "empty"
    if not look.faulty:
        return "whole"
    return "partial" if look.good else "faulty"


def _refusal(look: Look) -> Refused:
    """Say which lines were not taken. The words `partial write` tell Telegraf not to send the same again for ever."""
    first = look.faults[0].to_dict(look.unit)
    place = f"{look.unit} {look.faults[0].number}"
    kept = f"{look.good} without a fault were kept" if look.good else "none was without a fault"
    detail = (
        f"partial write: {look.faulty} of {look.lines} {look.unit}s break the rules and are set aside; {kept}. "
        f"Correct those under errors and send them alone. The first, {place}: {first['detail']}"
    )
    return Refused(
        400,
        detail,
        errors=[each.to_dict(look.unit) for each in look.faults],
        extra={"kept": look.good, "faulty": look.faulty},
    )
