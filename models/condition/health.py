"""The health index of an asset: 0 to 100, made of named parts, rolled up its components, every point accounted for.

A part is one kind of evidence of one component: how far its signals stray, what the forecast says, how its instruments
are, how old its data are. Each loses so many of 100 points. A component loses

    0.7 · the most that any of its parts and components loses + 0.3 · what they lose on average, by weight

so that one bad bearing is not averaged away among sound parts (worst of), and two are worse than one (weight). The
words are those of ISO 17359 (baseline, deviation, alarm) and ISO 13381-1 (risk of failure), states those of NAMUR NE
107. What is not known is not healthy: the index is then unknown, and `at_most` says what the known parts leave of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from features.quality.verdicts import Namur

FULL = 100.0
_GRAIN = 1024
"""Points are told in 1024ths, which add up without rounding."""

_SEVERITY = (
    Namur.NORMAL,
    Namur.MAINTENANCE_REQUIRED,
    Namur.OUT_OF_SPECIFICATION,
    Namur.CHECK_FUNCTION,
    Namur.FAILURE,
)
LOST_BY_STATE = dict(zip(_SEVERITY, (0.0, 25.0, 50.0, 75.0, FULL), strict=True))
"""Points that an instrument in each state loses."""


class PartKind(StrEnum):
    """What a part tells of."""

    CONDITION = "condition"
    FORECAST = "forecast"
    MEASUREMENT = "measurement"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """How points are lost.

    Attributes:
        worst: Share of the worst part in what a component loses; the rest is the weighted mean.
        ruined: Multiple of the alarm threshold at which a deviation takes all points; at the threshold it takes half.
        likely: Probability of failure from which maintenance is required.
    """

    worst: float = 0.7
    ruined: float = 3.0
    likely: float = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of evidence of one component.

    Attributes:
        lost: Points that are known to be lost, 0 to 100.
        is_known: Whether that is all; False where some of it cannot be told.
        state: By NAMUR NE 107, as far as it is known.
        shares: What each signal has in the points lost; they add up to 1. Empty where they are no signal's.
    """

    kind: PartKind
    lost: float
    is_known: bool
    state: Namur
    shares: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ComponentParts:
    """A component with the evidence of it, and the components that it is made of.

    Attributes:
        weight: How much it counts within the one that it belongs to, above 0.
    """

    id: str
    parts: tuple[Part, ...] = ()
    components: tuple["ComponentParts", ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Contribution:
    """Points that the asset loses to one signal, or to one part that is no signal's."""

    component: str
    part: PartKind
    signal: str | None
    points: float


@dataclass(frozen=True, slots=True)
class Health:
    """How an asset is.

    Attributes:
        index: 0 to 100; None where anything that it is made of is unknown.
        at_most: What the known parts leave of 100; the index, where that is known.
        state: By NAMUR NE 107: the worst that is known; None where nothing worse than normal is known, and not all.
        contributions: What is lost to what, the most first; they add up to 100 - `at_most` exactly.
        unknown: Components and parts of which something is unknown.
    """

    index: float | None
    at_most: float
    state: Namur | None
    contributions: tuple[Contribution, ...]
    unknown: tuple[tuple[str, PartKind], ...]


def health_of(asset: ComponentParts, settings: HealthSettings = HealthSettings()) -> Health:  # frozen
    """Roll up the parts of an asset and of its components.

    Args:
        asset: The tree, in any order. A component without parts and components is unknown.
        settings: How points are lost.
    """
    pieces = _pieces(asset, settings)
    lost = min(max(math.fsum(points for _, points in pieces), 0.0), FULL)
    contributions = _apportioned(pieces, round(lost * _GRAIN))
    at_most = FULL - math.fsum(each.points for each in contributions)
    parts = sorted(_parts(asset), key=lambda pair: (pair[0], pair[1].kind))
    unknown = tuple(dict.fromkeys((name, part.kind) for name, part in parts if not part.is_known))
    is_known = not unknown
    state = worst_of([part.state for _, part in parts])
    told = state if is_known or state is not Namur.NORMAL else None
    return Health(at_most if is_known else None, at_most, told, contributions, unknown)


def rolled_up(items: Sequence[tuple[float, float]], worst: float) -> list[float]:
    """Return what each item, of points lost and weight, has in what all lose together."""
    if not items:
        return []
    total = math.fsum(weight for _, weight in items)
    most = max(points for points, _ in items)
    ties = sum(points == most for points, _ in items)
    return [
        worst * (most / ties if points == most else 0.0) + (1.0 - worst) * points * weight / total
        for points, weight in items
    ]


def worst_of(states: Sequence[Namur]) -> Namur:
    """Return the state that asks for most; normal if there is none."""
    return max(states, key=_SEVERITY.index, default=Namur.NORMAL)


_Key = tuple[str, PartKind, str | None]


def _pieces(node: ComponentParts, settings: HealthSettings) -> list[tuple[_Key, float]]:
    """Return what the node loses to each signal of each part below it; they add up to what it loses."""
    found = [
        ([((node.id, part.kind, signal), share) for signal, share in part.shares or ((None, 1.0),)], part.lost, 1.0)
        for part in node.parts
    ]
    for each in node.components:
        below = _pieces(each, settings)
        total = math.fsum(points for _, points in below)
        found.append(([(key, points / total) for key, points in below] if total else [], total, each.weight))
    lost = rolled_up([(points, weight) for _, points, weight in found], settings.worst)
    return [(key, share * points) for (keys, _, _), points in zip(found, lost, strict=True) for key, share in keys]


def _apportioned(pieces: Sequence[tuple[_Key, float]], grains: int) -> tuple[Contribution, ...]:
    """Deal grains out to pieces by their size, those left over to the largest remainders (Hamilton)."""
    by_key: dict[_Key, list[float]] = {}
    for key, points in pieces:
        by_key.setdefault(key, []).append(points)
    ordered = sorted(by_key, key=lambda key: (key[0], key[1], key[2] or ""))
    sizes = [math.fsum(by_key[key]) for key in ordered]
    total = math.fsum(sizes)
    if not grains or not total:
        return ()
    exact = [size / total * grains for size in sizes]
    dealt = [math.floor(each) for each in exact]
    later = sorted(range(len(exact)), key=lambda place: (dealt[place] - exact[place], place))
    for place in later[: grains - sum(dealt)]:
        dealt[place] += 1
    told = [Contribution(*key, count / _GRAIN) for key, count in zip(ordered, dealt, strict=True) if count]
    return tuple(sorted(told, key=lambda each: (-each.points, each.component, each.part, each.signal or "")))


def _parts(node: ComponentParts) -> list[tuple[str, Part]]:
    """Return every part below a node; a component without any evidence has an unknown one."""
    if not node.parts and not node.components:
        return [(node.id, Part(PartKind.CONDITION, 0.0, is_known=False, state=Namur.NORMAL))]
    return [(node.id, part) for part in node.parts] + [pair for each in node.components for pair in _parts(each)]
