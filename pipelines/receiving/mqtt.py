"""MQTT 5 into the spool: a message is acknowledged only when it is on disk.

The session outlives the connection and the process: what the broker was not told that we have it comes again. Where
the spool takes nothing for a while, nothing is acknowledged, and so the broker sends no more than a window's worth.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING

from features.domain.identifiers import TenantId
from features.spool.contract import Spool
from features.spool.errors import RecordTooLarge, SpoolBusy, SpoolFull, SpoolUnavailable
from pipelines.ingest.intake import now
from pipelines.receiving.errors import SubscriptionRefused
from pipelines.receiving.messages import MessageLayout, arrival_of
from pipelines.receiving.topics import Broker, TopicPattern

if TYPE_CHECKING:
    import aiomqtt

SESSION_SECONDS = 7 * 24 * 3600
"""For so long the broker keeps what we have not seen."""

WINDOW = 256
"""Messages that may be on their way to us without being acknowledged (Receive Maximum of MQTT 5)."""

LARGEST_BYTES = 8 * 1024 * 1024
"""The broker sends no larger message (Maximum Packet Size of MQTT 5); the spool takes larger ones than this."""

_AT_ONCE_BYTES = 4 * 1024 * 1024
_NAP_SECONDS = 0.2

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MqttPlan:
    """What is listened to, and as whom.

    Attributes:
        client_id: The name under which the broker keeps our session; no two clients may share one.
        first_pause_seconds: Upper bound of the pause after the first failure to connect; it doubles with each.
        longest_pause_seconds: Upper bound of every pause.
    """

    broker: Broker
    password: str | None
    topics: tuple[TopicPattern, ...]
    layout: MessageLayout
    client_id: str
    tenant: TenantId
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 60.0


class MqttReceiver:
    """Listens to a broker and puts what comes into the spool.

    Args:
        plan: What is listened to.
        spool: Where messages go.
        clock: Tells when they arrive.
    """

    def __init__(self, plan: MqttPlan, spool: Spool, clock: Callable[[], datetime] = now) -> None:
        self._plan, self._spool, self._clock = plan, spool, clock
        self._stop = Event()
        self._is_connected: bool | None = None
        self._is_taking = True

    @property
    def is_connected(self) -> bool:
        """Whether the broker has confirmed the subscriptions of the present connection."""
        return self._is_connected is True

    def run(self, stop: Event) -> None:
        """Receive until `stop` is set, through every outage of broker and spool; for a thread of its own."""
        self._stop = stop
        asyncio.run(self._run())

    async def _run(self) -> None:
        work = asyncio.create_task(self._connect_again_and_again())
        while not self._stop.is_set() and not work.done():
            await asyncio.wait({work}, timeout=_NAP_SECONDS)
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        self._is_connected = None

    async def _connect_again_and_again(self) -> None:
        import aiomqtt  # lazy: only an installation with a broker pays

        failures = 0
        while not self._stop.is_set():
            try:
                async with self._client() as client:
                    await self._subscribe(client)
                    self._note_connection(is_connected=True)
                    failures = 0
                    await self._receive(client)
            except (aiomqtt.MqttError, SubscriptionRefused) as error:
                self._note_connection(is_connected=False, reason=str(error))
            bound = min(self._plan.longest_pause_seconds, self._plan.first_pause_seconds * 2**failures)
            failures = min(failures + 1, 32)
            await asyncio.sleep(bound * random.uniform(0.5, 1.0))  # many gateways must not come back at once

    def _client(self) -> "aiomqtt.Client":
        """Make a client for one connection: what an earlier one had not acknowledged must not be acknowledged here."""
        import ssl  # lazy, with the rest

        import aiomqtt
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        broker = self._plan.broker
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho types only some of itself
        properties.SessionExpiryInterval = SESSION_SECONDS
        properties.ReceiveMaximum = WINDOW
        properties.MaximumPacketSize = LARGEST_BYTES
        client = aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.user,
            password=self._plan.password,
            identifier=self._plan.client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
            queue_type=_inbox(),
            tls_context=ssl.create_default_context() if broker.is_encrypted else None,
        )
        client._client.manual_ack_set(True)  # aiomqtt has no word for it; paho, which it carries, does
        return client

    async def _subscribe(self, client: "aiomqtt.Client") -> None:
        from paho.mqtt.subscribeoptions import SubscribeOptions  # lazy, with the rest

        for pattern in self._plan.topics:
            # retained messages come with the first subscription of a session, not with each connection
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            answers = await client.subscribe(pattern.filter, options=options)
            refused = [str(answer) for answer in answers if getattr(answer, "value", answer) >= 0x80]
            if refused:
                raise SubscriptionRefused(pattern.filter, refused[0])

    async def _receive(self, client: "aiomqtt.Client") -> None:
        messages = client.messages
        async for message in messages:
            batch, size = [message], len(message.payload)
            while len(messages) and size < _AT_ONCE_BYTES:
                batch.append(await anext(aiter(messages)))
                size += len(batch[-1].payload)
            if not await self._put(batch):
                continue
            for each in batch:
                if each.qos:
                    client._client.ack(each.mid, each.qos)  # as above

    async def _put(self, batch: "Sequence[aiomqtt.Message]") -> bool:
        """Put messages into the spool, however long that takes; say whether they may be acknowledged."""
        contents = [self._content(message) for message in batch]
        while True:
            try:
                await asyncio.to_thread(self._spool.put, contents)
            except (SpoolBusy, SpoolFull, SpoolUnavailable) as error:
                self._note_spool(is_taking=False, reason=str(error))
                await asyncio.sleep(max(_NAP_SECONDS, getattr(error, "retry_after_seconds", 1.0)))
            except RecordTooLarge as error:
                _logger.error("messages are not acknowledged: the spool cannot hold them", extra={"reason": str(error)})
                return False
            else:
                self._note_spool(is_taking=True)
                return True

    def _content(self, message: "aiomqtt.Message") -> bytes:
        plan = self._plan
        arrival = arrival_of(
            str(message.topic),
            bytes(message.payload),
            tenant=plan.tenant,
            layout=plan.layout,
            patterns=plan.topics,
            arrived_at=self._clock(),
        )
        return arrival.to_bytes()

    def _note_connection(self, *, is_connected: bool, reason: str | None = None) -> None:
        if is_connected and self._is_connected is not True:
            _logger.info("listening to the MQTT broker", extra={"broker": self._plan.broker.host})
        elif not is_connected and self._is_connected is not False:
            _logger.warning("the MQTT broker does not answer", extra={"reason": reason})
        self._is_connected = is_connected

    def _note_spool(self, *, is_taking: bool, reason: str | None = None) -> None:
        if is_taking != self._is_taking:
            words = "the spool takes messages again" if is_taking else "the spool takes no messages; the broker waits"
            _logger.log(logging.INFO if is_taking else logging.WARNING, words, extra={"reason": reason})
        self._is_taking = is_taking


def _inbox() -> "type[asyncio.Queue[aiomqtt.Message]]":
    """Return a queue that refuses messages of quality 0, which nobody promised to keep, once it holds a window.

    Those of quality 1 are bounded by the window itself, and refusing one would lose it for this connection.
    """

    class Inbox(asyncio.Queue["aiomqtt.Message"]):
        is_dropping = False

        def put_nowait(self, item: "aiomqtt.Message") -> None:
            must_drop = item.qos == 0 and self.qsize() >= WINDOW
            if must_drop != self.is_dropping:
                self.is_dropping = must_drop
                if must_drop:
                    _logger.warning("messages of quality 0 are dropped: the spool is slower than they come")
                else:
                    _logger.info("messages of quality 0 are taken again")
            if not must_drop:
                super().put_nowait(item)

    return Inbox
