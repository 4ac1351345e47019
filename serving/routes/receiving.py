"""What the field sends: line protocol as InfluxDB takes it, readings and events as JSON or CSV. 204 means: on disk."""

from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from serving.access import Caller, Device
from serving.errors import Refused
from serving.receiving.desk import Looker, ReceivingDesk
from serving.receiving.documents import look_at_events, look_at_lines, look_at_readings
from serving.receiving.lines import look_at_line_protocol, precision_of
from serving.receiving.tables import look_at_table
from serving.wire import EventIn, ReadingIn

TELEMETRY_FORMS: dict[str, Looker] = {
    "application/json": look_at_readings,
    "application/x-ndjson": look_at_lines,
    "text/csv": look_at_table,
}
EVENT_FORMS: dict[str, Looker] = {"application/json": look_at_events}

_UNITS = "Unit of the timestamps: ns, us, ms or s."
_IGNORED = "Accepted for the sake of InfluxDB's clients, and ignored: everything belongs to the caller's tenant."
_TAKEN: dict[int | str, dict[str, Any]] = {204: {"description": "Everything is on disk, and no line was faulty."}}


def add_receiving_routes(app: FastAPI, desk: ReceivingDesk) -> None:
    """Add `/api/v2/write`, `/write`, `/v1/telemetry` and `/v1/events`."""
    _add_line_protocol_routes(app, desk)

    @app.post(
        "/v1/telemetry",
        tags=["receiving"],
        summary="Take readings as JSON, JSON lines or CSV",
        status_code=204,
        responses=_TAKEN,
        openapi_extra=_body(_one_or_more(ReadingIn.model_json_schema()), "application/x-ndjson", "text/csv"),
    )
    async def post_telemetry(request: Request, caller: Device) -> Response:
        await desk.take(request, caller.tenant, _looker(request, TELEMETRY_FORMS))
        return Response(status_code=204)

    @app.post(
        "/v1/events",
        tags=["receiving"],
        summary="Take events as JSON",
        status_code=204,
        responses=_TAKEN,
        openapi_extra=_body(_one_or_more(EventIn.model_json_schema())),
    )
    async def post_events(request: Request, caller: Device) -> Response:
        await desk.take(request, caller.tenant, _looker(request, EVENT_FORMS))
        return Response(status_code=204)


def _add_line_protocol_routes(app: FastAPI, desk: ReceivingDesk) -> None:
    body = _body(None, "text/plain")

    @app.post(
        "/api/v2/write",
        tags=["receiving"],
        summary="Take line protocol, as InfluxDB 2.x does",
        status_code=204,
        responses=_TAKEN,
        openapi_extra=body,
    )
    async def write_2(
        request: Request,
        caller: Device,
        precision: Annotated[str, Query(description=_UNITS)] = "ns",
        org: Annotated[str, Query(description=_IGNORED)] = "",
        bucket: Annotated[str, Query(description=_IGNORED)] = "",
    ) -> Response:
        return await _take_lines(desk, request, caller, precision)

    @app.post(
        "/write",
        tags=["receiving"],
        summary="Take line protocol, as InfluxDB 1.x does",
        status_code=204,
        responses=_TAKEN,
        openapi_extra=body,
    )
    async def write_1(
        request: Request,
        caller: Device,
        precision: Annotated[str, Query(description=f"{_UNITS} n and u are understood too.")] = "ns",
        db: Annotated[str, Query(description=_IGNORED)] = "",
        rp: Annotated[str, Query(description=_IGNORED)] = "",
    ) -> Response:
        return await _take_lines(desk, request, caller, precision)


async def _take_lines(desk: ReceivingDesk, request: Request, caller: Caller, precision: str) -> Response:
    unit = precision_of(precision)
    look_at = partial(look_at_line_protocol, precision=unit, arrived_at=desk.now())
    await desk.take(request, caller.tenant, look_at, unit)
    return Response(status_code=204)


def _looker(request: Request, forms: dict[str, Looker]) -> Looker:
    """Return what looks at a body of the type that the request names.

    Raises:
        Refused: With 415, if nothing does.
    """
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    given = [each.strip().lower() for each in parameters.split(";")]
    charsets = {each.removeprefix("charset=").strip('"') for each in given if each.startswith("charset=")}
    found = forms.get(kind.strip().lower())
    if found is None or not charsets <= {"utf-8", "utf8"}:
        raise Refused(415, f"The Content-Type must be {' or '.join(forms)}, in UTF-8. Name the one that was sent.")
    return found


def _one_or_more(schema: dict[str, Any]) -> dict[str, Any]:  # Any: a JSON schema
    return {"oneOf": [schema, {"type": "array", "items": schema}]}


def _body(schema: dict[str, Any] | None, *texts: str) -> dict[str, Any]:  # Any: a part of an OpenAPI document
    """Describe a body that is read as it comes."""
    content: dict[str, Any] = {kind: {"schema": {"type": "string"}} for kind in texts}
    if schema is not None:
        content = {"application/json": {"schema": schema}, **content}
    return {"requestBody": {"required": True, "content": content}}
