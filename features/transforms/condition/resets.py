"""What is learnt anew with an epoch of a machine (`docs/epochs.md`), in the centre and on a gateway alike."""

from dataclasses import dataclass

from features.domain.epochs import Epoch, Reach, Relearn
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

    Nothing with a new recipe: it is a change that is to be told, explains what begins with it (`excuse`), and becomes
    usual once it has lasted. A repair that names nothing that is known does not change how the machine is run; what it
    mended of the conditions themselves, such as a clogged strainer, is found by how they move (`ways`).
    """
    mended, replaced = (
        tuple(str(signal) for signal, relearnt in epoch.relearnt.items() if relearnt is kind)
        for kind in (Relearn.BASELINE, Relearn.OFFSET)
    )
    is_of_all = all(cause.reach is Reach.ALL for cause in epoch.causes)
    found = (  # a repair first: whether it mended anything is told by how the machine strays
        LevelReset(_sensors(mended, table) if is_of_all else mended, None),
        LevelReset(replaced, NEW_ZERO),
    )
    return [each for each in found if each.signals]


def _sensors(signals: tuple[str, ...], table: ConditionTable) -> tuple[str, ...]:
    return tuple(name for name in signals if name in table.sensors)
