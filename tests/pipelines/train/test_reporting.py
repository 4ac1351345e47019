import torch

from pipelines.train.reporting import ReportClock, agreed


class Time:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_report_is_due_when_its_time_has_come_and_after_the_last_epoch() -> None:
    time = Time()
    clock, due = ReportClock(2.0, time), []
    for epoch in range(10):
        time.seconds += 0.75
        due.append(clock.is_due(is_last=epoch == 9))
    assert due == [False, False, True] * 3 + [True]


def test_epoch_that_takes_longer_is_reported_at_once() -> None:
    time = Time()
    clock = ReportClock(2.0, time)
    for _ in range(3):
        time.seconds += 5.0
        assert clock.is_due(is_last=False)
    assert not clock.is_due(is_last=False)


def test_no_time_at_all_means_every_epoch() -> None:
    clock = ReportClock(0.0, Time())
    assert [clock.is_due(is_last=False) for _ in range(3)] == [True] * 3


def test_worker_alone_agrees_with_itself() -> None:
    assert agreed(True, torch.device("cpu"))
    assert not agreed(False, torch.device("cpu"))
