from pipelines.building.build import fit_specification
from pipelines.onboard.label_table import label_table
from pipelines.onboard.splits import MOST_FOLDS, protocol_of
from tests.pipelines.onboard.machines import PACK, fleet, one_fan


def test_no_machine_is_on_both_sides_and_each_is_judged_once() -> None:
    tracks = fleet(10)
    protocol = protocol_of(PACK, tracks)
    judged = [track.epoch.asset for fold in protocol.folds for track in fold.judged]
    assert sorted(judged) == sorted(track.epoch.asset for track in tracks)
    assert len(protocol.folds) == MOST_FOLDS
    for fold in protocol.folds:
        assert not {each.epoch.asset for each in fold.training} & {each.epoch.asset for each in fold.judged}


def test_failures_are_dealt_over_folds() -> None:
    folds = protocol_of(PACK, fleet(8, others=8)).folds
    assert [sum(track.epoch.is_failure for track in fold.judged) for fold in folds] == [1] * MOST_FOLDS


def test_single_machine_is_judged_in_blocks_of_time_with_an_embargo_and_says_so() -> None:
    tracks = one_fan(5)
    protocol = protocol_of(PACK, tracks)
    assert "single machine" in protocol.words
    assert "20 hours" in protocol.words
    table = label_table(PACK, fit_specification(PACK, tracks), tracks)
    embargo_us = 20 * 3_600_000_000
    for fold in protocol.folds:
        kept = fold.kept(table)
        first, last = fold.judged[0].time_us[0], fold.judged[-1].time_us[-1]
        outside = (kept.time_us < first - embargo_us) | (kept.time_us > last + embargo_us)
        assert outside.all()
        assert 0 < len(kept.rows) < len(table.rows)


def test_machines_need_no_embargo() -> None:
    tracks = fleet(4)
    table = label_table(PACK, fit_specification(PACK, tracks), tracks)
    assert protocol_of(PACK, tracks).folds[0].kept(table) is table
