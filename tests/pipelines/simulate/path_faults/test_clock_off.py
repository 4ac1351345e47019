import numpy as np

from pipelines.simulate.path_faults.clock_off import ClockOff, WrongClock
from pipelines.simulate.path_faults.kind import Window
from tests.pipelines.simulate.path_faults.drafts import BEGIN_US, MINUTE_US, counting_draft

WINDOW = Window(BEGIN_US + 100 * MINUTE_US, BEGIN_US + 160 * MINUTE_US, BEGIN_US + 600 * MINUTE_US, MINUTE_US)
CODE = 7


def plans() -> list[WrongClock]:
    return [ClockOff().plan(np.random.default_rng(seed), WINDOW) for seed in range(60)]


def test_times_within_the_stretch_are_off_by_the_offset_and_arrivals_are_right() -> None:
    for fault in plans():
        sound, draft = counting_draft(), counting_draft()
        rows = fault.befall(draft, CODE)
        assert rows.tolist() == list(range(100, 160))
        off = draft.time_us - sound.time_us
        assert set(off[100:160]) == {fault.offset_us}
        assert not off[:100].any()
        assert not off[160:].any()
        assert np.array_equal(draft.arrived_us, sound.arrived_us)
        assert np.array_equal(draft.measured_us, sound.measured_us)
        assert np.flatnonzero(draft.row_codes == CODE).tolist() == rows.tolist()


def test_clocks_are_ahead_behind_or_begin_anew_and_never_write_a_true_time() -> None:
    offsets = np.array([fault.offset_us for fault in plans()])
    restarts = np.abs(offsets) > 365 * 86_400_000_000
    slips = offsets[~restarts]
    assert 5 <= restarts.sum() <= 25
    assert {fault.note for fault in plans() if "anew" in fault.note} == {"began anew at 1970", "began anew at 2000"}
    assert (slips > 0).any()
    assert (slips < 0).any()
    assert np.abs(slips).min() >= 2 * MINUTE_US
    assert np.abs(slips).max() <= 12 * 60 * MINUTE_US + MINUTE_US
    assert (slips % MINUTE_US != 0).all()


def test_a_clock_that_begins_anew_counts_on_from_there() -> None:
    fault = next(each for each in plans() if each.note.endswith("1970"))
    draft = counting_draft()
    fault.befall(draft, CODE)
    assert 0 <= draft.time_us[100] < MINUTE_US
    assert set(np.diff(draft.time_us[100:160])) == {MINUTE_US}
