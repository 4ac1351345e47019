"""Whether it is the machine, as JSON."""

from dataclasses import asdict

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from features.domain.conditions import AssetCondition
from features.domain.packs import Pack
from features.domain.signals import Names
from models.condition.health_components import ComponentHealth, MachineHealth
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
        health = _health(asset_health(wiring.parts, found, condition, forecast), wiring.parts.pack)
        told = {"asset": found.id, "judged": condition is not None, "health": health}
        return JSONResponse(told | _document(wiring.parts, condition))


def _health(health: MachineHealth | None, pack: Pack) -> dict[str, object] | None:
    if health is None:
        return None
    whole, names = health.whole, {each.id: each.names for each in pack.components}
    return {
        "index": whole.index,
        "at_most": whole.at_most,
        "state": whole.state,
        "contributions": [asdict(each) for each in whole.contributions],
        "unknown": [{"component": component, "part": part} for component, part in whole.unknown],
        "components": [_component(each, names[each.id]) for each in health.components],
    }


def _component(component: ComponentHealth, names: Names | None) -> dict[str, object]:
    return asdict(component) | {"names": None if names is None else asdict(names)}


def _document(parts: Parts, condition: AssetCondition | None) -> dict[str, object]:
    if condition is None:
        known = ("verdict", "at", "age_seconds", "since", "score", "threshold", "seen", "borrowed", "lenders", "model")
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
        "borrowed": condition.borrowed,
        "lenders": condition.lenders,
        "model": condition.model,
    }
