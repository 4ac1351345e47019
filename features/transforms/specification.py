"""What a feature vector is made of: signals, windows, and the regime table fitted on training machines.

The specification is data. Its hash is the identity of every vector, model and bundle built on it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from features.domain.events import EventKind
from features.domain.packs import (
    BalanceKind,
    BalanceRule,
    EventRule,
    FeatureFamily,
    FeatureRule,
    LifeRule,
    LifeSource,
    Pack,
    RegimeRule,
)
from features.transforms.families.chosen import families_of
from features.transforms.families.family import FeatureDescription, Layout
from features.transforms.families.occurrences import SINCE
from features.transforms.recent import describe_core
from features.transforms.regimes import RegimeTable

FORMAT = 1
"""Version of the feature formulas in `features.transforms.step`; part of the hash."""

_CHOSEN = ("families", "balances", "events", "at_events")
_LEAST_GRADE = 1


@dataclass(frozen=True, slots=True)
class FeatureSpecification:
    """Everything that determines a feature vector.

    Attributes:
        view: Name of the feature view: the pack's identity and "_condition".
        pack_version: Version of the pack it was made from.
        conditions: Condition signals in the order of the regime table.
        sensors: Sensor signals in the order of the regime table.
    """

    view: str
    pack_id: str
    pack_version: str
    conditions: tuple[str, ...]
    sensors: tuple[str, ...]
    life: LifeRule
    regime_rule: RegimeRule
    rule: FeatureRule
    regimes: RegimeTable

    @property
    def signals(self) -> tuple[str, ...]:
        """Every signal that the step reads, in the order of its input columns."""
        return _input_signals(self.conditions, self.sensors, self.life, self.regime_rule, self.rule)

    @property
    def layout(self) -> Layout:
        """What decides which features there are."""
        return Layout(
            signals=self.signals,
            conditions=self.conditions,
            spans=self.regimes.spans,
            sensors=self.sensors,
            windows=self.rule.windows,
            baseline=self.rule.baseline,
            life_unit=self.life.unit,
            seconds_per_unit=self.life.seconds_per_unit,
            counter=self.life.signal,
            running=self.regime_rule.running_signal,
            families=self.rule.families,
            balances=self.rule.balances,
            events=self.rule.events,
        )

    @property
    def descriptions(self) -> tuple[FeatureDescription, ...]:
        """The features in words, in the order of the vector."""
        return _descriptions(self.layout)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the vector."""
        return tuple(each.name for each in self.descriptions)

    @property
    def clocks(self) -> tuple[int, ...]:
        """Columns of the features that tell time since an event."""
        return tuple(place for place, name in enumerate(self.names) if name.startswith(SINCE))

    @property
    def lineage(self) -> dict[str, tuple[str, ...]]:
        """By feature every signal on whose readings it hangs."""
        return {each.name: each.signals for each in self.descriptions}

    def grades(self, grade_by_signal: Mapping[str, int]) -> dict[str, int]:
        """Return the data grade of every feature: the highest of its signals, 1 where it has none.

        Args:
            grade_by_signal: Grade of every signal of the pack, 1 (public) to 3 (confidential).
        """
        return {
            name: max((grade_by_signal[signal] for signal in signals), default=_LEAST_GRADE)
            for name, signals in self.lineage.items()
        }

    @property
    def sha256(self) -> str:
        """Hash of the whole specification in its canonical form."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Return the canonical JSON form: sorted keys, no spaces, shortest exact floats."""
        document = {"format": FORMAT, **asdict(self)}
        # What a pack has not chosen is not written: a specification of before there was a choice keeps its hash.
        document["rule"] = {key: value for key, value in document["rule"].items() if value or key not in _CHOSEN}
        if self.rule.events:
            document["rule"]["events"] = [_event_document(each) for each in self.rule.events]
        return json.dumps(document, sort_keys=True, separators=(",", ":"))


def specification_from_json(text: str) -> FeatureSpecification:
    """Read what `FeatureSpecification.to_json` wrote.

    Raises:
        ValueError: If the text was written by another format of the formulas.
    """
    document: dict[str, Any] = json.loads(text)  # untyped JSON: this is its border
    if (found := document.pop("format", None)) != FORMAT:
        raise ValueError(f"The feature specification must be of format {FORMAT}; found {found}. Export it again.")
    life, rule, regime_rule = document["life"], document["rule"], document["regime_rule"]
    return FeatureSpecification(
        view=document["view"],
        pack_id=document["pack_id"],
        pack_version=document["pack_version"],
        conditions=tuple(document["conditions"]),
        sensors=tuple(document["sensors"]),
        life=LifeRule(**{**life, "source": LifeSource(life["source"])}),
        regime_rule=RegimeRule(**{**regime_rule, "signals": tuple(regime_rule["signals"])}),
        rule=_rule_from(rule),
        regimes=RegimeTable.from_lists(document["regimes"]),
    )


def pack_signals(pack: Pack) -> tuple[str, ...]:
    """Return the signals that features of a pack read, in the order of `FeatureSpecification.signals`."""
    return _input_signals(pack.regimes.signals, pack.features.signals, pack.life, pack.regimes, pack.features)


def specification_of(pack: Pack, regimes: RegimeTable) -> FeatureSpecification:
    """Join a pack's rules with a fitted regime table."""
    return FeatureSpecification(
        view=f"{pack.id}_condition",
        pack_id=pack.id,
        pack_version=pack.version,
        conditions=pack.regimes.signals,
        sensors=pack.features.signals,
        life=pack.life,
        regime_rule=pack.regimes,
        rule=pack.features,
        regimes=regimes,
    )


def condition_spans(pack: Pack) -> tuple[float, ...]:
    """Return the plausible span of each regime signal of a pack, in its unit."""
    by_id = pack.signal_by_id
    return tuple(by_id[name].high - by_id[name].low for name in pack.regimes.signals)


@lru_cache(maxsize=32)
def _descriptions(layout: Layout) -> tuple[FeatureDescription, ...]:
    core = describe_core(layout)
    return core + tuple(each for family in families_of(layout) for each in family.describe())


def _rule_from(document: dict[str, Any]) -> FeatureRule:
    lists = {name: tuple(document[name]) for name in ("signals", "windows")}
    return FeatureRule(
        **{
            **document,
            **lists,
            "families": tuple(map(FeatureFamily, document.get("families", ()))),
            "balances": tuple(map(_balance_from, document.get("balances", ()))),
            "events": tuple(map(_event_from, document.get("events", ()))),
            "at_events": tuple(map(EventKind, document.get("at_events", ()))),
        }
    )


def _event_document(rule: EventRule) -> str | dict[str, str]:
    """Write a rule as a pack does: a word, or a mapping where it asks for one code or component alone."""
    return rule.kind.value if rule.detail is None else {"kind": rule.kind.value, "detail": rule.detail}


def _event_from(document: str | dict[str, str]) -> EventRule:
    if isinstance(document, str):
        return EventRule(EventKind(document))
    return EventRule(EventKind(document["kind"]), document["detail"])


def _balance_from(document: dict[str, Any]) -> BalanceRule:
    lists = {name: tuple(document[name]) for name in ("signals", "scales", "offsets")}
    return BalanceRule(**{**document, **lists, "kind": BalanceKind(document["kind"])})


def _input_signals(
    conditions: tuple[str, ...], sensors: tuple[str, ...], life: LifeRule, regimes: RegimeRule, rule: FeatureRule
) -> tuple[str, ...]:
    extra = [name for name in (life.signal, regimes.running_signal) if name is not None]
    balanced = [signal for balance in rule.balances for signal in balance.signals]
    return tuple(dict.fromkeys((*conditions, *sensors, *extra, *balanced)))
