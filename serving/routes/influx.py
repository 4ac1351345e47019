"""What InfluxDB's clients ask before they write: whether somebody is there, which version, and for a database."""

import re
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from features.domain.errors import ServiceError
from serving.access import Anyone, Device
from serving.errors import Refused
from serving.receiving.desk import BUSY, UNAVAILABLE, ReceivingDesk
from serving.wire import HealthOut

INTERFACE_VERSION = "2.7.0"
"""The version of InfluxDB whose way of writing is understood: from it clients conclude to use `/api/v2/write`."""

HEADERS = {"X-Influxdb-Version": f"v{INTERFACE_VERSION}", "X-Influxdb-Build": "Millwright"}

_CREATE = re.compile(r"\s*CREATE\s+DATABASE\s+\S.*", re.IGNORECASE | re.DOTALL)


def add_influx_routes(app: FastAPI, desk: ReceivingDesk, version: str) -> None:
    """Add `/ping`, `/health` and `/query`."""

    @app.get("/ping", tags=["receiving"], summary="Whether somebody is there, as InfluxDB says it", status_code=204)
    async def ping(caller: Anyone) -> Response:
        return Response(status_code=204, headers=HEADERS)

    app.head("/ping", include_in_schema=False)(ping)

    @app.get(
        "/health",
        tags=["receiving"],
        summary="Whether deliveries are taken, as InfluxDB says it",
        responses={200: {"model": HealthOut}, 503: {"model": HealthOut, "description": "None is taken at present."}},
    )
    def health(caller: Anyone) -> Response:
        reason = _trouble(desk)
        body: dict[str, object] = {
            "name": "influxdb",
            "message": reason or f"Millwright {version} takes deliveries",
            "status": "fail" if reason else "pass",
            "checks": [],
            "version": HEADERS["X-Influxdb-Version"],
            "commit": "",
        }
        return JSONResponse(body, 503 if reason else 200, HEADERS)

    @app.post("/query", tags=["receiving"], summary="Answer CREATE DATABASE, with which InfluxDB 1.x clients begin")
    async def query(request: Request, caller: Device) -> Response:
        asked = request.query_params.get("q") or _form(await request.body()).get("q", "")
        if not _CREATE.fullmatch(asked):
            raise Refused(
                400, "This address only answers CREATE DATABASE, for clients that begin with it. Read under /v1/assets."
            )
        return JSONResponse({"results": [{"statement_id": 0}]}, headers=HEADERS)


def _trouble(desk: ReceivingDesk) -> str | None:
    """Say why nothing can be taken, or None."""
    try:
        waiting = desk.wiring.parts.spool.counters().pending_bytes
    except ServiceError:
        return UNAVAILABLE
    if waiting >= desk.wiring.settings.spool_max_bytes:
        return BUSY
    return desk.trouble.reason


def _form(body: bytes) -> dict[str, str]:
    """Read a form; of a field that comes twice the first counts."""
    try:
        fields = parse_qs(body.decode("ascii", "replace"), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}
