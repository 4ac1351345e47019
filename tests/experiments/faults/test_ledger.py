from experiments.faults.ledger import Breaches, Found, Ledger


def ledger(*acknowledged: int, offered: tuple[int, ...] = ()) -> Ledger:
    kept = Ledger()
    kept.offered.update([*acknowledged, *offered])
    kept.acknowledged.update(acknowledged)
    return kept


def test_what_is_pending_aside_or_delivered_is_not_lost() -> None:
    found = Found(pending=[(4, 1)], aside=[(5, 2)], effects={3: 1})
    assert not ledger(1, 2, 3).judge(found).any()


def test_acknowledged_record_that_is_nowhere_is_lost_and_counted_once() -> None:
    kept, found = ledger(1, 2), Found(pending=[(1, 1)], aside=[], effects={})
    assert kept.judge(found) == Breaches(lost=1)
    assert kept.judge(found) == Breaches()


def test_record_without_an_answer_may_be_there_or_not() -> None:
    for found in (Found([(1, 9)], [], {}), Found([], [], {})):
        assert not ledger(offered=(9,)).judge(found).any()


def test_record_that_nobody_offered_or_with_other_bytes_is_invented() -> None:
    found = Found(pending=[(1, 1), (2, 77), (3, None)], aside=[], effects={}, wrong=1)
    assert ledger(1).judge(found) == Breaches(invented=3)


def test_second_copy_or_second_effect_is_a_duplicate_unless_it_was_sent_twice() -> None:
    assert ledger(1).judge(Found([(1, 1), (2, 1)], [], {})).duplicated == 1
    assert ledger(1).judge(Found([], [], {1: 2})).duplicated == 1
    assert ledger(1, offered=(1,)).judge(Found([(1, 1), (2, 1)], [], {})).duplicated == 0


def test_offset_that_comes_to_stand_for_another_record_is_found() -> None:
    kept = ledger(1, 2)
    assert not kept.judge(Found([(7, 1)], [], {2: 1})).any()
    assert kept.judge(Found([(7, 2)], [], {1: 1, 2: 1})).duplicated == 1


def test_delivered_but_pending_is_fine_until_all_is_drained() -> None:
    kept = ledger(1, 2)
    assert not kept.judge(Found([(2, 2)], [], {1: 1, 2: 1})).any()
    assert kept.judge_drained(Found([], [], {1: 1})).lost == 1


def test_poison_ends_aside_and_never_in_the_sink() -> None:
    assert not ledger(17).judge_drained(Found([], [(1, 17)], {})).any()
    assert ledger(17).judge_drained(Found([], [], {17: 1})).invented == 1


def test_removed_poison_is_not_missed() -> None:
    kept = ledger(17)
    kept.removed.add(17)
    assert not kept.judge(Found([], [], {})).any()
