"""The health of a machine and of the components that it is made of, each piece of evidence counted once.

What rolls up the tree is evidence, and points are told at each of its levels by the same rules: a machine is judged by
all its signals, a component by those that it lists. State detection judges signals together, by one distance with one
limit. Points of components that each see a part of it could not be put together to what the whole is worth: a deviation
spread over three of them would be within the limit of each and lost on the way. And so the index of a machine does not
hang on how its pack divides it: neither on how many components there are, nor on how many list a signal.

What strays may be seen on signals that several components list. It is then not known whose it is, and their indices are
ranges: from `at_least`, if it is all of this component, to `at_most`, if only what no other component shows is.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from features.domain.conditions import AssetCondition
from features.quality.verdicts import Namur
from models.condition.health import ComponentParts, Contribution, Health, HealthSettings, Part, PartKind, health_of
from models.condition.health_parts import component_part, measurement_part, shares_told

_AS_USUAL = HealthSettings()
_COUNTS = 0.1
"""Of what a component shows, the part that another must show as well not to be told apart from it."""


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """How a component is.

    Attributes:
        index: 0 to 100; None where it is unknown, or a range.
        at_least: The index if all that strays on its signals is its own; None where something is unknown.
        at_most: The index if only what no other component shows is its own, and nothing that is unknown costs points.
        state: By NAMUR NE 107: the worst that is known; None where both ends differ, or nothing worse than normal is
            known, and not all.
        shared_with: The other components that it may be instead: those that show at least a tenth of what strays on
            signals of this one, or else the most, the most first. None where both ends are the same.
        unknown: Parts that are not known.
    """

    id: str
    index: float | None
    at_least: float | None
    at_most: float
    state: Namur | None
    shared_with: tuple[str, ...]
    unknown: tuple[PartKind, ...]


@dataclass(frozen=True, slots=True)
class MachineHealth:
    """How a machine is.

    Attributes:
        whole: Of the machine. What is lost to a signal that one component alone lists is that component's, anything
            else the machine's; a component none of whose signals was judged is among the unknown.
        components: The worst first.
    """

    whole: Health
    components: tuple[ComponentHealth, ...]


@dataclass(frozen=True, slots=True)
class _Evidence:
    condition: AssetCondition | None
    states: Mapping[str, Namur | None]
    listed: Mapping[str, Collection[str]]
    settings: HealthSettings

    def has_share(self, signal: str) -> bool:
        """Say whether a signal tells of the machine; a condition that moved beside sensors may be how it is run."""
        condition = self.condition
        told = () if condition is None else (*condition.shares, *shares_told(condition))
        return signal in dict(told)

    def owners(self, signal: str) -> list[str]:
        """Return the components that list a signal."""
        return sorted(name for name, signals in self.listed.items() if signal in signals)


def machine_health(
    asset: str,
    parts: tuple[Part, ...],
    condition: AssetCondition | None,
    states: Mapping[str, Namur | None],
    listed: Mapping[str, Collection[str]],
    settings: HealthSettings = _AS_USUAL,
) -> MachineHealth:
    """Tell how a machine and each of its components are.

    Args:
        asset: Identity of the machine.
        parts: Of the machine (`machine_parts`), whatever it is made of.
        condition: What state detection says of it, as in its parts: None where nothing is known of the present.
        states: Of its instruments by signal; None where nobody has judged one.
        listed: The signals of each component, in any order; none for a machine that is not divided.
        settings: How points are lost.
    """
    evidence = _Evidence(condition, states, listed, settings)
    found = sorted((_component(evidence, name) for name in listed), key=_urgency)
    whole = _with_unjudged(_dealt(health_of(ComponentParts(asset, parts), settings), evidence), found)
    return MachineHealth(whole, tuple(found))


def _component(evidence: _Evidence, name: str) -> ComponentHealth:
    """Tell how a component is by all of its signals, and by those that are its alone."""
    signals = evidence.listed[name]
    owners = {signal: evidence.owners(signal) for signal in signals}
    told = component_part(evidence.condition, signals, evidence.settings)
    alone = [each for each in signals if owners[each] == [name] and evidence.has_share(each)]
    own = component_part(evidence.condition, alone, evidence.settings)
    points = measurement_part({each: evidence.states.get(each) for each in signals}, evidence.settings)
    least, most = (
        health_of(ComponentParts(name, (replace(each, is_known=told.is_known), points)), evidence.settings)
        for each in (told, own)
    )
    return ComponentHealth(
        name,
        index=least.index if least.at_most == most.at_most else None,
        at_least=least.index,
        at_most=most.at_most,
        state=least.state if least.state is most.state else None,
        shared_with=_shared(evidence, name, owners) if told.lost > own.lost else (),
        unknown=tuple(kind for _, kind in least.unknown),
    )


def _shared(evidence: _Evidence, name: str, owners: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return the other components that show enough of what this one shows, those that show most of it first."""
    shares = {} if evidence.condition is None else dict(shares_told(evidence.condition))
    common: dict[str, list[float]] = {}
    for signal in sorted(owners):
        for other in owners[signal]:
            common.setdefault(other, []).append(shares.get(signal, 0.0))
    told = {other: math.fsum(each) for other, each in common.items()}
    whole = told.pop(name)
    least = min(_COUNTS * whole, max(told.values(), default=0.0))
    return tuple(sorted((other for other in told if told[other] >= least), key=lambda each: (-told[each], each)))


def _dealt(whole: Health, evidence: _Evidence) -> Health:
    """Give what is lost to a signal that one component alone lists to that component."""

    def told(each: Contribution) -> Contribution:
        owners = [] if each.signal is None else evidence.owners(each.signal)
        return replace(each, component=owners[0]) if len(owners) == 1 else each

    return replace(whole, contributions=tuple(map(told, whole.contributions)))


def _with_unjudged(whole: Health, found: list[ComponentHealth]) -> Health:
    """Count components of which the condition alone is unknown among what is unknown of the machine."""
    if PartKind.CONDITION in [kind for _, kind in whole.unknown]:
        return whole
    names = sorted(each.id for each in found if PartKind.CONDITION in each.unknown)
    if not names:
        return whole
    state = None if whole.state is Namur.NORMAL else whole.state
    unknown = (*whole.unknown, *((name, PartKind.CONDITION) for name in names))
    return replace(whole, index=None, state=state, unknown=unknown)


def _urgency(each: ComponentHealth) -> tuple[float, bool, str]:
    """Order by the worst that is known, what is unknown before what is as good."""
    least = each.at_most if each.at_least is None else each.at_least
    return least, not each.unknown, each.id
