"""Each kind of fault is named; what a machine does by itself is not taken for a fault."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from features.quality.batch import AssetRows, Judged, judge
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


BEGIN = 395
"""Rows before any fault: they are judged once, and every test goes on from there."""


@cache
def beginning() -> Judged:
    rows = machine_rows(1)
    return judge(RULES, rows.time_us[:BEGIN], rows.values[:BEGIN])


def judged(rows: AssetRows) -> Judged:
    if not np.array_equal(rows.values[:BEGIN], machine_rows(1).values[:BEGIN]):
        return judge(RULES, rows.time_us, rows.values)
    rest = judge(RULES, rows.time_us[BEGIN:], rows.values[BEGIN:], beginning().state)
    whole = np.concatenate([beginning().verdicts, rest.verdicts])
    return Judged(whole, rest.namur, rest.states, rest.gaps, rest.state)


def verdicts_of(rows: AssetRows) -> NDArray[np.int8]:
    return judged(rows).verdicts


@pytest.mark.parametrize("seed", range(2))
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
    after = verdicts[AT.stop + 10 :][:, [one, two]]
    assert (after != Verdict.SWAPPED).all()
    assert (after == 0).mean() > 0.95


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


@pytest.mark.parametrize("more_load", [-0.4, 0.3, 0.6])
def test_change_of_load_that_moves_all_signals_is_no_fault(more_load: float) -> None:
    verdicts = verdicts_of(machine_rows(1, more_load=more_load))
    assert (verdicts[400:] != 0).mean() <= 0.005


def test_lasting_jump_is_set_aside_at_first_and_accepted_in_the_end() -> None:
    rows = machine_rows(1, rows=540)
    values = rows.values.copy()
    values[400:, FRONT] += 27.0
    verdicts = judge(RULES, rows.time_us, values).verdicts
    assert (verdicts[400:410, FRONT] != 0).all()
    assert (verdicts[480:, FRONT] == 0).mean() > 0.95


def test_state_of_a_measuring_point_changes_once_there_and_once_back() -> None:
    rows = machine_rows(1)
    found = judged(changed(rows, FLOW, AT, rows.values[AT.start - 1, FLOW]))
    changes = [each for each in found.states if each.signal == "flow"]
    assert [each.namur for each in changes[-2:]] == [Namur.FAILURE, Namur.NORMAL]
    assert changes[-2].since_us <= changes[-2].time_us < changes[-1].time_us


def test_gaps_of_a_signal_and_of_all_are_told_with_their_bounds() -> None:
    rows = changed(machine_rows(1), FLOW, slice(400, 405), np.nan)
    kept = np.r_[0:440, 450:460]
    gaps = judged(AssetRows(rows.time_us[kept], rows.values[kept])).gaps
    told = [(gap.signal, gap.from_us // HOUR_US, gap.to_us // HOUR_US) for gap in gaps]
    assert told == [("flow", 400, 406), (None, 440, 451)]


def test_missing_signal_fails_after_three_rows() -> None:
    rows = changed(machine_rows(1), FLOW, slice(400, 405), np.nan)
    changes = [each for each in judged(rows).states if each.signal == "flow"]
    assert [(each.time_us // HOUR_US, each.namur) for each in changes] == [
        (403, Namur.FAILURE),
        (408, Namur.NORMAL),
    ]


def test_return_to_normal_in_the_first_row_after_a_saved_state_is_a_change() -> None:
    rows = machine_rows(1)
    stuck = changed(rows, FLOW, AT, rows.values[AT.start - 1, FLOW])
    for cut in range(AT.stop + 1, AT.stop + 6):
        begun = judge(RULES, stuck.time_us[BEGIN:cut], stuck.values[BEGIN:cut], beginning().state)
        before = begun.states + judge(RULES, stuck.time_us[cut:430], stuck.values[cut:430], begun.state).states
        flow = [each.namur for each in before if each.signal == "flow"]
        assert flow[-2:] == [Namur.FAILURE, Namur.NORMAL]
        assert flow.count(Namur.NORMAL) == flow.count(Namur.FAILURE)


def test_exchange_lasts_until_it_is_put_right() -> None:
    rows = machine_rows(1, rows=900)
    values = rows.values.copy()
    values[400:800, FRONT], values[400:800, REAR] = rows.values[400:800, REAR], rows.values[400:800, FRONT]
    verdicts = judge(RULES, rows.time_us, values).verdicts
    runs = rows.values[:, SPEED] > 0.0
    held = verdicts[410:800][runs[410:800]][:, [FRONT, REAR]]
    assert (held == Verdict.SWAPPED).mean() > 0.95
    assert (verdicts[820:, [FRONT, REAR]] == Verdict.SWAPPED).sum() == 0


def test_exchange_that_outlasts_all_that_was_known_before_becomes_usual() -> None:
    rows = machine_rows(1, rows=600)
    values = rows.values.copy()
    values[60:, FRONT], values[60:, REAR] = rows.values[60:, REAR], rows.values[60:, FRONT]
    verdicts = judge(RULES, rows.time_us, values).verdicts
    assert (verdicts[70:90, FRONT] == Verdict.SWAPPED).all()
    assert (verdicts[520:, FRONT] == 0).mean() > 0.95


def test_two_signals_that_change_to_one_other_unit_together_are_named() -> None:
    rows = machine_rows(1)
    values = rows.values.copy()
    values[AT, INLET], values[AT, OUTLET] = rows.values[AT, INLET] * 0.01, rows.values[AT, OUTLET] * 0.01
    verdicts = verdicts_of(AssetRows(rows.time_us, values))
    assert (verdicts[AT.start + 3 : AT.stop][:, [INLET, OUTLET]] == Verdict.UNIT).mean() > 0.95


def test_spike_in_the_first_row_after_a_stop_is_named() -> None:
    rows = machine_rows(1)
    stop = int(np.flatnonzero(rows.values[400:, SPEED] == 0.0)[0]) + 400
    verdicts = verdicts_of(changed(rows, FRONT, slice(stop, stop + 1), 160.0))
    assert verdicts[stop, FRONT] == Verdict.SPIKE
    assert (verdicts[stop + 1 : stop + 5, FRONT] == 0).all()


def test_machine_never_seen_standing_stops_without_a_fault() -> None:
    rows = machine_rows(1, rows=131)
    standing = rows.values[130].copy()
    assert standing[SPEED] == 0.0
    rng = np.random.default_rng(4)
    values = np.concatenate([rows.values[:130], standing + 0.3 * rng.standard_normal((30, 7))])
    values[130:, [SPEED, FLOW]], values[130:, NAMEPLATE] = 0.0, 90.0
    time_us = np.arange(1, 161, dtype=np.int64) * HOUR_US
    verdicts = judge(RULES, time_us, np.round(values, 1)).verdicts
    assert (verdicts[130:] != 0).mean() <= 0.02


def test_signal_that_comes_back_after_a_long_absence_is_learned_anew() -> None:
    rows = machine_rows(1, rows=560)
    values = rows.values.copy()
    values[400:500, FRONT] = np.nan
    values[500:, FRONT] += 15.0
    verdicts = judge(RULES, rows.time_us, values).verdicts
    assert (verdicts[500:, FRONT] != 0).mean() <= 0.05


def test_long_stretch_that_comes_again_much_later_is_replayed() -> None:
    rows = machine_rows(1, rows=800)
    values = rows.values.copy()
    values[700:740] = rows.values[90:130]
    verdicts = judge(RULES, rows.time_us, values).verdicts
    assert (verdicts[702:740] == Verdict.REPLAYED).all()


def test_exchange_is_named_while_load_lifts_all_signals_above_their_levels() -> None:
    rows = machine_rows(1, more_load=0.3)
    values = rows.values.copy()
    values[405:425, FRONT], values[405:425, REAR] = rows.values[405:425, REAR], rows.values[405:425, FRONT]
    verdicts = verdicts_of(AssetRows(rows.time_us, values))
    assert (verdicts[409:425][:, [FRONT, REAR]] == Verdict.SWAPPED).all()


def test_end_of_an_exchange_that_became_usual_is_no_fault() -> None:
    rows = machine_rows(1, rows=760)
    values = rows.values.copy()
    values[60:600, FRONT], values[60:600, REAR] = rows.values[60:600, REAR], rows.values[60:600, FRONT]
    verdicts = judge(RULES, rows.time_us, values).verdicts
    assert (verdicts[520:600, FRONT] == 0).mean() > 0.9
    assert (verdicts[610:, [FRONT, REAR]] == 0).mean() > 0.95


def test_rows_that_come_again_teach_nothing() -> None:
    rows = machine_rows(1, rows=480)
    again = np.concatenate([rows.values[:400], rows.values[280:380], rows.values[400:480]])
    time_us = np.arange(1, len(again) + 1, dtype=np.int64) * HOUR_US
    replayed = judge(RULES, time_us, again).state.to_dict()
    alone = judge(RULES, rows.time_us, rows.values).state.to_dict()
    close = {"level": 0.6, "contrast": 2.0, "repeat_share": 0.05}
    for name, most in close.items():
        assert np.abs(replayed[name] - alone[name]).max() <= most, name


def test_buffer_that_is_sent_again_in_a_burst_leaves_no_gaps_behind() -> None:
    rows = machine_rows(1, rows=480)
    again = np.concatenate([rows.values[:400], rows.values[200:400], rows.values[400:480]])
    burst = rows.time_us[399] + 1_000_000 * np.arange(1, 201, dtype=np.int64)
    gaps = judge(RULES, np.concatenate([rows.time_us[:400], burst, rows.time_us[400:480]]), again).gaps
    assert gaps == []


def test_signal_that_comes_back_in_another_unit_after_a_long_absence_is_named_and_not_learned() -> None:
    rows = machine_rows(1, rows=620)
    values = rows.values.copy()
    values[400:500, OUTLET] = np.nan
    values[500:560, OUTLET] *= 0.01
    verdicts = judge(RULES, rows.time_us, values).verdicts
    runs = rows.values[:, SPEED] > 0.0
    assert (verdicts[504:560, OUTLET][runs[504:560]] == Verdict.UNIT).all()
    assert (verdicts[566:, OUTLET] == 0).mean() > 0.9


def test_other_unit_stays_named_while_the_machine_changes() -> None:
    rows = machine_rows(1, rows=620)
    values = rows.values.copy()
    drop = np.linspace(1.0, 0.85, 60)
    values[400:460, OUTLET] *= 0.01 * drop
    values[460:, OUTLET] *= 0.85
    verdicts = judge(RULES, rows.time_us, values).verdicts
    runs = rows.values[:, SPEED] > 0.0
    assert (verdicts[404:460, OUTLET][runs[404:460]] == Verdict.UNIT).all()
    assert (verdicts[500:, OUTLET] == 0).mean() > 0.9


def test_values_outside_of_the_partners_range_are_no_exchange() -> None:
    rows = machine_rows(1)
    verdicts = verdicts_of(changed(rows, FRONT, AT, rows.values[AT, FRONT] + 273.15))
    assert (verdicts[AT, REAR] == 0).all()
    assert (verdicts[AT.start + 3 : AT.stop, FRONT] == Verdict.UNIT).all()
