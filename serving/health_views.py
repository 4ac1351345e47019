"""What the pages say of the health index of a machine and of its components, in the reader's words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from features.domain.assets import Asset
from features.domain.packs import Pack
from features.quality.verdicts import Namur
from models.condition.health import FULL
from models.condition.health_components import ComponentHealth, MachineHealth
from serving.languages import Words
from serving.views import name_of

_SHOWN = 8
_MATTERS = 10.0
"""Points from which it is worth a word whose they are."""


@dataclass(frozen=True, slots=True)
class LostRow:
    """Points that are lost to one part, or to one signal of it.

    Attributes:
        points: In the reader's language.
        level: The same for a bar, 0 to 100.
    """

    part: str
    signal: str | None
    points: str
    level: float


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """How one component is.

    Attributes:
        index: The index, a range, or that it is not known.
        note: What there is to say of that; None where the number says it all.
        letter: Its state by NAMUR NE 107; None where that cannot be told.
        state: The same in words.
        is_known: Whether the index is a number or a range.
        level: The least that it can be, for a bar, 0 to 100.
        reach: The most that it can be, for the same bar.
    """

    name: str
    index: str
    note: str | None
    letter: str | None
    state: str | None
    is_known: bool
    level: float
    reach: float


@dataclass(frozen=True, slots=True)
class HealthView:
    """The health index of one machine.

    Attributes:
        index: The index, or what is known of it.
        letter: Its state by NAMUR NE 107; None where that cannot be told.
        state: The same in words.
        components: The worst first.
        has_ranges: Whether the index of any is a range.
        rows: Where points are lost, the most first; less than a tenth of one is not worth a line.
        unknown: The parts, and the components, of which something is not known.
    """

    index: str
    letter: str | None
    state: str | None
    components: tuple[ComponentRow, ...]
    has_ranges: bool
    rows: tuple[LostRow, ...]
    unknown: tuple[str, ...]


def health_view(health: MachineHealth | None, asset: Asset, pack: Pack, words: Words) -> HealthView | None:
    """Say how a machine is; None where nobody has judged it."""
    if health is None:
        return None
    whole, named = health.whole, component_names(asset, pack, words)
    letter, state = _told(whole.state, words)
    unjudged = {name for name, _ in whole.unknown} - {asset.id}  # a machine may be called like one of its components
    names = {str(signal.id): name_of(signal.names, words) for signal in pack.signals}
    points = words.number(round(whole.at_most))
    return HealthView(
        index=words("health.unknown", points=points) if whole.index is None else words("health.of", index=points),
        letter=letter,
        state=state,
        components=tuple(_component(each, unjudged, named, words) for each in health.components),
        has_ranges=any(each.at_least not in (None, each.at_most) for each in health.components),
        rows=tuple(
            LostRow(
                words(f"health.part_{each.part}"),
                None if each.signal is None else names.get(each.signal, each.signal),
                words.number(round(each.points, 1)),
                100.0 * each.points / FULL,
            )
            for each in whole.contributions[:_SHOWN]
            if round(each.points, 1) > 0.0
        ),
        unknown=tuple(
            dict.fromkeys(
                named[name] if name in named and name != asset.id else words(f"health.part_{part}")
                for name, part in whole.unknown
            ),
        ),
    )


def component_names(asset: Asset, pack: Pack, words: Words) -> dict[str, str]:
    """Return what the components of a machine are called: as its own record says, else as its pack does."""
    named = {part.id: part.name for part in asset.components}
    plain = {part.id: part.id.replace("_", " ").capitalize() for part in pack.components}
    told = {part.id: name_of(part.names, words) for part in pack.components if part.names is not None}
    return {part: named.get(part) or told.get(part, name) for part, name in plain.items()}


def _component(
    component: ComponentHealth, unjudged: Collection[str], named: Mapping[str, str], words: Words
) -> ComponentRow:
    most = words.number(round(component.at_most))
    if component.at_least is None:
        index = words("health.not_known") if component.at_most == FULL else words("health.up_to", points=most)
        note = words("health.not_judged") if component.id in unjudged else None
        return ComponentRow(named[component.id], index, note, *_told(component.state, words), False, 0.0, 0.0)
    least = words.number(round(component.at_least))
    return ComponentRow(
        named[component.id],
        most if least == most else words("health.range", low=least, high=most),
        _ambiguity(component, named, words),
        *_told(component.state, words),
        True,
        component.at_least,
        component.at_most,
    )


def _ambiguity(component: ComponentHealth, named: Mapping[str, str], words: Words) -> str | None:
    """Say which other components it may be instead, where that matters."""
    if component.at_least is None or component.at_most - component.at_least < _MATTERS or not component.shared_with:
        return None
    others = words("health.and").join(named[each] for each in component.shared_with)
    return words("health.shared", others=others)


def _told(state: Namur | None, words: Words) -> tuple[str | None, str | None]:
    """Return the letter of a state and its words; none where it cannot be told."""
    if state is None:
        return None, None
    return state.value, words("health.normal") if state is Namur.NORMAL else words(f"namur.{state.name.lower()}")
