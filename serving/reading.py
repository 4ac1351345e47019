"""What may come in: bodies of a bounded size, of the right type, and of strict JSON; one path segment per name."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import Refused
from serving.parts import Wiring
from serving.problems import WRITING, Problem, problem_response

SLASH = "~"
"""Stands for `/` inside an asset's identity once a path is decoded; no identity may contain it."""


class BodyLimit:
    """Stop reading a body that is too large, whether or not its length was announced.

    Deliveries may be larger than what other routes are asked.
    """

    def __init__(self, app: ASGIApp, wiring: Wiring) -> None:
        self.app = app
        self.wiring = wiring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the rest of the application with a bounded body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        settings = self.wiring.settings
        limit = settings.max_write_bytes if scope["path"] in WRITING else settings.max_body_bytes
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > limit:
            await problem_response(_too_large(limit), scope["path"])(scope, receive, send)
            return
        await self.app(scope, _bounded(receive, limit), send)


class OneSegment:
    """Keep an encoded slash inside its segment: `/v1/assets/hall%2Fp-01` names the asset `hall/p-01`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decode the path again, this time without letting encoded slashes become separators."""
        raw: bytes = scope.get("raw_path") or b""
        if scope["type"] == "http" and b"%2" in raw:
            kept = raw.split(b"?")[0].replace(b"%2F", SLASH.encode()).replace(b"%2f", SLASH.encode())
            scope["path"] = unquote_to_bytes(kept).decode("utf-8", "replace")
        await self.app(scope, receive, send)


class StrictRoute(APIRoute):
    """A route whose body, where it has one, is `application/json` and JSON to the letter (RFC 8259)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, reading its body strictly."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler

        async def strict(request: Request) -> Response:
            _require_json(request)
            checked = _CheckedRequest(request.scope, request.receive)
            checked.document = parse_json(await checked.body())
            return await handler(checked)

        return strict


def parse_json(body: bytes) -> Any:  # Any: this is what JSON is before it is checked
    """Read one JSON document to the letter: no NaN, no infinity, no key twice.

    Raises:
        Refused: With 400, if it is none.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_not_json, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The body must be one JSON document in UTF-8 (RFC 8259): {error}.") from error


class _CheckedRequest(Request):
    document: Any = None  # Any: not yet checked against a model

    async def json(self) -> Any:  # Any: as above
        return self.document


def _bounded(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise Refused(413, _too_large(limit).detail)
        return message

    return bounded


def _too_large(limit: int) -> Problem:
    return Problem(413, f"A body must announce its length correctly and have at most {limit} bytes. Send less at once.")


def _require_json(request: Request) -> None:
    found = request.headers.get("content-type", "")
    kind, _, parameters = found.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != "application/json" or charset not in {"", "utf-8"}:
        raise Refused(415, "The body must come as Content-Type: application/json in UTF-8.")


def _not_json(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: not yet checked
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice in one object")
    return found
