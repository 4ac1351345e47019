from dataclasses import replace

import numpy as np

from pipelines.onboard.few_lives import LIFE_STAGE, PATH, learn_few
from tests.pipelines.onboard.machines import PACK, PATH_PACK, fleet, one_fan, path_fleet


def test_few_failures_give_a_hazard_by_life_stage_judged_on_machines_left_out() -> None:
    learnt = learn_few(PACK, fleet(4))
    assert learnt.kind == LIFE_STAGE
    assert 0.45 <= learnt.half_level <= 0.5
    assert learnt.evaluation is not None
    assert learnt.evaluation.coverage90 >= 0.85
    assert learnt.curves.shape == (len(learnt.unseen.rows), PACK.grid.steps)
    assert set(learnt.unseen.asset) == {track.epoch.asset for track in fleet(4)}


def test_declared_threshold_gives_a_path_to_it() -> None:
    learnt = learn_few(PATH_PACK, path_fleet(4))
    assert learnt.kind == PATH
    assert learnt.evaluation is not None
    assert learnt.evaluation.rmse < 40.0


def test_single_machine_is_learned_from_its_own_past_and_says_so() -> None:
    learnt = learn_few(PACK, one_fan(5))
    assert "single machine" in learnt.protocol.words
    assert learnt.evaluation is not None


def test_forecast_of_a_life_does_not_hang_on_what_becomes_of_it() -> None:
    tracks = fleet(4)
    first = learn_few(PACK, tracks)
    longer = [tracks[0], *tracks[1:]]
    epoch = replace(tracks[0].epoch, end=None, ended_at=None)
    longer[0] = replace(tracks[0], epoch=epoch)
    second = learn_few(PACK, longer)
    own = first.unseen.asset == "fan-00"
    other = second.unseen.asset == "fan-00"
    # Its own end is another in the second fleet; the model that judges it has not seen it either way.
    assert np.allclose(first.curves[own][:3], second.curves[other][:3], atol=0.2)


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    learn_few(PACK, fleet(3), tell=lambda done, every: told.append((done, every)))
    assert told[-1][0] == told[-1][1]
