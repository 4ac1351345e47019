from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.events import EventKind, LifeEpoch
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.scores import Outcome
from models.prognosis.ledger.answers import Answers, answer
from tests.models.prognosis.forecasts import HOUR, T0, forecast_of
from tests.models.prognosis.ledger.lives import epoch, hours

LATER = T0 + 10_000 * HOUR


def said(hour: float, name: str | None = None, valid: float = 24.0, age: float = 0.0) -> Forecast:
    found = forecast_of(lambda life: 0.5, hour, name=name, valid_hours=valid, horizons=(168.0,))
    return replace(found, age_of_data_seconds=age * 3600)


def silent(hour: float, status: ForecastStatus = ForecastStatus.STALE) -> Forecast:
    return replace(said(hour), status=status, horizons=(), life=None, reason="no")


def answered(lives: list[LifeEpoch], forecasts: list[Forecast], as_of: datetime = LATER) -> Answers:
    return answer(lives, forecasts, hours, as_of)


def following(life: LifeEpoch) -> LifeEpoch:
    assert life.ended_at is not None
    return replace(life, number=life.number + 1, started_at=life.ended_at, ended_at=None, end=None)


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (EventKind.FAILURE, Outcome.FAILURE),
        (EventKind.PREVENTIVE_REPLACEMENT, Outcome.REPLACED),
        (EventKind.PART_REPLACED, Outcome.CENSORED),
    ],
)
def test_forecast_is_answered_by_what_ended_its_life(end: EventKind, outcome: Outcome) -> None:
    (score,) = answered([epoch("p", 100.0, end)], [said(40.0)]).scores
    assert (score.outcome, score.age, score.lived, score.held_seconds) == (outcome, 40.0, 60.0, 24 * 3600.0)


def test_life_that_goes_on_answers_so_far() -> None:
    (score,) = answered([epoch("p", None)], [said(40.0)], T0 + 50 * HOUR).scores
    assert (score.outcome, score.lived, score.held_seconds) == (Outcome.RUNNING, 10.0, 10 * 3600.0)
    assert score.until == T0 + 50 * HOUR


def test_forecast_is_in_force_until_the_next_its_expiry_or_the_end_whichever_is_first() -> None:
    found = answered([epoch("p", 70.0)], [said(0.0), said(10.0), silent(15.0), said(30.0), said(60.0)])
    assert [each.held_seconds / 3600 for each in found.scores] == [10.0, 5.0, 24.0, 10.0]
    assert found.unscored == {"stale": 1}


def test_only_forecasts_with_numbers_are_scored_and_the_others_counted_by_status() -> None:
    issued = [silent(1.0), silent(2.0), silent(3.0, ForecastStatus.SENSOR_FAULT), said(4.0)]
    found = answered([epoch("p", 70.0)], issued)
    assert (len(found.scores), found.unscored) == (1, {"stale": 2, "sensor_fault": 1})


def test_forecast_made_of_readings_of_the_life_before_is_overtaken() -> None:
    first = epoch("p", 50.0)
    issued = [said(51.0, age=2.0), said(60.0, age=3.0)]
    found = answered([first, following(first)], issued, T0 + 90 * HOUR)
    assert [(each.issued_at, each.life_number, each.lived) for each in found.scores] == [(T0 + 60 * HOUR, 1, 30.0)]
    assert found.unscored == {"overtaken": 1}


def test_what_was_issued_when_nothing_was_left_or_nobody_looked_belongs_to_no_life() -> None:
    closed = epoch("p", 50.0, EventKind.END_OF_OBSERVATION)
    found = answered([closed], [said(50.0), said(60.0), silent(61.0)])
    assert (found.scores, found.unscored) == ([], {"no_life": 2, "stale": 1})


def test_event_that_comes_late_changes_the_answers_and_asking_twice_does_not() -> None:
    issued = [said(hour) for hour in (0.0, 24.0, 48.0)]
    before = answered([epoch("p", None)], issued, T0 + 60 * HOUR)
    failed = epoch("p", 30.0)
    after = answered([failed, following(failed)], [replace(each, age_of_data_seconds=3.0) for each in issued])
    assert [each.outcome for each in before.scores] == [Outcome.RUNNING] * 3
    assert [(each.outcome, each.lived) for each in after.scores[:2]] == [
        (Outcome.FAILURE, 30.0),
        (Outcome.FAILURE, 6.0),
    ]
    assert answered([epoch("p", None)], issued, T0 + 60 * HOUR) == before


@given(
    moments=st.lists(st.tuples(st.integers(0, 100), st.integers(1, 40), st.booleans()), max_size=12),
    ends=st.lists(st.integers(1, 100), max_size=3, unique=True).map(sorted),
)
def test_every_forecast_is_scored_once_or_counted_once_and_never_beyond_its_expiry(
    moments: list[tuple[int, int, bool]], ends: list[int]
) -> None:
    issued = [
        said(hour, name=f"f{place}", valid=valid) if has_numbers else replace(silent(hour), id=f"f{place}")
        for place, (hour, valid, has_numbers) in enumerate(sorted(moments))
    ]
    bounds = [T0 + hour * HOUR for hour in (0, *ends)]
    lives = [
        replace(epoch("p", None if end is None else 1.0), number=number, started_at=start, ended_at=end)
        for number, (start, end) in enumerate(zip(bounds, [*bounds[1:], None], strict=True))
    ]
    found = answered(lives, issued, T0 + 200 * HOUR)
    assert len(found.scores) + found.unscored.total() == len(issued)
    assert max(Counter(each.forecast for each in found.scores).values(), default=1) == 1
    by_id = {each.id: each for each in issued}
    for score in found.scores:
        forecast = by_id[score.forecast]
        assert timedelta(seconds=score.held_seconds) <= forecast.valid_until - forecast.issued_at
    spans = [(each.issued_at, each.issued_at + timedelta(seconds=each.held_seconds)) for each in found.scores]
    assert all(one[1] <= two[0] for one, two in pairwise(spans))  # never two in force at once
