"""Whether the service lives, whether it can work, and what it has measured."""

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from serving.access import Anyone
from serving.metrics import CONTENT_TYPE, ServiceMetrics
from serving.parts import PartState, Readiness, Wiring
from serving.wire import ReadyOut

_STARTING = Readiness("service", PartState.STARTING, "The parts are being put together.")


def add_health_routes(app: FastAPI, wiring: Wiring, metrics: ServiceMetrics) -> None:
    """Add `/livez`, `/readyz` and `/metrics`."""

    @app.get("/livez", tags=["health"], summary="Whether the process answers")
    async def livez(caller: Anyone) -> Response:
        return JSONResponse({"live": True})

    @app.get(
        "/readyz",
        tags=["health"],
        summary="Whether every part works",
        responses={200: {"model": ReadyOut}, 503: {"model": ReadyOut, "description": "A part does not work."}},
    )
    def readyz(caller: Anyone) -> Response:
        parts = wiring.parts.readiness() if wiring.is_attached else [_STARTING]
        ready = all(part.state is PartState.READY for part in parts)
        body = {
            "ready": ready,
            "parts": [{"part": each.part, "state": each.state.value, "detail": each.detail} for each in parts],
        }
        return JSONResponse(body, 200 if ready else 503)

    @app.get("/metrics", tags=["health"], summary="Measures for Prometheus", response_class=Response)
    def measures(caller: Anyone) -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)
