from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.domain.assets import Asset
from features.domain.events import EventKind, LifeEpoch
from features.domain.identifiers import AssetId, TenantId
from features.domain.scores import EndedLife, ForecastScore, Outcome, outcome_of
from features.records.assets import AssetRecords
from features.records.errors import ConflictingRecord
from features.records.scores import ScoreRecords

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
P01, P02 = AssetId("p-01"), AssetId("p-02")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
LIFE = EndedLife(LifeEpoch(MINE, P01, 0, T0, T0 + timedelta(days=9), EventKind.FAILURE, "bearing_wear"), 216.0)
END = LIFE.life.ended_at or T0
SCORE = ForecastScore(MINE, "f-1", P01, 0, T0 + timedelta(days=2), END, Outcome.FAILURE, 48.0, 168.0, 86_400.0)


@pytest.fixture
def scores(records: Engine) -> ScoreRecords:
    return ScoreRecords(records)


def test_lives_and_scores_come_back_as_they_were(scores: ScoreRecords) -> None:
    later = replace(SCORE, forecast="f-0", issued_at=SCORE.issued_at + timedelta(days=1))
    scores.replace(MINE, P01, [LIFE], [later, SCORE])
    assert scores.ended(MINE) == [LIFE]
    assert scores.scores(MINE) == [SCORE, later]
    assert scores.scores(MINE, P02) == []


def test_what_is_put_on_record_takes_the_place_of_what_was_there(scores: ScoreRecords) -> None:
    scores.replace(MINE, P01, [LIFE], [SCORE])
    corrected = replace(SCORE, lived=100.0)
    scores.replace(MINE, P01, [replace(LIFE, length=148.0)], [corrected])
    scores.replace(MINE, P01, [replace(LIFE, length=148.0)], [corrected])
    assert scores.scores(MINE) == [corrected]
    assert [each.length for each in scores.ended(MINE)] == [148.0]
    scores.replace(MINE, P01, [], [])
    assert (scores.ended(MINE), scores.scores(MINE)) == ([], [])


def test_nobody_sees_or_replaces_what_is_anothers(scores: ScoreRecords) -> None:
    scores.replace(MINE, P01, [LIFE], [SCORE])
    scores.replace(THEIRS, P01, [], [])
    assert scores.scores(MINE) == [SCORE]
    assert (scores.ended(THEIRS), scores.scores(THEIRS)) == ([], [])
    with pytest.raises(ConflictingRecord, match="belong to it"):
        scores.replace(THEIRS, P01, [], [SCORE])
    with pytest.raises(ConflictingRecord, match="belong to it"):
        scores.replace(MINE, P02, [LIFE], [])


def test_lives_of_one_type_of_machine_alone(scores: ScoreRecords, records: Engine) -> None:
    AssetRecords(records).put(Asset(MINE, P01, "pump"))
    AssetRecords(records).put(Asset(MINE, P02, "fan"))
    other = EndedLife(replace(LIFE.life, asset=P02), 7.0)
    scores.replace(MINE, P01, [LIFE], [])
    scores.replace(MINE, P02, [other], [])
    assert scores.ended(MINE, "pump") == [LIFE]
    assert scores.ended(MINE) == [LIFE, other]


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (None, Outcome.RUNNING),
        (EventKind.FAILURE, Outcome.FAILURE),
        (EventKind.PREVENTIVE_REPLACEMENT, Outcome.REPLACED),
        (EventKind.PART_REPLACED, Outcome.CENSORED),
        (EventKind.END_OF_OBSERVATION, Outcome.CENSORED),
    ],
)
def test_only_a_failure_is_one(end: EventKind | None, outcome: Outcome) -> None:
    assert outcome_of(replace(LIFE.life, end=end)) is outcome
