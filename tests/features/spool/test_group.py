import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from features.spool.errors import SpoolBusy, SpoolFault, SpoolUnavailable
from features.spool.group import GROUP_BYTES, Batch, GroupCommit


def batch(size: int = 10) -> Batch:
    return Batch([(b"digest", bytes(size))])


class Slow:
    """Commits nothing until it is told to, and remembers the groups."""

    def __init__(self, answer: Callable[[Sequence[Batch]], None]) -> None:
        self.groups: list[int] = []
        self.begun = threading.Event()
        self.may_go = threading.Event()
        self._answer = answer

    def __call__(self, group: Sequence[Batch]) -> None:
        self.groups.append(len(group))
        self.begun.set()
        assert self.may_go.wait(10)
        self._answer(group)


def settle(group: Sequence[Batch]) -> None:
    for place, each in enumerate(group, 1):
        each.settle(place)


def run_together(commit: Slow, followers: Sequence[Batch], limit: int = 2**30) -> list[Future[int]]:
    """Let one thread lead, and the others line up behind it before it goes on."""
    groups = GroupCommit(commit, limit)
    with ThreadPoolExecutor(len(followers) + 1) as threads:
        first = threads.submit(groups.run, batch())
        assert commit.begun.wait(10)
        others = [threads.submit(groups.run, each) for each in followers]
        while groups.line_length < len(followers):
            pass
        commit.may_go.set()
    return [first, *others]


def test_those_who_wait_are_committed_together() -> None:
    commit = Slow(settle)
    answers = run_together(commit, [batch() for _ in range(15)])
    assert commit.groups == [1, 15]
    assert sorted(each.result() for each in answers) == [1, *range(1, 16)]


def test_a_group_is_bounded_and_a_large_batch_goes_alone() -> None:
    commit = Slow(settle)
    answers = run_together(commit, [batch(GROUP_BYTES * 2), batch(GROUP_BYTES), batch(1)])
    assert sum(commit.groups) == 4
    assert max(commit.groups) == 1
    assert [each.result() for each in answers] == [1, 1, 1, 1]


@pytest.mark.parametrize("error", [SpoolUnavailable("locked"), RuntimeError("a defect"), KeyboardInterrupt()])
def test_a_failure_reaches_everyone_in_the_group(error: BaseException) -> None:
    def fail(group: Sequence[Batch]) -> None:
        if len(group) == 1:
            return settle(group)
        raise error

    commit = Slow(fail)
    first, *others = run_together(commit, [batch() for _ in range(5)])
    assert first.result() == 1
    found = [each.exception(timeout=1) for each in others]
    assert all(isinstance(each, (SpoolUnavailable, SpoolFault, type(error))) for each in found)
    assert commit.groups == [1, 5]


def test_a_batch_that_is_left_without_an_answer_fails() -> None:
    with pytest.raises(SpoolFault, match="without an answer"):
        GroupCommit(lambda group: None, 100).run(batch())


def test_a_failed_group_leaves_the_line_open_for_the_next() -> None:
    groups = GroupCommit(lambda group: settle(group) if group[0].size < 50 else None, 60)
    for _ in range(3):
        with pytest.raises(SpoolFault):
            groups.run(batch(50))
        assert groups.run(batch(10)) == 1


def test_what_lines_up_is_bounded() -> None:
    commit = Slow(settle)
    groups = GroupCommit(commit, 25)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(groups.run, batch(10))
        assert commit.begun.wait(10)
        second = threads.submit(groups.run, batch(10))
        while groups.line_length < 1:
            pass
        with pytest.raises(SpoolBusy, match="in memory") as caught:
            groups.run(batch(10))
        assert (caught.value.pending_bytes, caught.value.limit_bytes) == (20, 25)
        commit.may_go.set()
        assert (first.result(), second.result()) == (1, 1)
    assert groups.run(batch(25)) == 1
