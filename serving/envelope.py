"""The outermost layer: headers that every answer carries, one time limit, and an answer to every exception."""

import asyncio
from collections.abc import Awaitable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import Refused
from serving.parts import Wiring
from serving.problems import problem_of, problem_response

# plotly sets style attributes while it draws; script and everything else come from our own files alone.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# With no-referrer a browser says of our own forms that they come from "null", which the gate refuses.
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Envelope:
    """Answer every request in time and in our form, whatever happens further in."""

    def __init__(self, app: ASGIApp, wiring: Wiring) -> None:
        self.app = app
        self.wiring = wiring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the rest of the application inside the envelope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = _Reply(send)
        run = asyncio.ensure_future(_outcome(self.app(scope, receive, reply.send)))
        try:
            done, _ = await asyncio.wait({run}, timeout=self.wiring.settings.request_timeout_seconds)
            error = await run if done or reply.is_started else _give_up(run, reply)
        except asyncio.CancelledError:
            run.cancel()
            raise
        if error is not None:
            problem = problem_of(error)
            if reply.is_started and not reply.is_closed:
                raise error
            await problem_response(problem, scope["path"])(scope, receive, _Reply(send).send)


class _Reply:
    """The way out: adds the headers, knows whether the answer has begun, and drops what comes too late."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_started = False
        self.is_closed = False

    async def send(self, message: Message) -> None:
        if self.is_closed:
            return
        if message["type"] == "http.response.start":
            self.is_started = True
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


async def _outcome(answering: Awaitable[None]) -> Exception | None:
    try:
        await answering
    except Exception as error:  # noqa: BLE001  # the last resort: whatever it is becomes a problem document
        return error
    return None


def _give_up(run: asyncio.Future[Exception | None], reply: _Reply) -> Exception:
    """Leave a handler to itself (one in a thread cannot be stopped); what it says from now on is dropped."""
    reply.is_closed = True
    run.cancel()
    return Refused(503, "The answer took too long and was given up. Try again, or ask for less.", headers=_RETRY)


_RETRY = {"Retry-After": "5"}
