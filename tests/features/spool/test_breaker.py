from features.spool.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def breaker(clock: Clock, share: float = 1.0) -> Breaker:
    return Breaker(
        failures_to_open=3, first_pause_seconds=1.0, longest_pause_seconds=10.0, clock=clock, random=lambda: share
    )


def test_pauses_double_up_to_the_longest() -> None:
    clock = Clock()
    each = breaker(clock)
    pauses = []
    for _ in range(6):
        each.failed()
        pauses.append(each.pause_seconds)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_the_jitter_is_full_while_closed_and_half_while_open() -> None:
    clock = Clock()
    each = breaker(clock, share=0.0)
    pauses = []
    for _ in range(4):
        each.failed()
        pauses.append(each.pause_seconds)
    assert pauses == [0.0, 0.0, 2.0, 4.0]


def test_it_opens_is_half_open_after_the_pause_and_closes_when_it_worked() -> None:
    clock = Clock()
    each = breaker(clock)
    assert [each.failed(), each.failed()] == [False, False]
    assert str(each.state) == "closed"
    assert each.failed()
    assert str(each.state) == "open"
    clock.now += 4.0
    assert str(each.state) == "half_open"
    assert not each.failed()
    assert str(each.state) == "open"
    clock.now += 8.0
    assert each.worked()
    assert str(each.state) == "closed"
    assert not each.worked()


def test_a_pause_that_the_store_asked_for_is_kept() -> None:
    each = breaker(Clock(), share=0.0)
    each.failed(at_least_seconds=7.0)
    assert each.pause_seconds == 7.0


def test_a_thousand_failures_overflow_nothing() -> None:
    each = breaker(Clock())
    for _ in range(2000):
        each.failed()
    assert each.pause_seconds == 10.0
