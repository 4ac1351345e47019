"""Deny by default: a route that does not say who may call it keeps the application from being built."""

import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from serving.access import Allowed, Caller, Reader, Role, allow, refuse_undeclared, role_of
from serving.app import build_app
from serving.errors import UndeclaredRoute
from serving.parts import Wiring


def test_every_route_names_who_may_call_it() -> None:
    app = build_app(Wiring())
    assert {getattr(route, "path", "?"): role_of(route) for route in app.routes} == {
        "/livez": Role.ANYONE,
        "/readyz": Role.ANYONE,
        "/metrics": Role.ANYONE,
        "/docs": Role.ANYONE,
        "/openapi.json": Role.ANYONE,
        "/static/{name}": Role.ANYONE,
        "/": Role.READER,
        "/assets/{asset}": Role.READER,
        "/v1/assets": Role.READER,
        "/v1/assets/{asset}": Role.READER,
        "/v1/assets/{asset}/forecast": Role.READER,
        "/v1/assets/{asset}/forecasts": Role.READER,
        "/v1/assets/{asset}/decision": Role.READER,
        "/v1/assets/{asset}/telemetry": Role.READER,
        "/v1/assets/{asset}/quality": Role.READER,
        "/v1/assets/{asset}/condition": Role.READER,
        "/v1/alarms": Role.READER,
        "/v1/alarms/{alarm}": Role.READER,
        "/v1/alarms/{alarm}/acknowledge": Role.OPERATOR,
        "/alarms/{alarm}/acknowledge": Role.OPERATOR,
        "/v1/forecasts": Role.OPERATOR,
        "/v1/telemetry": Role.DEVICE,
        "/v1/events": Role.DEVICE,
        "/api/v2/write": Role.DEVICE,
        "/write": Role.DEVICE,
        "/query": Role.DEVICE,
        "/ping": Role.ANYONE,
        "/health": Role.ANYONE,
    }


def bare_app() -> FastAPI:
    return FastAPI(openapi_url=None, docs_url=None, redoc_url=None)


def test_a_route_without_a_role_is_refused() -> None:
    app = bare_app()
    app.get("/open")(lambda: None)
    with pytest.raises(UndeclaredRoute, match="/open"):
        refuse_undeclared(app)


async def plain(request: Request) -> Response:
    return Response()


def test_routes_that_cannot_declare_are_refused() -> None:
    for route in (Route("/plain", plain), Mount("/mounted", app=bare_app())):
        app = bare_app()
        app.router.routes.append(route)
        with pytest.raises(UndeclaredRoute):
            refuse_undeclared(app)


def test_an_included_router_is_refused_even_if_its_routes_declare() -> None:
    router, app = APIRouter(), bare_app()

    @router.get("/inside")
    def inside(caller: Reader) -> None: ...

    app.include_router(router)
    with pytest.raises(UndeclaredRoute):
        refuse_undeclared(app)


def test_two_roles_on_one_route_are_refused() -> None:
    app = bare_app()

    def both(one: Caller = allow(Role.READER), two: Caller = allow(Role.OPERATOR)) -> None: ...  # type: ignore[assignment]  # noqa: B008

    app.get("/both")(both)
    with pytest.raises(UndeclaredRoute):
        refuse_undeclared(app)


def test_the_tenant_comes_from_the_settings_whatever_the_request_says() -> None:
    request = Request({"type": "http", "app": build_app(Wiring()), "headers": [(b"x-tenant", b"rival-works")]})
    assert Allowed(Role.READER)(request).tenant == "local"
