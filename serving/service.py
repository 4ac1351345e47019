"""The BentoML service: our application mounted at its root, and nothing of BentoML's own in front of it.

BentoML imports this module to find the service, so the application exists from then on; its settings are read and
its parts put together when BentoML makes the instance, in each process that answers.
"""

import logging
import os

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.app import build_app
from serving.assembly import assemble
from serving.metrics import ServiceMetrics
from serving.parts import Wiring
from serving.settings import read_settings

WIRING = Wiring()
METRICS = ServiceMetrics()
APP = build_app(WIRING, METRICS)

_BEYOND_OURS_SECONDS = 3_600
_logger = logging.getLogger(__name__)


class OursAlone:
    """Hand every request to our application, those for BentoML's own pages, health and schema routes included.

    Those would otherwise answer before a mounted application is asked: past the gate, in another form, and with an
    index page that embeds a frame of another host.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer requests with our application; leave start-up and shutdown to BentoML."""
        await (self.app if scope["type"] == "lifespan" else APP)(scope, receive, send)


# The time limit is our own (serving.envelope); BentoML's stands far behind it, and its metrics have no bound. Its log
# of requests leaves their content type out: one that is no UTF-8 would cut the answer off.
@bentoml.service(
    metrics={"enabled": False},
    traffic={"timeout": _BEYOND_OURS_SECONDS},
    logging={"access": {"request_content_type": False}},
)
@bentoml.asgi_app(APP, path="/")
class Millwright:
    """Forecasts and diagnoses for machines in the field."""

    def __init__(self) -> None:
        settings = read_settings()
        METRICS.shared_folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        WIRING.attach(settings, assemble(settings))
        _logger.info("service attached", extra={"tenant_id": settings.tenant, "pack": settings.pack})


Millwright.add_asgi_middleware(OursAlone)  # type: ignore[attr-defined]  # the decorator has made a Service of it
