"""Each kind of fault is named; what a machine does by itself is not taken for a fault."""

import numpy as np
import pytest

from features.quality.batch import AssetRows, judge
from features.quality.verdicts import Namur, Verdict
from tests.features.quality.machines import (
    FLOW,
    FRONT,
    HOUR_US,
    INLET,
    NAMEPLATE,
    OUTLET,
    REAR,
    SPEED,
    changed,
    machine_rows,
    machine_rules,
)

RULES = machine_rules()
AT = slice(400, 420)


def verdicts_of(rows: AssetRows) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return judge(RULES, rows.time_us, rows.values).verdicts


@pytest.mark.parametrize("seed", range(5))
def test_sound_machine_loses_hardly_a_reading(seed: int) -> None:
    verdicts = verdicts_of(machine_rows(seed))
    assert (verdicts != 0).mean() <= 0.001


def test_stuck_signal_is_flat_within_six_readings_and_good_again_after_the_reward() -> None:
    rows = machine_rows(1)
    verdicts = verdicts_of(changed(rows, FLOW, AT, rows.values[AT.start - 1, FLOW]))
    assert (verdicts[AT.start + 6 : AT.stop, FLOW] == Verdict.FLAT).all()
    assert (verdicts[AT.stop + 4 : AT.stop + 20, FLOW] == 0).all()


def test_signal_that_never_moves_is_not_flat() -> None:
    assert (verdicts_of(machine_rows(1))[:, NAMEPLATE] == 0).all()


def test_standing_machine_reads_zero_without_being_flat() -> None:
    rows = machine_rows(2)
    stands = rows.values[:, SPEED] == 0.0
    assert (verdicts_of(rows)[stands] != 0).sum() == 0


def test_single_reading_far_off_is_a_spike_and_the_next_is_good() -> None:
    rows = machine_rows(1)
    verdicts = verdicts_of(changed(rows, FRONT, slice(400, 401), 95.0))
    assert verdicts[400, FRONT] == Verdict.SPIKE
    assert (verdicts[401:405, FRONT] == 0).all()


@pytest.mark.parametrize(("signal", "factor", "offset"), [(FRONT, 1.8, 32.0), (OUTLET, 0.01, 0.0), (FLOW, 1 / 3.6, 0)])
def test_other_unit_is_named_within_three_readings(signal: int, factor: float, offset: float) -> None:
    rows = machine_rows(1)
    verdicts = verdicts_of(changed(rows, signal, AT, rows.values[AT, signal] * factor + offset))
    assert (verdicts[AT.start + 3 : AT.stop, signal] == Verdict.UNIT).all()
    assert (verdicts[AT, signal] != 0).all()


@pytest.mark.parametrize(("one", "two"), [(INLET, OUTLET), (FRONT, REAR)])
def test_exchanged_signals_are_named_within_three_readings_and_released(one: int, two: int) -> None:
    rows = machine_rows(1)
    values = rows.values.copy()
    values[AT, one], values[AT, two] = rows.values[AT, two], rows.values[AT, one]
    verdicts = verdicts_of(AssetRows(rows.time_us, values))
    assert (verdicts[AT.start + 3 : AT.stop][:, [one, two]] == Verdict.SWAPPED).all()
    assert (verdicts[AT.stop + 10 :][:, [one, two]] == 0).all()


def test_much_noise_is_named() -> None:
    rows = machine_rows(1)
    noise = 6.0 * np.random.default_rng(9).standard_normal(AT.stop - AT.start)
    verdicts = verdicts_of(changed(rows, REAR, AT, rows.values[AT, REAR] + noise))
    assert (verdicts[AT, REAR] == Verdict.NOISE).any()


def test_value_outside_of_the_range_is_named_at_once_even_before_the_machine_is_known() -> None:
    verdicts = verdicts_of(changed(machine_rows(1), FRONT, slice(3, 4), 900.0))
    assert verdicts[3, FRONT] == Verdict.RANGE


def test_speed_in_hertz_does_not_stop_the_machine() -> None:
    rows = machine_rows(1)
    verdicts = verdicts_of(changed(rows, SPEED, AT, rows.values[AT, SPEED] / 60.0))
    others = [FLOW, INLET, OUTLET, FRONT, REAR]
    assert (verdicts[AT.start + 3 : AT.stop, SPEED] == Verdict.UNIT).all()
    assert (verdicts[AT][:, others] == 0).all()


def test_rows_that_come_again_with_new_times_are_replayed() -> None:
    rows = machine_rows(1)
    values = rows.values.copy()
    values[400:412] = rows.values[300:312]
    verdicts = verdicts_of(AssetRows(rows.time_us, values))
    assert (verdicts[401:412] == Verdict.REPLAYED).all()
    assert (verdicts[412:420] != Verdict.REPLAYED).all()


def test_change_of_load_that_moves_all_signals_is_no_fault() -> None:
    rows = machine_rows(1)
    values = rows.values.copy()
    factors = np.array([1.05, 1.3, 1.0, 1.35, 1.2, 1.12, 1.0])
    values[400:] = np.where(values[400:, :1] > 0.0, values[400:] * factors, values[400:])
    verdicts = verdicts_of(AssetRows(rows.time_us, values))
    assert (verdicts[400:] != 0).mean() < 0.02


def test_lasting_jump_is_set_aside_at_first_and_accepted_in_the_end() -> None:
    rows = machine_rows(1)
    verdicts = verdicts_of(changed(rows, FRONT, slice(400, 600), rows.values[400:, FRONT] + 27.0))
    assert (verdicts[400:410, FRONT] != 0).all()
    assert (verdicts[440:, FRONT] == 0).mean() > 0.95


def test_state_of_a_measuring_point_changes_once_there_and_once_back() -> None:
    rows = machine_rows(1)
    judged = judge(RULES, rows.time_us, changed(rows, FLOW, AT, rows.values[AT.start - 1, FLOW]).values)
    changes = [each for each in judged.states if each.signal == "flow"]
    assert [each.namur for each in changes[-2:]] == [Namur.FAILURE, Namur.NORMAL]
    assert changes[-2].since_us <= changes[-2].time_us < changes[-1].time_us


def test_gaps_of_a_signal_and_of_all_are_told_with_their_bounds() -> None:
    rows = changed(machine_rows(1), FLOW, slice(400, 405), np.nan)
    kept = np.r_[0:450, 460:600]
    gaps = judge(RULES, rows.time_us[kept], rows.values[kept]).gaps
    told = [(gap.signal, gap.from_us // HOUR_US, gap.to_us // HOUR_US) for gap in gaps]
    assert told == [("flow", 400, 406), (None, 450, 461)]


def test_missing_signal_fails_after_three_rows() -> None:
    rows = changed(machine_rows(1), FLOW, slice(400, 405), np.nan)
    changes = [each for each in judge(RULES, rows.time_us, rows.values).states if each.signal == "flow"]
    assert [(each.time_us // HOUR_US, each.namur) for each in changes] == [
        (403, Namur.FAILURE),
        (408, Namur.NORMAL),
    ]
