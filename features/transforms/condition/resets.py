"""What is learnt anew with an epoch of a machine (`docs/epochs.md`), in the centre and on a gateway alike."""

from dataclasses import dataclass

from features.domain.epochs import Epoch, Relearn
from features.transforms.condition.table import ConditionTable

NEW_ZERO = 100.0
"""How far a new instrument's zero may lie from the old one's, in noise: so far that its own readings alone tell."""


@dataclass(frozen=True, slots=True)
class LevelReset:
    """Levels of some signals begin anew; for `forget_levels`.

    Attributes:
        signals: Which.
        spread: How far they may have moved, in noise; None is as far as a repair moves them.
    """

    signals: tuple[str, ...]
    spread: float | None


def level_resets(epoch: Epoch, table: ConditionTable) -> list[LevelReset]:
    """Return what is learnt anew with an epoch.

    Of a new recipe only the levels of sensors: that conditions are elsewhere is the change that is to be told.
    """
    by_kind = {
        kind: tuple(str(signal) for signal, relearnt in epoch.relearnt.items() if relearnt is kind) for kind in Relearn
    }
    level = tuple(name for name in by_kind[Relearn.LEVEL] if name in table.sensors)
    found = (
        LevelReset(by_kind[Relearn.OFFSET], NEW_ZERO),
        LevelReset(level, None),
        LevelReset(by_kind[Relearn.BASELINE], None),
    )
    return [each for each in found if each.signals]
