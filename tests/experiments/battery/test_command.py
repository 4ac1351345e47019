from dataclasses import replace

import numpy as np
import pytest

from experiments.battery.command import figures_of
from pipelines.onboard.few_lives import learn_few
from tests.pipelines.onboard.machines import PATH_PACK, path_fleet


def test_forecaster_that_knows_is_nearly_perfect_and_one_that_errs_by_so_much_is_off_by_it() -> None:
    learnt = learn_few(PATH_PACK, path_fleet(3))
    first = int(np.median(learnt.unseen.time_us / 1e6))
    ends = learnt.step * np.arange(1, PATH_PACK.grid.steps + 1)

    def certain(life: np.ndarray) -> np.ndarray:
        curves = 0.5 - (ends[None, :] - life[:, None]) / (2 * learnt.step)
        return np.asarray(np.clip(curves, 0.0, 1.0), np.float64)

    knowing = figures_of(replace(learnt, curves=certain(learnt.unseen.rows.remaining)), (first,))
    late = figures_of(replace(learnt, curves=certain(learnt.unseen.rows.remaining + 20.0)), (first,))
    assert float(str(knowing[f"rmse_from_{first}"])) < learnt.step / 2
    assert float(str(late[f"rmse_from_{first}"])) == pytest.approx(20.0, abs=learnt.step / 2)
    assert set(knowing[f"by_cell_from_{first}"]) <= {"fan-00", "fan-01", "fan-02"}  # type: ignore[call-overload]  # JSON
