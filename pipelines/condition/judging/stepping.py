"""The machines behind a gateway stepped through their rows in the order of time, side by side.

What is said of a machine hangs on its neighbours too (a change that befalls all of them is none of the machine's), so
all of them are taken through their rows together. The answer hangs on the rows, what is known of their worth and what
happened, and not on when they arrived.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from features.domain.identifiers import AssetId
from features.quality.plan import Plan
from features.quality.rules import QualityRules
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.step import advance
from features.transforms.condition.together.step import Judge, Together
from pipelines.condition.judging.answered import Answered, Failed
from pipelines.condition.judging.happened import NOTHING, Happened
from pipelines.condition.judging.memory import GatewayPoint
from pipelines.condition.judging.rows import GatewayRows
from pipelines.condition.judging.run import Judging, Run


@dataclass(frozen=True, slots=True)
class Stepped:
    """What came of some rows.

    Attributes:
        point: The machines after them.
        answers: To each row, in their order.
        failed: The first of each machine; those after it were passed over.
    """

    point: GatewayPoint
    answers: Sequence[Answered]
    failed: Sequence[Failed]


@dataclass(frozen=True, slots=True)
class Stepping:
    """Steps machines of one type.

    Attributes:
        model: What is usual of them.
        rules: Of their measurements.
        judge: Says what there is to say of a row, and changes the state.
        together: Judges rows of several machines in one go, as `judge` would; None where nothing does.
    """

    model: ConditionModel
    rules: QualityRules
    judge: Judge = advance
    together: type[Together] | None = Together
    _judging: Judging = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the rules; the signals of the table are among those whose measurement is judged."""
        places = [self.rules.names.index(name) for name in self.model.table.signals]
        columns = np.array(places, np.int64)
        judging = Judging(self.model, self.rules, Plan.of(self.rules), columns, self.judge, self.together)
        object.__setattr__(self, "_judging", judging)

    def step(
        self,
        point: GatewayPoint | None,
        rows: GatewayRows,
        happened: Mapping[AssetId, Happened],
        *,
        is_gateway: bool,
        left_out: Sequence[AssetId] = (),
    ) -> Stepped:
        """Take rows, at least one.

        Args:
            point: The machines before them; None where nothing is known.
            rows: All later than the point.
            happened: To each machine.
            is_gateway: Whether machines share a gateway whose silence would be seen.
            left_out: Machines whose rows are passed over.
        """
        run = Run(self._judging, point, left_out)
        for place in range(len(rows)):
            asset, time_us = rows.assets[rows.owner[place]], int(rows.time_us[place])
            told = happened.get(asset, NOTHING)
            run.take(asset, time_us, rows.values[place], rows.verdicts[place], told, is_gateway=is_gateway)
        machines = run.remembered()
        count = (0 if point is None else point.rows) + len(rows)
        after = GatewayPoint(int(rows.time_us[-1]), count, machines, run.gaps)
        return Stepped(after, run.answers, run.failed)
