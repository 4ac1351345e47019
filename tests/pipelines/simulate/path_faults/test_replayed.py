import numpy as np

from pipelines.simulate.path_faults.kind import PathFault, PathKind, Window
from pipelines.simulate.path_faults.replayed import Loop, Replayed, ReplayedAsNew, SentAgain
from tests.pipelines.simulate.path_faults.drafts import BEGIN_US, MINUTE_US, counting_draft

WINDOW = Window(BEGIN_US + 100 * MINUTE_US, BEGIN_US + 160 * MINUTE_US, BEGIN_US + 6_000 * MINUTE_US, MINUTE_US)
CODE = 8


def plans(kind: PathKind) -> list[PathFault]:
    planned = (kind.plan(np.random.default_rng(seed), WINDOW) for seed in range(60))
    return [fault for fault in planned if fault is not None]


def test_a_replay_with_old_times_repeats_rows_that_are_there_already() -> None:
    for fault in plans(Replayed()):
        draft = counting_draft()
        copies = fault.befall(draft, CODE)
        assert len(draft.time_us) == 660
        assert np.array_equal(draft.time_us[copies], draft.time_us[100:160])
        assert np.array_equal(draft.values[copies], draft.values[100:160])
        assert (draft.arrived_us[copies] > WINDOW.end_us).all()
        assert (np.diff(draft.arrived_us[copies]) > 0).all()
        assert np.flatnonzero(draft.row_codes).tolist() == copies.tolist()


def test_a_burst_with_new_times_repeats_the_values_under_the_time_of_sending() -> None:
    bursts = [fault for fault in plans(ReplayedAsNew()) if isinstance(fault, SentAgain)]
    assert len(bursts) > 10
    for fault in bursts:
        draft = counting_draft()
        copies = fault.befall(draft, CODE)
        assert np.array_equal(draft.values[copies], draft.values[100:160])
        assert (draft.time_us[copies] > WINDOW.end_us).all()
        assert len(set(draft.time_us)) == len(draft.time_us)
        assert np.array_equal(draft.measured_us[copies], draft.measured_us[100:160])


def test_a_loop_puts_old_values_in_the_place_of_present_ones() -> None:
    loops = [fault for fault in plans(ReplayedAsNew()) if isinstance(fault, Loop) and fault.later_us < 400 * MINUTE_US]
    assert len(loops) > 3
    for fault in loops:
        sound, draft = counting_draft(), counting_draft()
        rows = fault.befall(draft, CODE)
        assert len(rows) == 60
        assert np.array_equal(draft.values[rows, 0], np.arange(100.0, 160.0))
        assert np.array_equal(draft.time_us, sound.time_us)
        assert np.array_equal(draft.measured_us[rows], sound.measured_us[100:160])
        assert (rows >= 160).all()
        others = np.setdiff1d(np.arange(600), rows)
        assert np.array_equal(draft.values[others], sound.values[others])


def test_what_would_be_sent_after_the_observation_is_not_planned() -> None:
    short = Window(WINDOW.begin_us, WINDOW.end_us, WINDOW.end_us + 30 * MINUTE_US, MINUTE_US)
    for kind in (Replayed(), ReplayedAsNew()):
        planned = [kind.plan(np.random.default_rng(seed), short) for seed in range(60)]
        assert any(fault is None for fault in planned)
        assert all(fault is None or fault.over_us <= short.until_us for fault in planned)
