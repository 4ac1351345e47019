"""The description of the interface: OpenAPI 3.1 as FastAPI writes it, with our problem documents and roles in it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from serving.access import role_of
from serving.problems import MEDIA_TYPE
from serving.wire import ProblemOut

_REFERENCE = "#/components/schemas/ProblemOut"
_DEFAULT = {
    "description": "A problem document (RFC 9457).",
    "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE}}},
}
_LEFT_OUT = ("HTTPValidationError", "ValidationError")


def openapi_document(app: FastAPI) -> dict[str, Any]:  # Any: an OpenAPI document is JSON
    """Return the OpenAPI document of an application, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        roles = {getattr(route, "path", ""): role_of(route) for route in app.routes}
        for path, operations in document["paths"].items():
            for operation in operations.values():
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = _DEFAULT
                operation["x-allowed-role"] = roles[path]
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for name in _LEFT_OUT:
            schemas.pop(name, None)
        schemas["ProblemOut"] = ProblemOut.model_json_schema()
        app.openapi_schema = document
    return app.openapi_schema
