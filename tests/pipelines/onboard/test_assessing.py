from dataclasses import replace

import numpy as np
import pytest

from features.domain.identifiers import SignalId
from features.domain.packs import LifeGrid, Target
from features.domain.signals import Names, Signal, SignalRole
from features.transforms.batch import LifeRows
from pipelines.building.tracks import LifeTrack
from pipelines.onboard.assessing import assess, fit_names, without
from pipelines.onboard.deciding import CONDITION_TABLE, LIFE_STAGE, NETWORK, PATH, STATES
from pipelines.onboard.feasibility import Decision, Feasibility
from pipelines.onboard.leakage.probe_table import LeakKind
from tests.pipelines.building.machines import COUNT, fan, track
from tests.pipelines.onboard.machines import PACK, PATH_PACK, brought, fleet, one_fan, path_fleet


def decided(report: Feasibility, target: str = "remaining_life") -> Decision:
    return next(each for each in report.decisions if each.target == target)


def test_report_says_what_the_data_and_the_labels_are_like() -> None:
    report, _ = assess(PACK, brought(fleet(4)))
    assert report.data.assets == 6
    assert report.data.median_step == pytest.approx(1.0)
    assert report.labels.failures == 4
    assert report.labels.censored == 2
    assert report.labels.lengths[0] == pytest.approx(89.0)
    assert report.leaks == ()
    assert report.shuffled_area == pytest.approx(0.5, abs=0.1)  # so few rows scatter
    assert set(report.to_dict()) >= {"go", "data", "labels", "leaks", "visibility", "decisions"}


def test_few_failures_are_learned_from_as_few() -> None:
    report, _ = assess(PACK, brought(fleet(4)))
    assert decided(report).model == LIFE_STAGE
    assert "few" in decided(report).reasons[0]


def test_many_failures_give_a_network() -> None:
    report, _ = assess(PACK, brought(fleet(30)))
    assert decided(report).model == NETWORK


def test_no_failure_is_a_reasoned_no_that_says_what_is_known_all_the_same() -> None:
    report, _ = assess(PACK, brought(fleet(0, others=6)))
    assert not report.is_go
    (reason,) = decided(report).reasons
    assert "None of 6 lives" in reason
    assert "rule of three" in reason


def test_two_failures_are_too_few_without_a_threshold_and_enough_with_one() -> None:
    assert not assess(PACK, brought(fleet(2)))[0].is_go
    assert decided(assess(PATH_PACK, brought(path_fleet(2)))[0]).model == PATH


def test_one_machine_goes_on_and_is_told_of() -> None:
    report, _ = assess(PACK, brought(one_fan(5)))
    assert decided(report).is_go
    assert any("single machine" in reason for reason in decided(report).reasons)


def test_lives_shorter_than_a_few_steps_are_a_reasoned_no() -> None:
    coarse = replace(PACK, grid=LifeGrid(100.0, 20))
    (reason,) = decided(assess(coarse, brought(fleet(5)))[0]).reasons
    assert "prognosis.step" in reason


def test_lives_far_longer_than_the_grid_are_told_of() -> None:
    short = replace(PACK, grid=LifeGrid(1.0, 4), horizons=(2.0, 4.0))
    report, _ = assess(short, brought(fleet(5)))
    assert decided(report).is_go
    assert any("at least that" in reason for reason in decided(report).reasons)


def test_life_that_is_no_time_is_as_good_as_any() -> None:
    cycles = replace(fan(COUNT), horizons=(24.0, 72.0))
    seconds = [
        replace(each, time_us=each.time_us[:] // 3600, rows=LifeRows(each.time_us // 3600 / 1e6, each.rows.values))
        for each in (track(cycles, f"fan-{index}", 90 + 20 * index, seed=index) for index in range(4))
    ]
    starts = [replace(each, epoch=replace(each.epoch, ended_at=None)) for each in seconds]
    report, _ = assess(cycles, brought(starts))
    assert report.data.life_unit == "cycles"
    assert decided(report).model == LIFE_STAGE


def test_machines_that_are_too_young_are_a_reasoned_no() -> None:
    report, _ = assess(replace(PACK, features=replace(PACK.features, minimum_life=1e6)), brought(fleet(5)))
    assert "minimum_life" in decided(report).reasons[0]


def test_too_little_data_for_a_regime_is_a_reasoned_no() -> None:
    report, _ = assess(PACK, brought([track(PACK, "fan-00", 5)]))
    assert "Fitting regimes" in decided(report).reasons[0]


def test_no_telemetry_of_any_life_is_a_reasoned_no() -> None:
    report, _ = assess(PACK, brought([]))
    assert not report.is_go


def test_signal_that_leaks_is_left_out_of_the_features_and_named() -> None:
    leaking = replace(
        PACK,
        signals=(
            *PACK.signals,
            Signal(SignalId("left"), Names("l", "l"), "q", "1", SignalRole.SENSOR, 0, 1e9, None, 1, "t"),
        ),
        features=replace(PACK.features, signals=(*PACK.features.signals, SignalId("left"))),
    )
    report, kept = assess(leaking, brought([_with_remaining(each) for each in fleet(5)]))
    assert report.left_out == ("left",)
    assert kept.features.signals == ("vibration",)
    assert [leak.kind for leak in report.leaks] == [LeakKind.REMAINING_LIFE]
    assert decided(report).is_go


def test_last_signal_stays_even_if_it_leaks() -> None:
    assert without(PACK, frozenset({"vibration"})) == (PACK, ())


def test_states_need_two_values_with_two_stretches_each() -> None:
    pack = replace(PACK, targets=(Target.STATE,))
    report, _ = assess(pack, brought(fleet(0), {"heat": {"hot": 3, "cold": 2}, "seal": {"tight": 5, "open": 1}}))
    assert decided(report, "state:heat").model == STATES
    assert not decided(report, "state:seal").is_go
    none, _ = assess(pack, brought(fleet(0)))
    assert "labels.csv" in decided(none, "state").reasons[0]


def test_detection_needs_rows_that_are_known_to_be_healthy_and_no_failures() -> None:
    pack = replace(PACK, targets=(Target.DETECTION,))
    short, _ = assess(pack, brought(fleet(0)))
    assert not decided(short, "detection").is_go
    assert "No machine has 100 rows in a row before the last 72 hours" in decided(short, "detection").reasons[0]
    long = [track(pack, name, 300, end=None) for name in ("fan-1", "fan-2")]
    both, _ = assess(pack, brought(long))
    assert decided(both, "detection").model == CONDITION_TABLE
    assert "up to 2 of 2 machines" in decided(both, "detection").reasons[0]
    one, _ = assess(pack, brought(long[:1]))
    assert "There is a single machine" in decided(one, "detection").reasons[1]


def test_names_of_features_do_not_hang_on_the_fit() -> None:
    assert fit_names(PACK)[:2] == ("age", "vibration__life_mean")


def _with_remaining(each: LifeTrack) -> LifeTrack:
    left = (each.time_us[-1] - each.time_us)[:, None] / 3.6e9
    values = np.insert(each.rows.values, [2], left, axis=1)
    return replace(each, rows=LifeRows(each.rows.time, values))
