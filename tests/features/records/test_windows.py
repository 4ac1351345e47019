from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.domain.errors import InvalidValue
from features.domain.identifiers import TenantId
from features.domain.windows import WorkWindow
from features.records.errors import ConflictingRecord
from features.records.windows import WindowRecords

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def window(site: str, hour: float, tenant: TenantId = MINE) -> WorkWindow:
    return WorkWindow(tenant, site, T0 + hour * HOUR, T0 + (hour + 8) * HOUR)


@pytest.fixture
def windows(records: Engine) -> WindowRecords:
    return WindowRecords(records)


def test_a_site_has_its_own_windows_and_those_of_every_site_until_they_close(windows: WindowRecords) -> None:
    north, south, everywhere = window("north", 24), window("south", 10), window("", 2)
    windows.replace(MINE, [north, south, everywhere])
    assert windows.list_open(MINE, "north", T0) == [everywhere, north]
    assert windows.list_open(MINE, None, T0) == [everywhere]
    assert windows.list_open(MINE, "north", everywhere.end - timedelta(microseconds=1)) == [everywhere, north]
    assert windows.list_open(MINE, "north", everywhere.end) == [north]
    assert windows.list_all(MINE) == [everywhere, north, south]


def test_windows_take_the_place_of_those_there_and_of_nobody_elses(windows: WindowRecords) -> None:
    windows.replace(MINE, [window("north", 1)])
    windows.replace(THEIRS, [window("north", 5, THEIRS)])
    windows.replace(MINE, [window("north", 2)])
    assert windows.list_all(MINE) == [window("north", 2)]
    assert windows.list_all(THEIRS) == [window("north", 5, THEIRS)]
    with pytest.raises(ConflictingRecord, match="one tenant"):
        windows.replace(MINE, [window("north", 5, THEIRS)])
    with pytest.raises(ConflictingRecord):
        windows.replace(MINE, [window("north", 5), window("north", 5)])
    assert windows.list_all(MINE) == [window("north", 2)]


def test_a_window_without_time_is_refused() -> None:
    with pytest.raises(InvalidValue, match="close after it opens"):
        WorkWindow(MINE, "", T0, T0)
