"""Measures of the service for Prometheus. Labels are route templates, methods and statuses: their number is bounded."""

import time

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.domain.forecasts import Forecast

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class ServiceMetrics:
    """Counts requests and forecasts in a registry of its own.

    Attributes:
        shared_folder: Where processes that answer side by side keep their counts together, or None for one process.
    """

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.requests = Counter(
            "millwright_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "millwright_request_seconds",
            "Time from a request to the end of its answer, in seconds.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.forecasts = Counter(
            "millwright_forecasts_computed", "Forecasts computed on request.", ["status"], registry=registry
        )
        self._registry = registry
        self.shared_folder: str | None = None

    def count_forecast(self, forecast: Forecast) -> None:
        """Count a forecast that was computed on request."""
        self.forecasts.labels(forecast.status.value).inc()

    def exposition(self) -> bytes:
        """Return the text form that Prometheus reads, of all processes together."""
        if self.shared_folder is None:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, path=self.shared_folder)  # type: ignore[no-untyped-call]  # untyped vendor
        return generate_latest(together)


class Measured:
    """Count and time every request that comes through."""

    def __init__(self, app: ASGIApp, metrics: ServiceMetrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the rest of the application and measure it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            self.metrics.requests.labels(method, route, str(status)).inc()
            self.metrics.seconds.labels(method, route).observe(time.perf_counter() - begun)
