"""Who may reach the service at all, as long as nobody can sign in: processes of this machine, and no foreign page.

The gate stands in front of every route, those of the server around us included, however the service was started.
"""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from features.domain.addresses import is_loopback
from serving.problems import Problem, problem_response

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORWARDING = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")

_OFFER = "Until sign-in exists the service answers this machine alone"


class LoopbackGate:
    """Refuse, with 403, whoever is not on this machine, whatever was addressed to another name, and foreign pages."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through or answer it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        reason = refusal(scope)
        if reason is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await problem_response(Problem(403, reason), scope["path"])(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})


def refusal(scope: Scope) -> str | None:
    """Say why a request may not come in, or None if it may."""
    headers = Headers(scope=scope)
    client = scope.get("client")
    if client is None or not is_loopback(client[0]):
        return f"{_OFFER}; the request came from elsewhere. Open it on the machine itself."
    if any(name in headers for name in FORWARDING):
        return f"{_OFFER}; the request came through a proxy. Reach it without one."
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not is_own_name(hosts[0]):
        return f"{_OFFER}; the Host header must be localhost or a loopback address. Correct the address."
    if scope.get("method") not in SAFE_METHODS and not _is_own_page(headers, str(scope.get("scheme")), hosts[0]):
        return "A page of another site may not send to this service. Use the service's own pages or a program."
    return None


def is_own_name(host: str) -> bool:
    """Say whether a Host header names this machine: `localhost` or a loopback address, with any port.

    Examples:
        >>> [is_own_name(each) for each in ("localhost:3000", "[::1]:3000", "127.0.0.1", "evil.example", "::1")]
        [True, True, True, False, False]
    """
    name, _, port = host.rpartition(":") if _has_port(host) else (host, "", "1")
    if not (port.isascii() and port.isdigit()):
        return False
    if name.startswith("[") and name.endswith("]"):
        return is_loopback(name[1:-1])
    return name.lower() == "localhost" or (":" not in name and is_loopback(name))


def _has_port(host: str) -> bool:
    return ":" in host and not host.endswith("]")


def _is_own_page(headers: Headers, scheme: str, host: str) -> bool:
    origins = headers.getlist("origin")
    sites = headers.getlist("sec-fetch-site")
    return _all_are(sites, {"same-origin", "none"}) and _all_are(origins, {f"{scheme}://{host}"})


def _all_are(found: Iterable[str], allowed: set[str]) -> bool:
    return all(each.lower() in {value.lower() for value in allowed} for each in found)
