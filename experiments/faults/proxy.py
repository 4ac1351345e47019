"""A wire that misbehaves: a proxy on loopback that can hang, cut connections, and lose answers on their way back."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

_CHUNK = 65_536
_WRITES = (b"POST /write", b"POST /api/v2/write")


class Wire(StrEnum):
    """What the wire does.

    `open` passes everything on. `hung` takes connections and bytes and answers nothing. `cut` closes at once.
    `losing` passes a write on, waits until the server has answered it, and closes instead of handing the answer back.
    """

    OPEN = "open"
    HUNG = "hung"
    CUT = "cut"
    LOSING = "losing"


class BadWire:
    """The proxy; its mode may change at any time and holds for what comes next.

    Attributes:
        mode: What it does now.
        lost: Answers that it has kept to itself.
        lose_at_most: Answers that it loses before it passes them on again.
        port: Where it listens, on 127.0.0.1.
    """

    def __init__(self, target_port: int) -> None:
        self.mode = Wire.OPEN
        self.lost = 0
        self.lose_at_most = 0
        self.port = 0
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The address that clients are given."""
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(asyncio.CancelledError, OSError):
            if self.mode is not Wire.CUT:
                await self._join(reader, writer)
        writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass bytes both ways until one side ends."""
        out_reader, out_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        line = _Line()
        ways = [
            asyncio.ensure_future(self._forward(reader, out_writer, line)),
            asyncio.ensure_future(self._back(out_reader, writer, line)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            out_writer.close()  # first: whoever ends the proxy may cancel this too
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: "_Line") -> None:
        while data := await reader.read(_CHUNK):
            if data.startswith((b"GET ", b"POST ", b"HEAD ")):
                line.is_write = data.startswith(_WRITES)
            while self.mode is Wire.HUNG:
                await asyncio.sleep(0.02)
            writer.write(data)
            await writer.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: "_Line") -> None:
        while data := await reader.read(_CHUNK):
            if self.mode is Wire.LOSING and line.is_write and self.lost < self.lose_at_most:
                self.lost += 1
                return
            writer.write(data)
            await writer.drain()


class _Line:
    """One connection: whether the request on its way is a write."""

    is_write = False


@contextmanager
def bad_wire(target_port: int) -> Iterator[BadWire]:
    """Give a proxy to a server on loopback, open at first."""
    wire = BadWire(target_port)
    loop = wire._loop
    thread = threading.Thread(target=loop.run_forever, name="bad wire", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(wire._serve(), loop).result()
    try:
        yield wire
    finally:
        asyncio.run_coroutine_threadsafe(wire._end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
