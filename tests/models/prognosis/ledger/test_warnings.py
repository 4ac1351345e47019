from dataclasses import replace

import pytest

from features.domain.events import EventKind
from features.domain.forecasts import Forecast, ForecastStatus
from models.prognosis.ledger.answers import answer
from models.prognosis.ledger.judged import judged
from models.prognosis.ledger.warnings import LeadTime, lead_times
from tests.models.prognosis.forecasts import HOUR, T0, forecast_of
from tests.models.prognosis.ledger.lives import epoch, hours

HORIZON = 168.0


def said(hour: float, chance: float, valid: float = 24.0, asset: str = "p") -> Forecast:
    survival = 1 - chance
    return forecast_of(lambda life: survival, hour, asset=asset, valid_hours=valid, horizons=(HORIZON,))


def told(forecasts: list[Forecast], length: float, end: EventKind | None = EventKind.FAILURE) -> LeadTime:
    life = epoch("p", None if end is None else length, end)
    scores = {each.forecast: each for each in answer([life], forecasts, hours, T0 + length * HOUR).scores}
    (rows,) = judged([(each, scores[each.id]) for each in forecasts if each.id in scores])
    (found,) = lead_times(rows)
    return found


def days(*chances: float) -> list[Forecast]:
    return [said(24.0 * day, chance) for day, chance in enumerate(chances)]


def test_lead_time_runs_from_the_first_warning_that_nothing_took_back() -> None:
    found = told(days(0.1, 0.6, 0.2, 0.7, 0.8, 0.9), 140.0)
    assert found.leads == (140.0 - 72.0,)
    assert (found.failures, found.warned) == (1, 1)


def test_warning_that_did_not_stand_to_the_end_is_none() -> None:
    assert told(days(0.1, 0.9, 0.9, 0.2), 90.0).leads == ()
    assert told(days(0.1, 0.9, 0.2), 60.0).quantile(0.5) == 0.0


def test_an_expired_warning_warns_nobody() -> None:
    late = [said(0.0, 0.9), said(24.0, 0.9), said(50.0, 0.9)]  # nothing was in force from 48 to 50
    assert told(late, 60.0).leads == (10.0,)
    assert told(late, 80.0).leads == ()  # the last one ran out at 74


def test_answer_without_numbers_takes_a_warning_back() -> None:
    silent = replace(said(24.0, 0.9), status=ForecastStatus.STALE, life=None, horizons=())
    assert told([said(0.0, 0.9), silent, said(36.0, 0.9)], 50.0).leads == (14.0,)


@pytest.mark.parametrize(
    ("length", "end", "borne_out", "belied", "unanswered"),
    [
        (150.0, EventKind.FAILURE, 1, 0, 0),
        (250.0, EventKind.FAILURE, 0, 1, 0),
        (150.0, EventKind.PREVENTIVE_REPLACEMENT, 0, 0, 1),
        (150.0, EventKind.END_OF_OBSERVATION, 0, 0, 1),
        (150.0, None, 0, 0, 1),
        (250.0, EventKind.PREVENTIVE_REPLACEMENT, 0, 1, 0),
        (250.0, None, 0, 1, 0),
    ],
)
def test_a_replacement_within_the_horizon_neither_bears_a_warning_out_nor_belies_it(
    length: float, end: EventKind | None, borne_out: int, belied: int, unanswered: int
) -> None:
    found = told(days(0.1, 0.9, 0.1), length, end)
    assert (found.borne_out, found.belied, found.unanswered) == (borne_out, belied, unanswered)


def test_replacements_while_a_warning_stood_are_counted_apart() -> None:
    found = told(days(0.1, 0.9), 40.0, EventKind.PREVENTIVE_REPLACEMENT)
    assert (found.replaced, found.replaced_warned, found.failures) == (1, 1, 0)
    assert told(days(0.1, 0.1), 40.0, EventKind.PREVENTIVE_REPLACEMENT).replaced_warned == 0
    assert found.quantile(0.5) is None
