"""What the worker does about the data that arrives: drain the spool into the stores, and listen to MQTT."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from features.domain.packs import Pack
from features.records.arrivals import ArrivalRecords
from features.records.database import open_records
from features.spool.drain import Drainer, DrainOutcome
from features.spool.durable import DurableSpool
from features.telemetry.store import TelemetryStore
from pipelines.ingest.plausible_clock import PlausibleClock
from pipelines.receiving.delivery import Delivery
from pipelines.receiving.messages import MessageLayout
from pipelines.receiving.mqtt import MqttPlan, MqttReceiver
from pipelines.receiving.topics import Broker, topic_patterns
from pipelines.settings import Settings
from pipelines.worker.background import Job


class Drains(Protocol):
    """What drains a spool: a `Drainer`."""

    def step(self) -> DrainOutcome:
        """Deliver one batch."""
        ...


@dataclass(frozen=True, slots=True)
class Drained:
    """What draining did.

    Attributes:
        delivered: Records of the spool that were delivered.
        aside: Records of the spool that were set aside.
        waiting: Records that wait still.
        reason: Why they do; None if none does.
    """

    delivered: int = 0
    aside: int = 0
    waiting: int = 0
    reason: str | None = None


def drain_all(drainer: Drains) -> Drained:
    """Deliver what waits, until nothing does or nothing can be delivered now."""
    done = Drained()
    while True:
        step = drainer.step()
        done = Drained(done.delivered + step.delivered, done.aside + step.aside, step.pending, step.reason)
        if not step.pending or step.reason is not None:
            return done


@contextmanager
def receiving(
    settings: Settings, pack: Pack, owner: str, open_store: Callable[[], TelemetryStore]
) -> Iterator[dict[str, Job]]:
    """Open what receiving needs, and give its jobs: the drainer under "drain", and "mqtt" where a broker is set.

    Args:
        settings: Of the worker.
        pack: The pack that is served.
        owner: The name of this worker.
        open_store: Opens a telemetry store for the drainer alone.
    """
    with spool_drainer(settings, pack, owner, open_store) as (spool, drainer):
        jobs: dict[str, Job] = {"drain": drainer.run}
        plan = mqtt_plan(settings)
        if plan is not None:
            jobs["mqtt"] = MqttReceiver(plan, spool).run
        yield jobs


@contextmanager
def spool_drainer(
    settings: Settings, pack: Pack, owner: str, open_store: Callable[[], TelemetryStore]
) -> Iterator[tuple[DurableSpool, Drainer]]:
    """Open the spool with its drainer, and a store and records that are the drainer's own."""
    home = settings.folder
    with ExitStack() as stack:
        spool = stack.enter_context(DurableSpool(home.spool))
        store = stack.enter_context(open_store())
        records = open_records(home.records_url)
        stack.callback(records.dispose)
        ArrivalRecords(records).follow(spool.put([]))
        rule = PlausibleClock.of(pack, settings.clock_tolerance, settings.earliest)
        drainer = Drainer(spool, Delivery(pack, store, records, rule=rule), owner=owner)
        stack.callback(drainer.close)
        yield spool, drainer


def mqtt_plan(settings: Settings) -> MqttPlan | None:
    """Return what is listened to; None where no broker is set."""
    if settings.mqtt_url is None:
        return None
    return MqttPlan(
        broker=Broker.parse(settings.mqtt_url),
        password=None if settings.mqtt_password is None else settings.mqtt_password.get_secret_value(),
        topics=topic_patterns(settings.mqtt_topics),
        layout=MessageLayout(settings.mqtt_layout),
        client_id=settings.mqtt_client_id,
        tenant=settings.owner,
    )
