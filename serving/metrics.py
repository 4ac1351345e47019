"""Measures of the service for Prometheus. Labels are route templates, methods and statuses: their number is bounded."""

import time
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.domain.errors import ServiceError
from features.domain.forecasts import Forecast
from features.spool.contract import SpoolCounters
from serving.problems import WRITING

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"

_SPOOL_SECONDS = 1.0
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class ServiceMetrics:
    """Counts requests and forecasts in a registry of its own.

    Attributes:
        spool: What the spool says of itself, or None.
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
        self.deliveries = Counter(
            "millwright_received_deliveries", "Deliveries looked at.", ["route", "outcome"], registry=registry
        )
        self.received_bytes = Counter(
            "millwright_received_bytes", "Bytes of deliveries put into the spool.", ["route"], registry=registry
        )
        self.refusals = Counter(
            "millwright_received_refused",
            "Deliveries refused in part or whole.",
            ["route", "status"],
            registry=registry,
        )
        self._registry = registry
        self.spool: SpoolMeasures | None = None
        self.shared_folder: str | None = None

    def count_forecast(self, forecast: Forecast) -> None:
        """Count a forecast that was computed on request."""
        self.forecasts.labels(forecast.status.value).inc()

    def count_delivery(self, route: str, outcome: str, size: int) -> None:
        """Count a delivery that was looked at: `whole`, `partial` or `faulty` by its lines, or `empty`.

        Args:
            route: The route that took it.
            outcome: What became of it.
            size: Bytes that went into the spool.
        """
        self.deliveries.labels(route, outcome).inc()
        self.received_bytes.labels(route).inc(size)

    def exposition(self) -> bytes:
        """Return the text form that Prometheus reads, of all processes together."""
        spool = b"" if self.spool is None else generate_latest(self.spool)
        if self.shared_folder is None:
            return generate_latest(self._registry) + spool
        together = CollectorRegistry()
        MultiProcessCollector(together, path=self.shared_folder)  # type: ignore[no-untyped-call]  # untyped vendor
        return generate_latest(together) + spool


class SpoolMeasures(Collector):
    """What the spool says of itself, asked at most once a second; every process says the same.

    Where the spool does not answer, these measures are missing and nothing is made up.
    """

    def __init__(self, ask: Callable[[], SpoolCounters], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._known: tuple[float, SpoolCounters] | None = None

    def collect(self) -> Iterable[Metric]:
        """Yield the measures, as Prometheus' client asks for them."""
        try:
            counters = self._counters()
        except ServiceError:
            return
        for name in ("put", "put_bytes", "done", "dropped"):
            yield CounterMetricFamily(f"millwright_spool_{name}", f"Spool: {name}.", getattr(counters, name))
        for name in ("pending", "pending_bytes", "aside"):
            yield GaugeMetricFamily(f"millwright_spool_{name}", f"Spool: {name} now.", getattr(counters, name))
        age = 0.0 if counters.oldest_us is None else max(0.0, time.time() - counters.oldest_us / 1e6)
        yield GaugeMetricFamily(
            "millwright_spool_oldest_seconds", "Age of the oldest record that waits, in seconds.", age
        )

    def _counters(self) -> SpoolCounters:
        now = self._clock()
        if self._known is None or now - self._known[0] >= _SPOOL_SECONDS:
            self._known = now, self._ask()
        return self._known[1]


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
            if status >= 400 and scope["path"] in WRITING:
                self.metrics.refusals.labels(scope["path"], str(status)).inc()
            self.metrics.seconds.labels(method, route).observe(time.perf_counter() - begun)
