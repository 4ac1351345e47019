from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from features.domain.events import Event, EventKind
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import AssetId
from features.domain.scores import Outcome
from features.records.database import open_records
from features.records.forecasts import ForecastLedger
from features.records.scores import ScoreRecords
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.ledger.scoring import LedgerScoring, Scored, known_lives, lives_by_asset
from tests.models.prognosis.forecasts import forecast_of
from tests.pipelines.building.machines import COUNTER, MINE, at, fan, track
from tests.pipelines.worker.stores import readings, record

A = AssetId("a")
PACK = fan(COUNTER)


def said(hour: float, asset: str = "a") -> Forecast:
    made = forecast_of(lambda life: 0.8, asset=asset, name=f"{asset}-{hour:g}", horizons=(24.0, 72.0), cap=120.0)
    return replace(made, tenant=MINE, issued_at=at(hour), valid_until=at(hour + 6), age_of_data_seconds=60.0)


@pytest.fixture
def scoring(tmp_path: Path) -> Iterator[LedgerScoring]:
    telemetry = SqliteTelemetryStore(tmp_path / "telemetry.sqlite")
    with LedgerScoring(open_records(f"sqlite:///{tmp_path / 'records.sqlite'}"), telemetry, MINE, PACK) as opened:
        telemetry.write(MINE, readings(PACK, track(PACK, "a", 100)))
        ForecastLedger(opened.records).append_all([(said(hour), b"") for hour in (10.0, 40.0, 70.0)])
        yield opened


def look(scoring: LedgerScoring) -> int:
    return scoring.catch_up(lives_by_asset(scoring.records, MINE, [A]))


def recorded(scoring: LedgerScoring) -> list[tuple[str, Outcome, float]]:
    return [(each.forecast, each.outcome, each.lived) for each in ScoreRecords(scoring.records).scores(MINE)]


def test_scores_are_recorded_as_a_life_ends_and_not_before(scoring: LedgerScoring) -> None:
    record(scoring.records, PACK, "a")
    assert look(scoring) == 0
    assert recorded(scoring) == []
    record(scoring.records, PACK, "a", [Event(MINE, A, at(63), EventKind.FAILURE)])
    assert look(scoring) == 1
    # it stands still every seventh hour: after hour 10, and up to hour 63, it runs for 45
    scores = recorded(scoring)
    assert [(name, outcome) for name, outcome, _ in scores] == [("a-10", Outcome.FAILURE), ("a-40", Outcome.FAILURE)]
    assert [lived for *_, lived in scores] == [45.0, 19.0]
    assert [each.length for each in ScoreRecords(scoring.records).ended(MINE)] == [54.0]
    assert look(scoring) == 0


def test_late_event_and_its_correction_are_scored_anew_and_repetition_changes_nothing(scoring: LedgerScoring) -> None:
    record(scoring.records, PACK, "a", [Event(MINE, A, at(63), EventKind.FAILURE)])
    look(scoring)
    first = recorded(scoring)
    record(scoring.records, PACK, "a", [Event(MINE, A, at(30), EventKind.PREVENTIVE_REPLACEMENT)])
    assert look(scoring) == 1
    assert [(name, outcome) for name, outcome, _ in recorded(scoring)] == [("a-10", Outcome.REPLACED)]
    record(scoring.records, PACK, "a", [Event(MINE, A, at(63), EventKind.FAILURE)])
    assert look(scoring) == 1
    assert recorded(scoring) == first
    lives = lives_by_asset(scoring.records, MINE, [A])
    assert scoring.catch_up(lives, again=True) == 1
    assert recorded(scoring) == first
    record(scoring.records, PACK, "a")  # the event was withdrawn
    assert look(scoring) == 1
    assert recorded(scoring) == []


def test_scoring_goes_on_after_a_restart_where_it_was(scoring: LedgerScoring) -> None:
    record(scoring.records, PACK, "a", [Event(MINE, A, at(63), EventKind.FAILURE)])
    look(scoring)
    again = LedgerScoring(scoring.records, scoring.telemetry, MINE, PACK)
    assert look(again) == 0


def test_no_more_assets_are_scored_at_once_than_asked(scoring: LedgerScoring) -> None:
    for name in ("a", "b", "c"):
        record(scoring.records, PACK, name, [Event(MINE, AssetId(name), at(63), EventKind.FAILURE)])
    lives = lives_by_asset(scoring.records, MINE, [AssetId(each) for each in ("a", "b", "c")])
    assert [scoring.catch_up(lives, 2), scoring.catch_up(lives, 2), scoring.catch_up(lives, 2)] == [2, 1, 0]


def test_report_says_of_ended_lives_what_is_on_record(scoring: LedgerScoring) -> None:
    record(scoring.records, PACK, "a", [Event(MINE, A, at(63), EventKind.FAILURE)])
    look(scoring)
    lives, found = lives_by_asset(scoring.records, MINE, [A])[A], Scored()
    found.take(*scoring.answers(A, lives, at(75)))
    ended = [score for _, score in found.pairs if score.outcome is not Outcome.RUNNING]
    assert ended == ScoreRecords(scoring.records).scores(MINE, A)
    assert [score.outcome for _, score in found.pairs] == [Outcome.FAILURE, Outcome.FAILURE, Outcome.RUNNING]


def test_forecasts_without_numbers_are_counted_and_since_leaves_earlier_ones_out(scoring: LedgerScoring) -> None:
    silent = replace(said(50.0), status=ForecastStatus.STALE, life=None, horizons=(), reason="data_too_old: no")
    ForecastLedger(scoring.records).append(silent, b"")
    record(scoring.records, PACK, "a")
    answers = scoring.answers(A, lives_by_asset(scoring.records, MINE, [A])[A], at(75))
    every, late = Scored(), Scored()
    every.take(*answers)
    late.take(*answers, at(40))
    assert (len(every.pairs), every.unscored) == (3, {"stale": 1})
    assert [forecast.id for forecast, _ in late.pairs] == ["a-40", "a-70"]


def test_lives_are_known_as_they_were_when_the_first_forecast_was_issued(scoring: LedgerScoring) -> None:
    ends = [Event(MINE, A, at(hour), EventKind.FAILURE) for hour in (5, 63)]
    record(scoring.records, PACK, "a", ends)
    found = Scored()
    found.take(*scoring.answers(A, lives_by_asset(scoring.records, MINE, [A])[A], at(75)))
    known = known_lives(scoring, found)
    assert [(each.life.ended_at, each.is_failure) for each in known] == [(at(5), True), (at(10), False)]
    assert [each.length for each in known] == [5.0, 4.0]  # of hours 6 to 10 the first only begins it
