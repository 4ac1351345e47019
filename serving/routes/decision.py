"""When to act on an asset, as JSON."""

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from serving.access import Reader
from serving.decisions import DecisionDesk
from serving.parts import Wiring
from serving.routes.assets import Named, find_asset
from serving.wire_decision import DecisionOut


def add_decision_route(app: FastAPI, wiring: Wiring) -> None:
    """Add `/v1/assets/{asset}/decision`."""

    @app.get(
        "/v1/assets/{asset}/decision",
        tags=["forecasts"],
        summary="When acting is cheapest by the forecast that holds, and what it costs to wait",
        responses={200: {"model": DecisionOut}},
    )
    def get_decision(asset: Named, caller: Reader) -> Response:
        return JSONResponse(DecisionDesk(wiring.parts).advice(find_asset(wiring, caller, asset)).to_dict())
