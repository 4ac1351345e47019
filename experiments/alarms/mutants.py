"""The alarms of the product with one fault planted in each: a trial that finds nothing proves nothing before.

Each is tried on what shows it: `gateways`, `chattering` or `budgets`.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

from experiments.alarms import budgets, chattering, gateways
from features.domain.alarms import Stage
from models.condition.alarms import budget as budget_module
from models.condition.alarms.annunciator import Annunciator
from models.condition.alarms.budget import AlarmBudget
from models.condition.alarms.lifecycle import AlarmLife

_ASSETS, _GATEWAYS, _SEEDS = 160, 8, range(6)
BUDGET = AlarmBudget(5.0)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted fault.

    Attributes:
        is_right: Tries the product and says whether all is well.
        planted: Puts the fault in for as long as the trial lasts.
    """

    is_right: Callable[[], bool]
    planted: Callable[[], AbstractContextManager[Any]]  # a mock, whatever it stands for

    def is_found(self) -> bool:
        """Whether the trial sees the fault."""
        with self.planted():
            return not self.is_right()


def _gateways(group: Mapping[str, str] | None = None) -> bool:
    return gateways.watch(gateways.plant(_ASSETS, _GATEWAYS, group=group)).is_right


def _chatters(**changed: float) -> bool:
    return chattering.chatter(replace(chattering.RULE, **changed)).is_right  # type: ignore[arg-type]  # numbers alone


def _keeps() -> bool:
    return budgets.keep_on_scores(_SEEDS, BUDGET).is_right


def _forgets(state: Annunciator, assets: object, now: float, rule: object) -> tuple[Annunciator, tuple[()]]:
    """Lose the alarms of machines that nobody sees."""
    return replace(state, lives={}), ()


def _waits(life: AlarmLife, seconds: float, rule: object, planned: str | None = None) -> tuple[AlarmLife, tuple[()]]:
    """Let what waits for its on-delay wait on."""
    return life, ()


def _unbounded(count: float, tail: float) -> tuple[float, float]:
    """Take what was counted for what is to be expected."""
    return count, count


def _stands_never(stage: Stage) -> bool:
    """Take every alarm for one that stands no longer."""
    return False


MUTANTS: dict[str, Mutant] = {
    "no grouping by gateway": Mutant(partial(_gateways, {}), nullcontext),
    "alarms dropped when a gateway goes": Mutant(_gateways, partial(patch.object, Annunciator, "_unseen", _forgets)),
    "what waits is lost when a gateway goes": Mutant(_gateways, partial(patch.object, AlarmLife, "raised_now", _waits)),
    "no off-delay": Mutant(partial(_chatters, off_delay=0.0), nullcontext),
    "alarm raised at every row": Mutant(_chatters, partial(patch.object, Stage, "stands", property(_stands_never))),
    "threshold without bound": Mutant(_keeps, partial(patch.object, budget_module, "poisson_bounds", _unbounded)),
}
"""Every planted fault by its name."""


def missed_mutants() -> list[str]:
    """Return the planted faults that no trial sees."""
    return [name for name, mutant in MUTANTS.items() if not mutant.is_found()]
