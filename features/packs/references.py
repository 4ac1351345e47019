"""What the sections of a pack say about each other: references, roles, uniqueness, one scale of life."""

from collections.abc import Iterable, Iterator, Mapping

from features.domain.events import EventKind
from features.domain.packs import FeatureFamily, LifeSource, Measure
from features.domain.signals import SignalRole
from features.packs.balances import PLACES, UNITS
from features.packs.conversion import event_rule
from features.packs.draft import Draft
from features.packs.explanation import Fault, suggestion
from features.packs.findings import KeyPath
from features.packs.knowledge import CaseEntry, ModeEntry, SymptomEntry
from features.packs.schema import BalanceEntry, EventEntry, FeaturesEntry, LifeEntry

_OBSERVED = (SignalRole.SENSOR, SignalRole.CONDITION)


def pack_faults(draft: Draft) -> Iterator[Fault]:
    """Check what the sections of `pack.yaml` say about each other."""
    yield from _repeated(("signals",), draft.signal_ids)
    yield from _cycles(draft)
    yield from _life(draft)
    yield from _repeated(("components",), draft.component_ids)
    for place, component in draft.components.items():
        yield from _listed(draft, ("components", place, "signals"), component.signals, _OBSERVED)
    yield from _regimes(draft)
    if draft.features is not None:
        yield from _listed(draft, ("features", "signals"), draft.features.signals, (SignalRole.SENSOR,))
        yield from _families(draft, draft.features)
        for place, balance in enumerate(draft.features.balances):
            yield from _balance(draft, ("features", "balances", place), balance)
        yield from _repeated(("features", "balances"), {n: b.id for n, b in enumerate(draft.features.balances)})
        yield from _events(draft.features)
        yield from _at_events(draft, draft.features)
    yield from _horizons(draft)
    yield from _threshold(draft)


def knowledge_faults(draft: Draft) -> Iterator[Fault]:
    """Check what `knowledge.yaml` says about itself and about the signals of `pack.yaml`."""
    yield from _repeated(("failure_modes",), draft.mode_ids)
    for place, mode in draft.modes.items():
        yield from _symptoms(draft, place, mode)
    for place, case in draft.cases.items():
        yield from _case(draft, ("cases", place), case)


def _cycles(draft: Draft) -> Iterator[Fault]:
    places = [place for place, signal in draft.signals.items() if signal.role is SignalRole.CYCLE]
    for place in places[1:]:
        found = f"{draft.signals[places[0]].id} and {draft.signals[place].id}"
        must, remedy = "be cycle for one signal at most", "Give the others the role condition or sensor."
        yield Fault(("signals", place, "role"), must, found, remedy)


def _life(draft: Draft) -> Iterator[Fault]:
    life = draft.life
    if life is None:
        return
    path = ("life", "signal")
    if life.source is LifeSource.COUNTER and life.signal is None:
        must = "be given, because life.source is counter"
        yield Fault(path, must, "it is missing", "Name the signal of role counter, or choose another source.")
    elif life.source is LifeSource.COUNTER and life.signal is not None:
        yield from _reference(draft, path, life.signal, (SignalRole.COUNTER,))
    elif life.signal is not None:
        must = f"be absent, because life.source is {life.source.value}"
        yield Fault(path, must, repr(life.signal), "Remove it, or set life.source to counter.")
    yield from _seconds(life)


def _seconds(life: LifeEntry) -> Iterator[Fault]:
    # A bare count stands in for time at one second a unit (features.domain.time.time_of_life).
    if life.source is LifeSource.COUNT and life.seconds_per_unit != 1:
        must, remedy = "be 1, because life.source is count", "Write 1."
        yield Fault(("life", "seconds_per_unit"), must, repr(life.seconds_per_unit), remedy)


def _regimes(draft: Draft) -> Iterator[Fault]:
    regimes = draft.regimes
    if regimes is None:
        return
    yield from _listed(draft, ("regimes", "signals"), regimes.signals, (SignalRole.CONDITION,))
    if regimes.running is None:
        return
    path = ("regimes", "running")
    yield from _reference(draft, (*path, "signal"), regimes.running.signal, _OBSERVED)
    signal = draft.signal(regimes.running.signal)
    if signal is not None and not signal.range[0] <= regimes.running.above < signal.range[1]:
        must = f"lie within the range of {signal.id}, {signal.range[0]:g} to {signal.range[1]:g} {signal.unit}"
        remedy = "Choose a value that the signal exceeds only while the machine runs."
        yield Fault((*path, "above"), must, f"{regimes.running.above:g}", remedy)


def _families(draft: Draft, features: FeaturesEntry) -> Iterator[Fault]:
    regimes = draft.regimes
    if regimes is None:
        return
    lacking = {
        FeatureFamily.UNKNOWN_REGIME: not regimes.signals,
        FeatureFamily.USAGE: not regimes.signals and regimes.running is None,
    }
    for place, family in enumerate(features.families):
        if lacking.get(family):
            must = f"have regimes.signals to say anything, for {family.value}"
            remedy = "Name condition signals in regimes.signals, or leave the family out."
            yield Fault(("features", "families", place), must, "an empty list there", remedy)


def _balance(draft: Draft, path: KeyPath, balance: BalanceEntry) -> Iterator[Fault]:
    if balance.id in draft.signal_ids.values():
        remedy = "Rename the balance: its features would be called like those of the signal."
        yield Fault((*path, "id"), "be the id of no signal", repr(balance.id), remedy)
    asked, kind = PLACES[balance.kind], balance.kind.value
    for place, units in UNITS.items():
        name, here = getattr(balance, place), (*path, place)
        if place in asked and name is None:
            yield Fault(here, f"be given, because kind is {kind}", "it is missing", "Name the signal that measures it.")
        elif place not in asked and name is not None:
            yield Fault(here, f"be absent, because kind is {kind}", repr(name), f"Give {', '.join(asked)} only.")
        elif name is not None:
            yield from _reference(draft, here, name, _OBSERVED)
            signal = draft.signal(name)
            if signal is not None and signal.unit not in units:
                found, remedy = f"{name!r} in {signal.unit}", "Name another signal, or correct its unit."
                yield Fault(here, f"be measured in one of {', '.join(units)}", found, remedy)


def _events(features: FeaturesEntry) -> Iterator[Fault]:
    path = ("features", "events")
    for place, entry in enumerate(features.events):
        if isinstance(entry, EventEntry):
            wrong, right = ("component", "code") if entry.kind is EventKind.ERROR else ("code", "component")
            if (found := getattr(entry, wrong)) is not None:
                must, is_given = f"be absent, because kind is {entry.kind.value}", getattr(entry, right) is not None
                remedy = "Remove it." if is_given else f"Write {right}: {found}, or choose another kind."
                yield Fault((*path, place, wrong), must, repr(found), remedy)
    names = {place: event_rule(entry).name for place, entry in enumerate(features.events)}
    yield from _repeated(path, names, key=None)


def _at_events(draft: Draft, features: FeaturesEntry) -> Iterator[Fault]:
    path = ("features", "at_events")
    counted = {event_rule(entry).kind for entry in features.events}
    for place, kind in enumerate(features.at_events):
        if kind not in counted:
            must, remedy = "be a kind of features.events", "Add it there, or remove it here."
            yield Fault((*path, place), must, repr(kind.value), remedy)
    counting = [family.value for family in features.families if family is not FeatureFamily.WHOLE_LIFE]
    if features.at_events and counting:
        found, remedy = f"families has {', '.join(counting)}", "Choose one: a row of an event has no readings."
        yield Fault(path, "be empty where a family counts rows", found, remedy)
    if features.at_events and draft.regimes is not None and draft.regimes.running is not None:
        must = "be empty where regimes.running tells standstill: a row of an event cannot say whether the machine runs"
        found = f"regimes.running goes by {draft.regimes.running.signal}"
        remedy = "Remove at_events (events are then in the features of the next reading), or regimes.running."
        yield Fault(path, must, found, remedy)


def _horizons(draft: Draft) -> Iterator[Fault]:
    prognosis = draft.prognosis
    if prognosis is None:
        return
    cap, longest = prognosis.step * prognosis.steps, prognosis.horizons[-1]
    if longest > cap:
        must = f"reach no farther than the grid of remaining life: step × steps = {cap:g}"
        place = len(prognosis.horizons) - 1
        yield Fault(("prognosis", "horizons", place), must, f"{longest:g}", "Raise steps, or drop the horizon.")


def _threshold(draft: Draft) -> Iterator[Fault]:
    threshold = None if draft.prognosis is None else draft.prognosis.threshold
    if threshold is None or draft.features is None:
        return
    path = ("prognosis", "threshold")
    if threshold.signal not in draft.features.signals:
        remedy = suggestion(threshold.signal, draft.features.signals, "Name a signal of features.signals.")
        yield Fault((*path, "signal"), "be one of features.signals", repr(threshold.signal), remedy)
    if (threshold.below is None) == (threshold.above is None):
        found = "both of them" if threshold.below is not None else "neither"
        yield Fault(path, "have either below or above", found, "Say on which side of the level it has failed.")
    if draft.regimes is not None and draft.regimes.signals:
        remedy = "Leave regimes.signals empty, or leave the threshold out."
        must = "stand beside an empty regimes.signals: a level that hangs on operation is no threshold"
        yield Fault(path, must, f"{len(draft.regimes.signals)} conditions", remedy)


def _symptoms(draft: Draft, place: int, mode: ModeEntry) -> Iterator[Fault]:
    seen: set[tuple[str, str, str]] = set()
    for number, symptom in enumerate(mode.symptoms):
        path = ("failure_modes", place, "symptoms", number)
        yield from _symptom(draft, path, symptom)
        what = (symptom.signal, symptom.measure.value, symptom.direction.value)
        if what in seen:
            remedy = "Remove one of the two, or it counts double."
            yield Fault(path, "differ from the other symptoms of the mode", " ".join(what), remedy)
        seen.add(what)


def _symptom(draft: Draft, path: KeyPath, symptom: SymptomEntry) -> Iterator[Fault]:
    if symptom.signal not in {role.value for role in _OBSERVED}:
        yield from _reference(draft, (*path, "signal"), symptom.signal, _OBSERVED)
    if symptom.measure is Measure.SPECTRAL_LINE:
        must = "be level, trend, spread or residual while packs have no waveforms"
        yield Fault((*path, "measure"), must, "'spectral_line'", "Use the level of a band that is measured.")


def _case(draft: Draft, path: KeyPath, case: CaseEntry) -> Iterator[Fault]:
    for signal in case.symptoms:
        yield from _reference(draft, (*path, "symptoms", signal), signal, _OBSERVED)
    known = sorted(set(draft.mode_ids.values()))
    for place, mode in enumerate(case.expected):
        if mode not in known:
            remedy = suggestion(mode, known, "Name a mode of failure_modes.")
            yield Fault((*path, "expected", place), "be the id of a failure mode", repr(mode), remedy)
    yield from _repeated((*path, "expected"), dict(enumerate(case.expected)), key=None)


def _listed(draft: Draft, path: KeyPath, names: list[str], roles: tuple[SignalRole, ...]) -> Iterator[Fault]:
    for place, name in enumerate(names):
        yield from _reference(draft, (*path, place), name, roles)
    yield from _repeated(path, dict(enumerate(names)), key=None)


def _reference(draft: Draft, path: KeyPath, name: str, roles: Iterable[SignalRole]) -> Iterator[Fault]:
    words = " or ".join(role.value for role in roles)
    must = f"be the id of a signal of role {words}"
    if name not in draft.signal_ids.values():
        fitting = [signal.id for signal in draft.signals.values() if signal.role in roles]
        yield Fault(path, must, repr(name), suggestion(name, fitting, "Name a signal of the pack, or add this one."))
        return
    signal = draft.signal(name)
    if signal is not None and signal.role not in roles:
        found = f"{name!r}, of role {signal.role.value}"
        yield Fault(path, must, found, "Name another signal, or change the role of this one.")


def _repeated(path: KeyPath, name_by_place: Mapping[int, str], key: str | None = "id") -> Iterator[Fault]:
    first: dict[str, int] = {}
    for place, name in name_by_place.items():
        if name in first:
            where = (*path, place) if key is None else (*path, place, key)
            found = f"{name!r} at place {first[name]} and again here"
            yield Fault(where, "be named once", found, "Remove or rename one of the two.")
        first.setdefault(name, place)
