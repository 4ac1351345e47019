"""What the page of a fleet says first where nothing forecasts: how many machines are as usual, and how many are not."""

from collections.abc import Sequence
from dataclasses import dataclass

from features.domain.conditions import ConditionVerdict
from serving.fleet import Standing
from serving.languages import Words

_TILES = (
    ("act", "watch.strays", "watch.strays_meaning", frozenset({ConditionVerdict.MACHINE})),
    (
        "plan",
        "watch.doubt",
        "watch.doubt_meaning",
        frozenset({ConditionVerdict.INSTRUMENT, ConditionVerdict.DATA_PATH}),
    ),
    (
        "unknown",
        "watch.open",
        "watch.open_meaning",
        frozenset({ConditionVerdict.OPERATION_CHANGE, ConditionVerdict.UNDETERMINED, None}),
    ),
    ("quiet", "watch.usual", "watch.usual_meaning", frozenset({ConditionVerdict.NORMAL})),
)
"""Colours, words and verdicts of each tile; None is a machine that nobody has judged."""


@dataclass(frozen=True, slots=True)
class WatchTile:
    """How many machines are in one way.

    Attributes:
        tone: Colours, as of the attention that it asks for.
        label: In a word or two.
        meaning: What it asks of the reader.
    """

    tone: str
    count: int
    label: str
    meaning: str


def watch_tiles(standings: Sequence[Standing], words: Words) -> tuple[WatchTile, ...]:
    """Return how many machines are in which way, what asks for somebody first; every machine counts once."""
    told = [_verdict(each) for each in standings]
    return tuple(
        WatchTile(tone, sum(each in verdicts for each in told), words(label), words(meaning))
        for tone, label, meaning, verdicts in _TILES
    )


def _verdict(each: Standing) -> ConditionVerdict | None:
    """Return what is told of a machine; one that strays and of which nobody can say yet why is not as usual."""
    if each.condition is None or (each.condition.verdict is ConditionVerdict.NORMAL and each.is_straying):
        return None
    return each.condition.verdict
