"""Assets with their standing and their forecasts, as JSON."""

from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Path, Query
from starlette.responses import JSONResponse, Response

from features.domain.assets import Asset
from features.domain.errors import InvalidValue, NotFound
from features.domain.identifiers import AssetId, asset_id
from features.domain.time import format_time
from serving.access import Caller, Reader
from serving.errors import Refused
from serving.fleet import Standing, by_risk, standing
from serving.forecasts import ForecastDesk, document
from serving.parts import Wiring
from serving.reading import SLASH
from serving.wire import AssetOut, AssetsOut, ForecastOut, ForecastsOut


def named_asset(
    asset: Annotated[str, Path(description=f"Identity of an asset; write `%2F` (or `{SLASH}`) for a `/` in it.")],
) -> AssetId:
    """Return the identity in the path; one that could belong to no asset is simply not found."""
    try:
        return asset_id(asset.replace(SLASH, "/"))
    except InvalidValue as error:
        raise no_such_asset() from error


Named = Annotated[AssetId, Depends(named_asset)]


def no_such_asset() -> Refused:
    """Return the refusal for an asset that the tenant does not have, whoever else may have it."""
    return Refused(404, "There is no such asset. GET /v1/assets lists those there are.")


def find_asset(wiring: Wiring, caller: Caller, asset: AssetId) -> Asset:
    """Return one of the caller's assets.

    Raises:
        Refused: With 404, if the caller's tenant has no such asset.
    """
    try:
        return wiring.parts.assets.get(caller.tenant, asset)
    except NotFound as error:
        raise no_such_asset() from error


def add_asset_routes(app: FastAPI, wiring: Wiring) -> None:
    """Add `/v1/assets`, and what is known of each asset and of its future."""
    _add_lists(app, wiring)
    _add_forecasts(app, wiring)


def _add_lists(app: FastAPI, wiring: Wiring) -> None:
    @app.get("/v1/assets", tags=["assets"], summary="The assets, by risk or by name", responses=_ok(AssetsOut))
    def list_assets(
        caller: Reader,
        sort: Annotated[Literal["risk", "id"], Query(description="`risk`: what needs people first.")] = "risk",
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    ) -> Response:
        standings = fleet_of(wiring, caller)
        if sort == "id":
            standings.sort(key=lambda each: each.asset.id)
        page = [_asset_document(each) for each in standings[offset : offset + limit]]
        return JSONResponse({"assets": page, "total": len(standings), "offset": offset, "limit": limit})

    @app.get("/v1/assets/{asset}", tags=["assets"], summary="One asset", responses=_ok(AssetOut))
    def get_asset(asset: Named, caller: Reader) -> Response:
        found = find_asset(wiring, caller, asset)
        forecast = ForecastDesk(wiring.parts).latest(caller.tenant, asset)
        return JSONResponse(_asset_document(standing(found, forecast)))


def fleet_of(wiring: Wiring, caller: Caller) -> list[Standing]:
    """Return every asset of the caller's with its forecast, by risk."""
    desk = ForecastDesk(wiring.parts)
    assets = wiring.parts.assets.list_all(caller.tenant)
    latest = desk.latest_all(caller.tenant)
    forecasts = {asset.id: latest.get(asset.id) or desk.unavailable(asset) for asset in assets}
    return by_risk(assets, forecasts, wiring.parts.conditions.list_all(caller.tenant))


def _add_forecasts(app: FastAPI, wiring: Wiring) -> None:
    @app.get(
        "/v1/assets/{asset}/forecast",
        tags=["forecasts"],
        summary="The latest forecast that holds, or why there is none",
        responses=_ok(ForecastOut),
    )
    def get_forecast(asset: Named, caller: Reader) -> Response:
        try:
            found = ForecastDesk(wiring.parts).latest(caller.tenant, asset)
        except NotFound as error:
            raise no_such_asset() from error
        return JSONResponse(document(found))

    @app.get(
        "/v1/assets/{asset}/forecasts",
        tags=["forecasts"],
        summary="The forecasts so far, newest first, expired ones included",
        responses=_ok(ForecastsOut),
    )
    def get_history(
        asset: Named,
        caller: Reader,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    ) -> Response:
        find_asset(wiring, caller, asset)
        history = wiring.parts.ledger.history(caller.tenant, asset, limit)
        return JSONResponse({"forecasts": [document(each) for each in history]})


def _asset_document(each: Standing) -> dict[str, object]:
    asset = each.asset
    return {
        "id": asset.id,
        "pack": asset.pack,
        "model": asset.model,
        "batch": asset.batch,
        "site": asset.site,
        "commissioned": None if asset.commissioned is None else format_time(asset.commissioned),
        "identifiers": [
            {"scheme": name.scheme.value, "value": name.value, "primary": name.is_primary} for name in asset.identifiers
        ],
        "components": [{"id": part.id, "name": part.name} for part in asset.components],
        "attributes": dict(asset.attributes),
        "attention": each.attention.value,
        "risk": each.risk,
        "forecast": document(each.forecast),
    }


def _ok(model: type) -> dict[int | str, dict[str, object]]:
    return {200: {"model": model}}
