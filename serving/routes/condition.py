"""Whether it is the machine, as JSON."""

from dataclasses import asdict

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from features.domain.conditions import AssetCondition
from models.condition.health import Health
from serving.access import Reader
from serving.forecasts import ForecastDesk
from serving.health import asset_health
from serving.parts import Parts, Wiring
from serving.points import age_of
from serving.routes.assets import Named, find_asset
from serving.series import axis_of
from serving.wire_condition import ConditionOut


def add_condition_route(app: FastAPI, wiring: Wiring) -> None:
    """Add `/v1/assets/{asset}/condition`."""

    @app.get(
        "/v1/assets/{asset}/condition",
        tags=["assets"],
        summary="Whether it is the machine, an instrument, the data path or the way it is run, and on what evidence",
        responses={200: {"model": ConditionOut}},
    )
    def get_condition(asset: Named, caller: Reader) -> Response:
        found = find_asset(wiring, caller, asset)
        condition = wiring.parts.conditions.list_all(caller.tenant, found.id).get(found.id)
        forecast = ForecastDesk(wiring.parts).latest(caller.tenant, found.id)
        health = _health(asset_health(wiring.parts, found, condition, forecast))
        told = {"asset": found.id, "judged": condition is not None, "health": health}
        return JSONResponse(told | _document(wiring.parts, condition))


def _health(health: Health | None) -> dict[str, object] | None:
    if health is None:
        return None
    return {
        "index": health.index,
        "at_most": health.at_most,
        "state": health.state,
        "contributions": [asdict(each) for each in health.contributions],
        "unknown": [{"component": component, "part": part} for component, part in health.unknown],
    }


def _document(parts: Parts, condition: AssetCondition | None) -> dict[str, object]:
    if condition is None:
        known = ("verdict", "at", "age_seconds", "since", "score", "threshold", "seen", "model")
        return dict.fromkeys(known) | {"shares": [], "evidence": []}
    age = age_of(parts, condition.at)
    return {
        "verdict": condition.verdict.value,
        "at": axis_of(parts.pack, condition.at),
        "age_seconds": None if age is None else age.total_seconds(),
        "since": axis_of(parts.pack, condition.since),
        "score": condition.score,
        "threshold": condition.threshold,
        "shares": [{"signal": signal, "share": share} for signal, share in condition.shares],
        "evidence": [{"name": name, "value": value} for name, value in condition.evidence],
        "seen": condition.seen,
        "model": condition.model,
    }
