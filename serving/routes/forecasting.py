"""Fresh forecasts on request: computed, recorded, answered."""

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from features.domain.assets import Asset
from features.domain.errors import InvalidValue, NotFound
from features.domain.identifiers import asset_id
from serving.access import Caller, Operator
from serving.errors import Refused
from serving.forecasts import ForecastDesk, document
from serving.metrics import ServiceMetrics
from serving.parts import Wiring
from serving.wire import ForecastRequest, ForecastsOut


def add_forecasting_route(app: FastAPI, wiring: Wiring, metrics: ServiceMetrics) -> None:
    """Add `POST /v1/forecasts`."""

    @app.post(
        "/v1/forecasts",
        tags=["forecasts"],
        summary="Compute and record forecasts now, in the order asked for",
        responses={200: {"model": ForecastsOut}},
    )
    def post_forecasts(asked: ForecastRequest, caller: Operator) -> Response:
        _check_count(asked.assets, wiring.settings.batch_limit)
        assets = _find_all(wiring, caller, asked.assets)
        issued = ForecastDesk(wiring.parts).issue(caller.tenant, assets)
        for forecast in issued:
            metrics.count_forecast(forecast)
        return JSONResponse({"forecasts": [document(each) for each in issued]})


def _check_count(names: list[str], most: int) -> None:
    repeated = len(set(names)) < len(names)
    if repeated or len(names) > most:
        rule = f"One request may name at most {most} assets, each once; it names {len(names)}."
        raise Refused(422, rule, errors=[{"location": ["body", "assets"], "detail": rule}])


def _find_all(wiring: Wiring, caller: Caller, names: list[str]) -> list[Asset]:
    """Return every asset asked for; all or nothing, so that nobody overlooks one that is missing."""
    if len(names) == 1:
        known = _one(wiring, caller, names[0])
    else:
        known = {asset.id: asset for asset in wiring.parts.assets.list_all(caller.tenant)}
    missing = [
        {"location": ["body", "assets", place], "detail": "There is no such asset."}
        for place, name in enumerate(names)
        if name not in known
    ]
    if missing:
        raise Refused(404, "Every asset must exist; those under errors do not. Nothing was computed.", errors=missing)
    return [known[name] for name in names]


def _one(wiring: Wiring, caller: Caller, name: str) -> dict[str, Asset]:
    try:
        return {name: wiring.parts.assets.get(caller.tenant, asset_id(name))}
    except (InvalidValue, NotFound):
        return {}
