"""State detection over history: what a bundle's table says of every row, computed as the worker does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.conditions import ConditionVerdict
from features.domain.identifiers import AssetId
from features.domain.packs import Pack
from features.quality.rules import quality_rules
from features.transforms.condition.model import ConditionModel
from pipelines.condition.judging.answered import Answered
from pipelines.condition.judging.stepping import Stepping
from pipelines.errors import CannotJudge


@dataclass(frozen=True, slots=True)
class JudgedMachine:
    """What is said of the rows of one machine, in time order.

    Attributes:
        time_us: Microseconds since EPOCH. Shape (row,).
        scores: NaN where it cannot be told. Shape (row,).
        verdicts: Of each row.
        leads: The signal with most part in the score, of each row; None where nothing strays.
    """

    time_us: NDArray[np.int64]
    scores: NDArray[np.float64]
    verdicts: tuple[ConditionVerdict, ...]
    leads: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """What a bundle knows of machines that are as usual.

    Attributes:
        name: What judges: the SHA-256 of the bundle.
    """

    model: ConditionModel
    name: str

    def stepping(self, pack: Pack) -> Stepping:
        """Return what steps machines of a pack.

        Raises:
            CannotJudge: If the pack lacks signals that the table asks for.
        """
        rules = quality_rules(pack)
        missing = sorted(set(self.model.table.signals) - set(rules.names))
        if missing:
            raise CannotJudge(pack.id, missing)
        return Stepping(self.model, rules)


def by_machine(stepping: Stepping, answers: Iterable[Answered]) -> dict[str, JudgedMachine]:
    """Return what was said of rows, machine by machine; those of one machine are in time order."""
    found: dict[AssetId, list[Answered]] = {}
    for each in answers:
        found.setdefault(each.asset, []).append(each)
    sensors = stepping.model.table.sensors
    return {str(asset): _machine(own, sensors) for asset, own in found.items()}


def _machine(answers: Sequence[Answered], sensors: Sequence[str]) -> JudgedMachine:
    return JudgedMachine(
        np.array([each.at_us for each in answers], np.int64),
        np.array([each.answer.score for each in answers], np.float64),
        tuple(each.answer.verdict for each in answers),
        tuple(each.answer.leading(sensors) for each in answers),
    )
