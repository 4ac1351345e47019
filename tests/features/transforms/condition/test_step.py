from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.conditions import ConditionVerdict
from features.quality.holding import NAMUR_CODES
from features.quality.verdicts import Namur, Verdict
from features.transforms.condition.answer import Circumstances, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, forget_levels, initial_condition
from features.transforms.condition.step import advance, condition_step, wait
from tests.features.transforms.condition.rig import (
    INTERVAL,
    MODEL,
    SENSORS,
    TABLE,
    judged,
    last_verdict,
    rows_of,
    shifted,
)

FAILED = NAMUR_CODES.index(Namur.FAILURE)


@cache
def known_machine() -> ConditionState:
    state = initial_condition(MODEL)
    judged(rows_of(60)[:48], state)
    return state


def assert_same(one: ConditionState, other: ConditionState) -> None:
    for each in fields(one):
        np.testing.assert_array_equal(getattr(one, each.name), getattr(other, each.name), err_msg=each.name)


def with_verdict(row: ConditionRow, signals: Sequence[str], verdict: Verdict) -> ConditionRow:
    quality, points = row.quality.copy(), row.points.copy()
    places = [TABLE.signals.index(name) for name in signals]
    quality[places], points[places] = verdict, FAILED
    return replace(row, quality=quality, points=points)


def test_a_sound_machine_is_normal_from_the_first_row_on_that_could_be_compared() -> None:
    answers = judged(rows_of(300))
    first, *rest = [each for each in answers if not np.isnan(each.score)]
    assert answers.index(first) == TABLE.parameters.settling
    assert {each.verdict for each in (first, *rest)} == {ConditionVerdict.NORMAL}
    assert {each.verdict for each in answers[: TABLE.parameters.settling]} == {ConditionVerdict.UNDETERMINED}
    assert np.nanmax([each.score for each in answers]) < 1.0
    assert answers[-1].seen_rows > answers[40].seen_rows > 0
    np.testing.assert_allclose(np.nansum(answers[-1].shares), 1.0)


def test_another_load_that_the_sensors_follow_is_another_way_of_running() -> None:
    load = np.where(np.arange(200) >= 150, 0.8, 0.0)
    answers = judged(rows_of(200, load=load))
    assert answers[-1].verdict is ConditionVerdict.OPERATION_CHANGE
    assert answers[-1].score < 1.0
    assert {each.signal for each in answers[-1].evidence if each.name == "condition_moved"} == {"load", "air"}


def test_one_sensor_alone_is_an_instrument_and_an_estimate_stands_in() -> None:
    rows = shifted(rows_of(), 120, {"current": -20.0})
    answer = judged(rows)[-1]
    assert answer.verdict is ConditionVerdict.INSTRUMENT
    (estimate,) = answer.estimates
    assert estimate.signal == "current"
    sound = rows_of()[-1].values[TABLE.signals.index("current")]
    assert abs(estimate.value - sound) < 4.0 * estimate.deviation
    assert estimate.deviation < 0.1


def test_a_wrong_condition_is_an_instrument_although_several_sensors_seem_to_stray() -> None:
    answer = judged(shifted(rows_of(), 120, {"load": 8.0}, grows=True))[-1]
    assert answer.verdict is ConditionVerdict.INSTRUMENT
    named = [each for each in answer.evidence if each.name == "explained_by_one_signal"]
    assert named[0].signal == "load"
    (estimate,) = answer.estimates
    assert abs(estimate.value - rows_of()[-1].values[0]) < 0.08


def test_several_sensors_that_leave_slowly_are_the_machine() -> None:
    rows = shifted(rows_of(), 100, {"current": -6.0, "pressure": 7.0, "warmth": 5.0}, grows=True)
    assert last_verdict(rows) is ConditionVerdict.MACHINE


def test_a_known_failure_mode_is_named() -> None:
    answer = judged(shifted(rows_of(), 100, {"vibration": 25.0, "warmth": 15.0}, grows=True))[-1]
    assert answer.verdict is ConditionVerdict.MACHINE
    assert next(each.value for each in answer.evidence if each.name == "explained_by_worn") > 0.8


def test_what_goes_as_a_known_failure_mode_goes_needs_less_to_be_told() -> None:
    rows = shifted(rows_of(), 120, {"warmth": 1.6, "vibration": 1.6}, grows=True)
    sharp = ConditionModel.of(replace(MODEL.table, mode_limit=6.0))
    assert judged(rows)[-1].verdict is ConditionVerdict.NORMAL
    assert judged(rows, model=sharp)[-1].verdict is ConditionVerdict.MACHINE
    against = shifted(rows_of(), 120, {"warmth": -1.6, "vibration": -1.6}, grows=True)
    assert judged(against, model=sharp)[-1].verdict is ConditionVerdict.NORMAL


@pytest.mark.parametrize(
    ("jumping", "verdict"), [((3,), ConditionVerdict.INSTRUMENT), ((3, 4), ConditionVerdict.NORMAL)]
)
def test_what_several_measuring_points_show_at_once_is_no_instruments(
    jumping: tuple[int, ...], verdict: ConditionVerdict
) -> None:
    row, state = rows_of(121)[120], initial_condition(MODEL)
    judged(rows_of(120), state)
    quality, points = row.quality.copy(), row.points.copy()
    quality[list(jumping)] = Verdict.SPIKE
    points[list(jumping)] = NAMUR_CODES.index(Namur.OUT_OF_SPECIFICATION)
    assert judged([replace(row, quality=quality, points=points)], state)[0].verdict is verdict


def test_several_sensors_that_jump_at_once_cannot_be_told_from_another_product() -> None:
    rows = shifted(rows_of(), 120, {"current": -40.0, "pressure": 45.0, "vibration": -30.0})
    assert last_verdict(rows) is ConditionVerdict.UNDETERMINED


@pytest.mark.parametrize("beside", [Circumstances(neighbours=3, neighbours_straying=3), None])
def test_what_befalls_the_neighbours_too_or_was_reported_is_another_way_of_running(
    beside: Circumstances | None,
) -> None:
    rows = shifted(rows_of(140), 120, {"current": -40.0, "pressure": 45.0, "vibration": -30.0})
    if beside is None:
        rows[120] = replace(rows[120], circumstances=Circumstances(is_change_reported=True))
    else:
        rows = [replace(row, circumstances=beside) for row in rows]
    assert last_verdict(rows) is ConditionVerdict.OPERATION_CHANGE


def test_what_quality_says_of_one_signal_is_an_instrument_and_of_all_the_data_path() -> None:
    rows = rows_of(60)
    one = [*rows[:-1], with_verdict(rows[-1], ["warmth"], Verdict.FLAT)]
    every = [*rows[:-1], with_verdict(rows[-1], list(TABLE.signals), Verdict.FLAT)]
    replayed = [*rows[:-1], with_verdict(rows[-1], list(TABLE.signals), Verdict.REPLAYED)]
    assert last_verdict(one) is ConditionVerdict.INSTRUMENT
    assert last_verdict(every) is ConditionVerdict.DATA_PATH
    assert last_verdict(replayed) is ConditionVerdict.DATA_PATH


@pytest.mark.parametrize(
    "beside",
    [
        Circumstances(gateway_silent_seconds=10.0 * INTERVAL),
        Circumstances(rows_repeated=5),
        Circumstances(rows_with_wrong_time=5),
    ],
)
def test_what_is_known_of_the_way_is_the_data_path(beside: Circumstances) -> None:
    rows = rows_of(60)
    assert last_verdict([*rows[:-1], replace(rows[-1], circumstances=beside)]) is ConditionVerdict.DATA_PATH


def test_a_slow_fault_is_never_learnt() -> None:
    rows = shifted(rows_of(500), 130, {"current": -10.0, "pressure": 10.0}, grows=True)
    answers = judged(rows)
    assert answers[-1].verdict is ConditionVerdict.MACHINE
    assert answers[-1].score > 0.8 * answers[250].score
    assert answers[-1].seen_rows == answers[250].seen_rows


def test_a_machine_hardly_seen_is_not_judged() -> None:
    answer = judged(shifted(rows_of(30), 15, {"current": -60.0, "pressure": 60.0}))[-1]
    assert answer.verdict in (ConditionVerdict.UNDETERMINED, ConditionVerdict.NORMAL)


def test_an_alarm_ends_when_readings_are_as_usual_again() -> None:
    rows = shifted(rows_of(), 100, {"current": -60.0})
    rows[160:] = rows_of()[160:]
    told = [each.verdict for each in judged(rows)]
    assert told[155] is ConditionVerdict.INSTRUMENT
    assert set(told[175:]) == {ConditionVerdict.NORMAL}


def test_the_score_hangs_on_nothing_but_its_rows() -> None:
    rows = rows_of(120, seed=3)
    later = [replace(row, seconds=row.seconds + 1e6 * INTERVAL) for row in rows]
    np.testing.assert_array_equal([each.score for each in judged(rows)], [each.score for each in judged(later)])
    state = initial_condition(MODEL)
    for row, answer in zip(rows, judged(rows), strict=True):
        passed, before = state, state.copy()
        state, told = condition_step(MODEL, passed, row)
        np.testing.assert_equal(told.score, answer.score)
        assert_same(passed, before)


@settings(max_examples=12, deadline=None)
@given(
    times=st.lists(st.integers(1, 3), min_size=12, max_size=12),
    late=st.sets(st.integers(0, 11), max_size=3),
    size=st.floats(0.0, 30.0),
)
def test_rows_that_come_twice_or_late_change_nothing(times: list[int], late: set[int], size: float) -> None:
    rows = shifted(rows_of(60), 48, {"current": -size, "pressure": size})
    once, often = known_machine().copy(), known_machine().copy()
    for place, (row, count) in enumerate(zip(rows[48:], times, strict=True)):
        answer = advance(MODEL, once, row)
        for again in [row] * count:
            told = advance(MODEL, often, again)
            assert told.verdict is answer.verdict
            np.testing.assert_equal(told.score, answer.score)
        if place in late:
            advance(MODEL, often, rows[place + 40])
    assert_same(often, once)


def test_rows_sent_again_are_told_by_their_count_alone() -> None:
    state = initial_condition(MODEL)
    rows = rows_of(60)
    judged(rows, state)
    again = replace(rows[-1], circumstances=Circumstances(rows_repeated=3))
    assert advance(MODEL, state, rows[-1]).verdict is ConditionVerdict.NORMAL
    assert advance(MODEL, state, again).verdict is ConditionVerdict.DATA_PATH


def without_conditions(rows: list[ConditionRow]) -> list[ConditionRow]:
    """Rows that measure nothing that could be compared, for conditions are missing, as at a machine that stands."""
    return [replace(row, values=np.where(np.arange(6) < 2, np.nan, row.values)) for row in rows]


def test_rows_that_measure_nothing_are_no_rows_in_which_a_deviation_lasts() -> None:
    rows = shifted(rows_of(200), 120, {"current": -40.0, "pressure": 45.0, "vibration": -30.0})
    state = initial_condition(MODEL)
    judged(rows[:123], state)
    lasting, slow = state.lasting, state.slow_stress
    assert 0 < lasting < TABLE.parameters.patience
    told = judged(without_conditions(rows[123:150]), state)
    assert {each.verdict for each in told} == {ConditionVerdict.NORMAL}
    assert (state.lasting, state.slow_stress) == (lasting, slow)


def test_nothing_is_blamed_once_nothing_is_known_any_more() -> None:
    rows = shifted(rows_of(200), 100, {"current": -6.0, "pressure": 7.0, "warmth": 5.0}, grows=True)
    state = initial_condition(MODEL)
    assert judged(rows[:150], state)[-1].verdict is ConditionVerdict.MACHINE
    answer = judged(without_conditions(rows[150:]), state)[-1]
    assert answer.verdict is ConditionVerdict.UNDETERMINED
    assert np.isnan(answer.score)
    assert state.lasting < 0  # no row of it lasts
    assert [each.name for each in answer.evidence] == ["sensors_compared"]


def test_missing_readings_and_uneven_times_are_taken_as_they_are() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for row in rows_of(300):
        values = np.where(rng.random(6) < 0.2, np.nan, row.values)
        if rng.random() < 0.7:
            rows.append(replace(row, values=values, seconds=row.seconds + 0.3 * INTERVAL * rng.random()))
    answers = judged(rows)
    assert {each.verdict for each in answers if not np.isnan(each.score)} == {ConditionVerdict.NORMAL}
    assert np.isfinite([each.score for each in answers[20:]]).all()


def test_silence_after_rising_stress_raises_the_risk_unless_the_gateway_is_silent_too() -> None:
    state = initial_condition(MODEL)
    judged(shifted(rows_of(140), 100, {"current": -14.0, "pressure": 14.0}, grows=True), state)
    now = state.seconds + 20.0 * INTERVAL
    alone = wait(MODEL, state, now, Circumstances())
    together = wait(MODEL, state, now, Circumstances(gateway_silent_seconds=20.0 * INTERVAL))
    assert alone.risk == 2.0 * alone.score > 0.0
    assert alone.verdict is ConditionVerdict.UNDETERMINED
    assert together.risk == together.score
    assert together.verdict is ConditionVerdict.DATA_PATH


def test_until_the_next_row_is_overdue_the_verdict_of_the_last_one_stands() -> None:
    state = initial_condition(MODEL)
    assert wait(MODEL, state, 0.0, Circumstances()).verdict is ConditionVerdict.UNDETERMINED
    rows = shifted(rows_of(160), 60, {"current": -6.0, "pressure": 7.0, "warmth": 5.0}, grows=True)
    for row in rows:
        told = advance(MODEL, state, row)
        assert wait(MODEL, state, state.seconds + INTERVAL, Circumstances()).verdict is told.verdict
    assert told.verdict is ConditionVerdict.MACHINE


def test_a_repair_begins_a_level_anew_with_the_old_one_as_prior() -> None:
    state = initial_condition(MODEL)
    judged(rows_of(150), state)
    moved = shifted(rows_of(60, seed=5), 0, {"vibration": 3.0})
    moved = [replace(row, seconds=row.seconds + 151 * INTERVAL) for row in moved]
    kept, anew = state.copy(), forget_levels(MODEL, state, SENSORS)
    judged(moved, kept)
    judged(moved, anew)
    assert abs(anew.deviation[3]) < 0.5 * abs(kept.deviation[3])


def test_an_error_code_is_the_data_path() -> None:
    row = rows_of(60)[-1]
    row = with_verdict(row, ["warmth"], Verdict.RANGE)
    row.values[4] = -999.0
    assert last_verdict([*rows_of(60)[:-1], row]) is ConditionVerdict.DATA_PATH


def test_noise_on_one_sensor_is_an_instrument() -> None:
    rng = np.random.default_rng(2)
    rows = rows_of()
    for row in rows[150:]:
        row.values[3] += 8.0 * 0.02 * rng.standard_normal()
    assert ConditionVerdict.INSTRUMENT in {each.verdict for each in judged(rows)[155:]}


def test_the_step_in_place_and_on_a_copy_agree() -> None:
    state = initial_condition(MODEL)
    row = rows_of(1)[0]
    after, told = condition_step(MODEL, state, row)
    assert np.isnan(state.seconds)
    assert advance(MODEL, state, row).verdict is told.verdict
    assert state.seconds == after.seconds


@pytest.mark.parametrize(("lost_from", "is_missed"), [(0, False), (60, True)])
def test_a_signal_that_never_came_is_not_missed(lost_from: int, is_missed: bool) -> None:
    failed = np.zeros(6, np.int8)
    failed[TABLE.signals.index("warmth")] = FAILED
    rows = [
        replace(row, values=np.where(failed > 0, np.nan, row.values), points=failed) if place >= lost_from else row
        for place, row in enumerate(rows_of(100))
    ]
    answer = judged(rows)[-1]
    assert (ConditionVerdict.DATA_PATH is answer.verdict) is is_missed
    assert any(each.name == "readings_missing" for each in answer.evidence) is is_missed


@pytest.mark.parametrize("gap", [1, 3, 30])
def test_what_strays_on_after_rows_of_which_nothing_is_known_is_never_told_as_usual(gap: int) -> None:
    rows = shifted(rows_of(200), 100, {"current": -6.0, "pressure": 7.0, "warmth": 5.0}, grows=True)
    state = initial_condition(MODEL)
    assert judged(rows[:150], state)[-1].verdict is ConditionVerdict.MACHINE
    replayed = [with_verdict(row, SENSORS, Verdict.REPLAYED) for row in rows[150 : 150 + gap]]
    assert ConditionVerdict.NORMAL not in {each.verdict for each in judged(replayed, state)}
    told = [each.verdict for each in judged(rows[150 + gap :], state)]
    assert ConditionVerdict.NORMAL not in told
    assert set(told[2:]) == {ConditionVerdict.MACHINE}


def test_what_is_over_after_rows_of_which_nothing_is_known_is_over() -> None:
    strays, sound = shifted(rows_of(260), 100, {"current": -6.0, "pressure": 7.0, "warmth": 5.0}), rows_of(260)
    state = initial_condition(MODEL)
    judged(strays[:150], state)
    judged([with_verdict(row, SENSORS, Verdict.REPLAYED) for row in strays[150:160]], state)
    assert judged(sound[160:], state)[-1].verdict is ConditionVerdict.NORMAL
    assert state.lasting == 0
