"""From checked files to the frozen types of the domain, the only form of a pack that the other rooms see."""

from collections.abc import Mapping

from features.domain.events import EventKind
from features.domain.identifiers import SignalId
from features.domain.packs import (
    BalanceRule,
    Component,
    Costs,
    EventRule,
    FailureMode,
    FailureThreshold,
    FeatureRule,
    KnowledgeCase,
    LifeGrid,
    LifeRule,
    Pack,
    RegimeRule,
    Symptom,
)
from features.domain.signals import Names, Signal
from features.packs.balances import PLACES, UNITS
from features.packs.knowledge import CaseEntry, KnowledgeFile, ModeEntry
from features.packs.schema import (
    BalanceEntry,
    ComponentEntry,
    CostsEntry,
    EventEntry,
    FeaturesEntry,
    LifeEntry,
    PackFile,
    RegimesEntry,
    SignalEntry,
    ThresholdEntry,
)
from features.packs.terms import NamesEntry


def domain_pack(file: PackFile, knowledge: KnowledgeFile) -> Pack:
    """Build the pack from its two files."""
    return Pack(
        id=file.id,
        version=file.version,
        names=_names(file.names),
        signals=tuple(map(_signal, file.signals)),
        life=_life(file.life),
        regimes=_regimes(file.regimes),
        features=_features(file.features, {signal.id: signal.unit for signal in file.signals}),
        grid=LifeGrid(float(file.prognosis.step), file.prognosis.steps),
        targets=tuple(file.prognosis.targets),
        horizons=_floats(file.prognosis.horizons),
        valid_for=float(file.prognosis.valid_for),
        failure_modes=tuple(map(_mode, knowledge.failure_modes)),
        cases=tuple(map(_case, knowledge.cases)),
        costs=_costs(file.costs),
        alarm_budget=float(file.alarm_budget),
        threshold=_threshold(file.prognosis.threshold),
        components=tuple(map(_component, file.components)),
    )


def event_rule(entry: EventKind | EventEntry) -> EventRule:
    """Return what an entry of `features.events` asks for, in either form."""
    if isinstance(entry, EventEntry):
        return EventRule(entry.kind, entry.code or entry.component)
    return EventRule(entry)


def _names(entry: NamesEntry) -> Names:
    return Names(entry.en, entry.zh)


def _signal(entry: SignalEntry) -> Signal:
    low, high = _floats(entry.range)
    return Signal(
        id=SignalId(entry.id),
        names=_names(entry.names),
        quantity=entry.quantity,
        unit=entry.unit,
        role=entry.role,
        low=low,
        high=high,
        sampling_seconds=None if entry.sampling_seconds is None else float(entry.sampling_seconds),
        grade=entry.grade,
        category=entry.category,
    )


def _component(entry: ComponentEntry) -> Component:
    return Component(entry.id, _ids(entry.signals), None if entry.names is None else _names(entry.names))


def _life(entry: LifeEntry) -> LifeRule:
    signal = None if entry.signal is None else SignalId(entry.signal)
    return LifeRule(entry.unit, entry.source, signal, float(entry.seconds_per_unit), entry.modelled_component)


def _regimes(entry: RegimesEntry) -> RegimeRule:
    running = entry.running
    return RegimeRule(
        signals=_ids(entry.signals),
        tolerance=float(entry.tolerance),
        running_signal=None if running is None else SignalId(running.signal),
        running_above=0.0 if running is None else float(running.above),
    )


def _features(entry: FeaturesEntry, unit_by_signal: Mapping[str, str]) -> FeatureRule:
    return FeatureRule(
        signals=_ids(entry.signals),
        windows=_floats(entry.windows),
        baseline=float(entry.baseline),
        minimum_life=float(entry.minimum_life),
        ttl=float(entry.ttl),
        label_every=float(entry.label_every),
        families=tuple(entry.families),
        balances=tuple(_balance(each, unit_by_signal) for each in entry.balances),
        events=tuple(map(event_rule, entry.events)),
        at_events=tuple(entry.at_events),
    )


def _costs(entry: CostsEntry) -> Costs:
    return Costs(float(entry.miss), float(entry.false_alarm), None if entry.planned is None else float(entry.planned))


def _balance(entry: BalanceEntry, unit_by_signal: Mapping[str, str]) -> BalanceRule:
    places = PLACES[entry.kind]
    signals = tuple(str(getattr(entry, place)) for place in places)  # given and in a known unit: checked before
    conversions = [UNITS[place][unit_by_signal[signal]] for place, signal in zip(places, signals, strict=True)]
    scales, offsets = zip(*conversions, strict=True)
    return BalanceRule(entry.id, entry.kind, tuple(map(SignalId, signals)), scales, offsets)


def _threshold(entry: ThresholdEntry | None) -> FailureThreshold | None:
    if entry is None:
        return None
    level = entry.above if entry.below is None else entry.below
    return FailureThreshold(SignalId(entry.signal), float(level or 0.0), entry.below is not None)


def _mode(entry: ModeEntry) -> FailureMode:
    return FailureMode(
        id=entry.id,
        names=_names(entry.names),
        iso14224=entry.iso14224,
        symptoms=tuple(
            Symptom(each.signal, each.measure, each.direction, float(each.threshold), float(each.belief))
            for each in entry.symptoms
        ),
        checks=tuple(map(_names, entry.checks)),
        actions=tuple(map(_names, entry.actions)),
        spare_parts=tuple(entry.spare_parts),
        source=entry.source,
    )


def _case(entry: CaseEntry) -> KnowledgeCase:
    return KnowledgeCase(
        symptoms=tuple((signal, float(deviation)) for signal, deviation in entry.symptoms.items()),
        expected=tuple(entry.expected),
    )


def _ids(names: list[str]) -> tuple[SignalId, ...]:
    return tuple(map(SignalId, names))


def _floats(numbers: list[float]) -> tuple[float, ...]:
    return tuple(map(float, numbers))
