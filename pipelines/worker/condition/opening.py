"""Putting the watch over the conditions of machines together."""

import logging

from features.domain.identifiers import TenantId
from features.domain.packs import LifeSource, Pack
from features.quality.rules import quality_rules
from features.records.conditions import ConditionRecords
from features.records.cursors import Cursors
from features.records.database import Records
from features.records.events import EventRecords
from features.store.vectors import VectorStore
from features.telemetry.store import TelemetryStore
from features.transforms.condition.model import ConditionModel
from pipelines.alarms.watch import AlarmWatch
from pipelines.condition.judging.history import clock_states
from pipelines.condition.judging.stepping import Stepping
from pipelines.shards import Shard
from pipelines.worker.condition.advancing import Advancing
from pipelines.worker.condition.changes import ConditionChanges
from pipelines.worker.condition.kept import KeptPoints
from pipelines.worker.condition.watch import ConditionWatch

_logger = logging.getLogger(__name__)


def open_condition_watch(
    model: ConditionModel | None,
    name: str,
    pack: Pack,
    tenant: TenantId,
    telemetry: TelemetryStore,
    records: Records,
    online: VectorStore,
    shard: Shard,
) -> ConditionWatch | None:
    """Return what judges the machines of a pack; None where nothing is known of what is usual of them.

    Args:
        model: What is usual, from the bundle that serves.
        name: What judges: the SHA-256 of the bundle.
        pack: The type of the machines.
        tenant: Whose machines.
        telemetry: The readings.
        records: Events, cursors, clocks, conditions and alarms.
        online: Where points to go on from are kept.
        shard: Of which gateways.

    Raises:
        FeatureStoreUnavailable: If the online store does not answer.
    """
    if model is None:
        _logger.warning("conditions are not judged: the model brings no state detection", extra={"model": name})
        return None
    rules = quality_rules(pack)
    if missing := sorted(set(model.table.signals) - set(rules.names)):
        _logger.warning("conditions are not judged: the pack lacks signals", extra={"signals": missing})
        return None
    is_dated = pack.life.source is not LifeSource.COUNT
    kept = KeptPoints(online, tenant, model, rules.names, pack.id)
    kept.create()
    changes = ConditionChanges(telemetry, Cursors(records), EventRecords(records), kept, tenant, shard)
    advancing = Advancing(telemetry, clock_states(records, pack), Stepping(model, rules), tenant, name)
    return ConditionWatch(changes, advancing, ConditionRecords(records), is_dated, AlarmWatch(records, pack, tenant))
