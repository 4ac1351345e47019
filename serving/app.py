"""The application: routes, and the layers around them. Building it has no effect beyond the object."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from features.domain.errors import ServiceError
from serving.access import refuse_undeclared
from serving.envelope import Envelope
from serving.gate import LoopbackGate
from serving.metrics import Measured, ServiceMetrics, SpoolMeasures
from serving.parts import Wiring
from serving.problems import problem_of, problem_response
from serving.reading import BodyLimit, OneSegment, StrictRoute
from serving.receiving.desk import ReceivingDesk
from serving.routes.alarm_pages import add_alarm_page_route
from serving.routes.alarms import add_alarm_routes
from serving.routes.assets import add_asset_routes
from serving.routes.condition import add_condition_route
from serving.routes.decision import add_decision_route
from serving.routes.forecasting import add_forecasting_route
from serving.routes.health import add_health_routes
from serving.routes.influx import add_influx_routes
from serving.routes.pages import add_page_routes, problem_page, wants_page
from serving.routes.quality import add_quality_route
from serving.routes.receiving import add_receiving_routes
from serving.routes.reference import add_reference_routes
from serving.routes.static import add_static_route
from serving.routes.telemetry import add_telemetry_route

VERSION = "0.1.0"


def build_app(wiring: Wiring, metrics: ServiceMetrics | None = None) -> FastAPI:
    """Build the application around parts that may be attached later.

    Args:
        wiring: Where the application finds its settings and parts when a request comes.
        metrics: What it counts into; by default counts of its own.

    Raises:
        UndeclaredRoute: If a route does not say who may call it.
    """
    app = FastAPI(
        title="Millwright",
        version=VERSION,
        summary="Forecasts and diagnoses for machines in the field.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.wiring = wiring
    app.router.route_class = StrictRoute
    counts = metrics or ServiceMetrics()
    add_health_routes(app, wiring, counts)
    add_asset_routes(app, wiring)
    add_telemetry_route(app, wiring)
    add_quality_route(app, wiring)
    add_condition_route(app, wiring)
    add_alarm_routes(app, wiring)
    add_forecasting_route(app, wiring, counts)
    add_decision_route(app, wiring)
    counts.spool = SpoolMeasures(lambda: wiring.parts.spool.counters())
    desk = ReceivingDesk(wiring, counts)
    add_receiving_routes(app, desk)
    add_influx_routes(app, desk, VERSION)
    add_page_routes(app, wiring)
    add_alarm_page_route(app, wiring)
    add_reference_routes(app, wiring)
    add_static_route(app)
    refuse_undeclared(app)
    for kind in (ServiceError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)
    _wrap(app, wiring, counts)
    return app


def _wrap(app: FastAPI, wiring: Wiring, metrics: ServiceMetrics) -> None:
    """Put the layers around the routes; the one added last is the outermost."""
    app.add_middleware(OneSegment)
    app.add_middleware(BodyLimit, wiring=wiring)
    app.add_middleware(LoopbackGate)
    app.add_middleware(Measured, metrics=metrics)
    app.add_middleware(Envelope, wiring=wiring)


async def _answer(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    wiring: Wiring = request.app.state.wiring
    if wiring.is_attached and wants_page(request.url.path, request.headers.get("accept", "")):
        return problem_page(request, wiring, problem)
    return problem_response(problem, request.url.path)
