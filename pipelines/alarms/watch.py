"""Keeps watch: conditions of machines become alarms and notices on record, told once whatever happens to the process.

Whatever a watch remembers is on record, together with what it told; so it goes on where it was stopped, and several
workers that share the machines of a gateway share one annunciator. Alarms that people acknowledge meanwhile, planned
work and the ends of lives are read from the records as well.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from features.domain.alarms import KeptThreshold
from features.domain.conditions import AssetCondition
from features.domain.identifiers import TenantId
from features.domain.packs import Pack
from features.domain.time import microseconds
from features.records.alarm_thresholds import ThresholdRecords
from features.records.alarm_turns import After, AlarmTurns, Before
from features.records.assets import AssetRecords
from features.records.conditions import ConditionRecords
from features.records.database import Records
from features.records.events import EventRecords
from pipelines.alarms.plant import Plant
from pipelines.alarms.turning import Given, turn
from pipelines.alarms.watch_rule import UNFITTED, WatchRule

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look at alarms did.

    Attributes:
        entries: Told of alarms of machines.
        notices: Of the data path, raised or returned.
    """

    entries: int = 0
    notices: int = 0


@dataclass(slots=True)
class AlarmWatch:
    """Watches the machines of one pack for one tenant.

    Attributes:
        records: Where everything is kept.
        pack: The type of the machines; says how often they are heard and what they may raise.
        tenant: Whose machines.
    """

    records: Records
    pack: Pack
    tenant: TenantId
    _rule: WatchRule = field(init=False)
    _plant: Plant = field(init=False)
    _began: datetime | None = field(default=None, init=False)
    _is_caught_up: bool = field(default=False, init=False)
    _unfitted: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        """Take the rule from the pack."""
        self._rule = WatchRule.of(self.pack)
        assets, events = AssetRecords(self.records), EventRecords(self.records)
        self._plant = Plant(assets, events, self.tenant, self.pack, self._rule.planned)

    def kept(self, model: str) -> KeptThreshold | None:
        """Return the threshold that was fitted to the budget for the scores of a model, or None.

        `python -m pipelines alarms replay --keep` fits it.
        """
        return ThresholdRecords(self.records).get(self.tenant, self.pack.id, model)

    def take(self, conditions: Sequence[AssetCondition], now: datetime) -> Taken:
        """Put on record what comes of conditions, of acknowledgements and work on record, and of silence.

        Give every row that was judged, not the newest alone. Taking one again, or one older than what was taken of its
        machine, changes nothing. Call it too when nothing was judged: silence is told by it.

        Args:
            conditions: What was found, in any order.
            now: The present moment.

        Raises:
            Unavailable: If the records do not answer; what was told by then is on record, and the next call takes
                the newest condition of each machine once more.
        """
        self._began = self._began or now
        waiting = [] if self._is_caught_up else list(ConditionRecords(self.records).list_all(self.tenant).values())
        self._is_caught_up = False
        taken = self._take([*waiting, *conditions], now)
        self._is_caught_up = True
        return taken

    def _take(self, conditions: Sequence[AssetCondition], now: datetime) -> Taken:
        turns = AlarmTurns(self.records)
        on_record = turns.look(self.tenant, self.pack.id)
        models = {each.model for each in conditions} | {_model(each) for each in on_record.values()}
        threshold_by_model = self._thresholds(models - {""})
        entries = notices = 0
        for given in self._given(conditions, sorted(on_record), now):

            def step(before: Before, given: Given = given) -> After | None:
                return turn(before, given, self._rule, threshold_by_model)

            if step(on_record.get(given.gateway, _NOTHING)) is None:
                continue
            after = turns.take(self.tenant, self.pack.id, given.gateway, now, step)
            if after is not None:
                entries, notices = entries + len(after.entries), notices + len(after.notices)
        return Taken(entries, notices)

    def _given(self, conditions: Sequence[AssetCondition], watched: Sequence[str], now: datetime) -> list[Given]:
        """Return what each gateway is given that is watched or of which something came, in the order of their names."""
        ours = [each for each in conditions if each.tenant == self.tenant and each.at <= now]
        gateway_by_asset = self._plant.gateway_by_asset({str(each.asset) for each in ours}, now)
        machines: dict[str, set[str]] = {gateway: set() for gateway in watched}
        rows: dict[str, list[AssetCondition]] = {gateway: [] for gateway in watched}
        for asset, gateway in gateway_by_asset.items():
            machines.setdefault(gateway, set()).add(asset)
        for each in ours:
            if each.asset in gateway_by_asset:
                rows.setdefault(gateway_by_asset[each.asset], []).append(each)
        happened, moment = self._plant.happened(now), self._moment(now)
        return [
            Given(
                self.tenant,
                self.pack.id,
                gateway,
                now,
                frozenset(machines[gateway]),
                tuple(rows[gateway]),
                tuple(each for asset in machines[gateway] for each in happened.work.get(asset, ())),
                tuple(each for asset in machines[gateway] for each in happened.renewals.get(asset, ())),
                happened.unexpected,
                moment,
            )
            for gateway in sorted(rows)
        ]

    def _moment(self, now: datetime) -> float | None:
        """Return the present moment if silence may be told: not before the watch has gone on for that long."""
        if not self._rule.tells_silence or self._began is None:
            return None
        watched = (now - self._began).total_seconds()
        return microseconds(now) / 1e6 if watched >= self._rule.annunciator.silence else None

    def _thresholds(self, models: set[str]) -> dict[str, float]:
        """Return the threshold of each model, and say once of a model that none was fitted for it."""
        found = dict.fromkeys(models, UNFITTED)
        for model in sorted(models):
            kept = self.kept(model)
            if kept is not None:
                found[model] = kept.threshold
            elif model not in self._unfitted:
                _logger.warning("no threshold was fitted to the alarm budget", extra={"model": model, "used": UNFITTED})
                self._unfitted.add(model)
        return found


_NOTHING = Before(None, {}, ())


def _model(before: Before) -> str:
    return "" if before.state is None else str(before.state.get("model", ""))
