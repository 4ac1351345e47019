"""What the pages say of the health index of a machine, in the reader's words."""

from dataclasses import dataclass

from features.domain.packs import Pack
from features.quality.verdicts import Namur
from models.condition.health import FULL, Health
from serving.languages import Words
from serving.views import name_of

_SHOWN = 8


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
class HealthView:
    """The health index of one machine.

    Attributes:
        index: The index, or what is known of it.
        letter: Its state by NAMUR NE 107; None where that cannot be told.
        state: The same in words.
        rows: Where points are lost, the most first.
        unknown: The parts of which something is not known.
    """

    index: str
    letter: str | None
    state: str | None
    rows: tuple[LostRow, ...]
    unknown: tuple[str, ...]


def health_view(health: Health | None, pack: Pack, words: Words) -> HealthView | None:
    """Say how a machine is; None where nobody has judged it."""
    if health is None:
        return None
    names = {str(signal.id): name_of(signal.names, words) for signal in pack.signals}
    points = words.number(round(health.at_most))
    return HealthView(
        index=words("health.unknown", points=points) if health.index is None else words("health.of", index=points),
        letter=None if health.state is None else health.state.value,
        state=None if health.state is None else _state(health.state, words),
        rows=tuple(
            LostRow(
                words(f"health.part_{each.part}"),
                None if each.signal is None else names.get(each.signal, each.signal),
                words.number(round(each.points, 1)),
                100.0 * each.points / FULL,
            )
            for each in health.contributions[:_SHOWN]
        ),
        unknown=tuple(dict.fromkeys(words(f"health.part_{part}") for _, part in health.unknown)),
    )


def _state(state: Namur, words: Words) -> str:
    return words("health.normal") if state is Namur.NORMAL else words(f"namur.{state.name.lower()}")
