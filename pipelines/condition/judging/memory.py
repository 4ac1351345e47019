"""What is remembered of the machines behind a gateway, as it stood after one of their rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from features.domain.conditions import ConditionVerdict
from features.domain.identifiers import AssetId
from features.quality.points import PointMemory, initial_points
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, initial_condition

Gap = tuple[int, int]
"""Times of two rows of a gateway, microseconds since 1970, between which none of its machines sent any."""


@dataclass(slots=True)
class MachineMemory:
    """What is remembered of one machine.

    Attributes:
        state: Of state detection.
        points: Of its measuring points.
        last_us: Time of its newest row, microseconds since 1970; None before the first.
        verdict: What was said of that row.
        since_us: Time of the first row since which that has been said.
    """

    state: ConditionState
    points: PointMemory
    last_us: int | None = None
    verdict: ConditionVerdict = ConditionVerdict.NORMAL
    since_us: int = 0

    def copy(self) -> "MachineMemory":
        """Return an independent copy."""
        return replace(self, state=self.state.copy(), points=self.points.copy())


@dataclass(frozen=True, slots=True, eq=False)
class GatewayPoint:
    """The machines behind a gateway after one of their rows; what it holds is changed by nobody.

    Attributes:
        last_us: Time of that row, microseconds since 1970.
        rows: Rows since the beginning.
        machines: Those of which anything came.
        gaps: The newest silences of the whole gateway.
    """

    last_us: int
    rows: int
    machines: Mapping[AssetId, MachineMemory]
    gaps: tuple[Gap, ...] = ()


def unknown_machine(model: ConditionModel, signals: int) -> MachineMemory:
    """Return what is remembered of a machine of which nothing came yet.

    Args:
        model: What is usual of its type.
        signals: Signals whose measurement is judged.
    """
    return MachineMemory(initial_condition(model), initial_points(signals))
