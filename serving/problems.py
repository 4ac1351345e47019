"""The one shape of every error that leaves the service: a problem document (RFC 9457).

Every refusal, wherever it happens, becomes a `Problem` here, and here alone it becomes bytes. A problem carries
no stack trace, no query and nothing of what another tenant owns.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from features.domain.errors import NotFound, Unavailable
from serving.errors import Refused

MEDIA_TYPE = "application/problem+json"

WRITING = frozenset({"/api/v2/write", "/write", "/v1/telemetry", "/v1/events"})
"""The addresses that take deliveries; their refusals can be read by InfluxDB's clients too."""

_CODES = {
    400: "invalid",
    403: "forbidden",
    404: "not found",
    405: "method not allowed",
    408: "invalid",
    413: "request too large",
    415: "invalid",
    422: "unprocessable entity",
    429: "too many requests",
    503: "unavailable",
    507: "unavailable",
}
"""Codes of InfluxDB 2.x for statuses."""

_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address. The routes are listed under /docs.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not answer that method; the Allow header names those it does.",
}
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal as it is told to the caller.

    Attributes:
        status: The HTTP status; its phrase is the title.
        detail: What must hold, what was found, what to do.
        errors: Single faults, each with `location` (a list: where to look) and `detail`.
        headers: Headers beyond the content type, for example Allow or Retry-After.
        extra: Members beyond those of RFC 9457.
    """

    status: int
    detail: str
    errors: tuple[Mapping[str, object], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The phrase that belongs to the status."""
        return HTTPStatus(self.status).phrase

    def to_dict(self, instance: str) -> dict[str, object]:
        """Return the document; `instance` is the path that was asked for, without its query."""
        document: dict[str, object] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.errors:
            document["errors"] = [dict(each) for each in self.errors]
        if instance in WRITING:
            # As InfluxDB's clients read a refusal: those of 2.x `code` and `message`, those of 1.x `error`.
            document |= {"code": _CODES.get(self.status, "internal error"), "message": self.detail}
            document |= {"error": self.detail}
        return document | dict(self.extra)


def problem_response(problem: Problem, instance: str) -> Response:
    """Return the answer that carries a problem."""
    body = json.dumps(problem.to_dict(instance), ensure_ascii=False, allow_nan=False).encode()
    return Response(body, problem.status, dict(problem.headers), MEDIA_TYPE)


def problem_of(error: BaseException) -> Problem:
    """Say as a problem what an error means to the caller; whatever is not known by name becomes a bare 500."""
    match error:
        case Refused():
            return Problem(error.status, error.detail, error.errors, error.headers, error.extra)
        case RequestValidationError():
            return Problem(422, "The request breaks the rules listed under errors.", _faults(error))
        case HTTPException():
            return _of_http(error)
        case NotFound():
            return Problem(404, "There is no such thing here.")
        case Unavailable():
            return Problem(503, f"The {error.part} does not answer at the moment. Try again later.", (), _retry())
        case _:
            _logger.error("request failed unexpectedly", exc_info=error)
            return Problem(500, "The service met an error of its own. The operator finds the reason in its log.")


def _of_http(error: HTTPException) -> Problem:
    headers = dict(error.headers or {})
    if error.status_code in _DETAILS:
        return Problem(error.status_code, _DETAILS[HTTPStatus(error.status_code)], (), headers)
    return Problem(error.status_code, str(error.detail), (), headers)


def _faults(error: RequestValidationError) -> tuple[Mapping[str, object], ...]:
    return tuple(_fault(each) for each in error.errors())


def _fault(fault: Mapping[str, Any]) -> Mapping[str, object]:  # Any: pydantic's own description of a fault
    return {"location": list(fault["loc"]), "detail": str(fault["msg"])}


def _retry() -> dict[str, str]:
    return {"Retry-After": "5"}
