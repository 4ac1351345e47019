from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from features.domain.conditions import ConditionVerdict
from features.domain.forecasts import ForecastStatus
from serving.fleet import standing
from serving.languages import Words
from serving.watch_views import WatchTile, watch_tiles
from tests.serving.conftest import ClientFor
from tests.serving.fakes import NOW, asset, condition, forecast, house


def tiles(verdicts: Sequence[ConditionVerdict | None]) -> tuple[WatchTile, ...]:
    standings = [
        standing(
            asset(f"p-{number}"),
            forecast(f"p-{number}", None, status=ForecastStatus.NO_MODEL),
            None if verdict is None else condition(f"p-{number}", verdict),
        )
        for number, verdict in enumerate(verdicts)
    ]
    return watch_tiles(standings, Words("en", ZoneInfo("UTC"), NOW))


def test_every_machine_counts_once_what_asks_for_somebody_first() -> None:
    every = [None, *ConditionVerdict, ConditionVerdict.MACHINE]
    found = tiles(every)
    assert [(each.tone, each.count) for each in found] == [("act", 2), ("plan", 2), ("unknown", 3), ("quiet", 1)]
    assert sum(each.count for each in found) == len(every)


def test_a_machine_that_begins_to_stray_is_not_counted_as_usual() -> None:
    begins = replace(condition("p-0", ConditionVerdict.NORMAL), score=2.34)
    one = standing(asset("p-0"), forecast("p-0", None, status=ForecastStatus.NO_MODEL), begins)
    assert [each.count for each in watch_tiles([one], Words("en", ZoneInfo("UTC"), NOW))] == [0, 0, 1, 0]


@pytest.mark.parametrize("status", [ForecastStatus.NO_MODEL, ForecastStatus.INSUFFICIENT])
def test_the_fleet_is_told_by_conditions_only_where_nothing_forecasts(
    client_for: ClientFor, status: ForecastStatus
) -> None:
    made = house([asset("p-01"), asset("p-02")], [forecast(each, None, status=status) for each in ("p-01", "p-02")])
    made.conditions.conditions = [condition("p-01", ConditionVerdict.MACHINE)]
    page = client_for(made).get("/?lang=en").text
    assert ("Machine deviates" in page) is (status is ForecastStatus.NO_MODEL)
    assert ("failure within" in page) is (status is not ForecastStatus.NO_MODEL)
    assert ('name="attention"' in page) is (status is not ForecastStatus.NO_MODEL)
