import math

import numpy as np

from features.domain.conditions import ConditionVerdict
from pipelines.alarms.judging import JudgedMachine
from pipelines.alarms.scoring import judged_lives
from tests.pipelines.alarms.fleet import pumps

NORMAL, MACHINE, UNDETERMINED = ConditionVerdict.NORMAL, ConditionVerdict.MACHINE, ConditionVerdict.UNDETERMINED


def test_rows_have_what_was_said_of_them_and_others_are_not_known() -> None:
    track = pumps().tracks[0]
    said = JudgedMachine(
        track.time_us[[1, 2, 4]] + np.array([0, 0, 1]),
        np.array([0.5, 3.0, 9.0]),
        (NORMAL, MACHINE, MACHINE),
        (None, "flow", "flow"),
    )
    (life,) = judged_lives([track], {str(track.epoch.asset): said})
    scored = life.scored
    assert scored.verdicts is not None
    assert scored.leads is not None
    np.testing.assert_array_equal(scored.scores[:5], [math.nan, 0.5, 3.0, math.nan, math.nan])
    assert scored.verdicts[:5] == (UNDETERMINED, NORMAL, MACHINE, UNDETERMINED, UNDETERMINED)
    assert scored.leads[:5] == (None, None, "flow", None, None)
    assert life.is_learnt


def test_a_machine_that_was_not_judged_is_not_known_at_all() -> None:
    (life,) = judged_lives(pumps().tracks[:1], {})
    assert not life.is_learnt
    assert np.isnan(life.scored.scores).all()
