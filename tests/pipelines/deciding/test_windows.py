from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.domain.errors import InvalidValue, NaiveTime
from features.domain.identifiers import TenantId
from features.domain.windows import WorkWindow
from pipelines.deciding.windows import parse_windows, read_windows

MINE = TenantId("mine")
START = datetime(2026, 12, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "hours"),
    [("PT8H", 8.0), ("P1D", 24.0), ("P1W", 168.0), ("P1DT1H30M", 25.5), ("2026-12-01T08:00+01:00", 1.0)],
)
def test_intervals_are_a_start_and_an_end_or_a_length(length: str, hours: float) -> None:
    found = parse_windows(f"2026-12-01T06:00Z/{length}, 2026-12-03T06:00:00Z/PT1H", MINE)
    assert found[0] == WorkWindow(MINE, "", START, START + timedelta(hours=hours))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("2026-12-01T06:00/PT8H", NaiveTime),
        ("2026-12-01T06:00Z", InvalidValue),
        ("2026-12-01T06:00Z/P", InvalidValue),
        ("2026-12-01T06:00Z/PT0H", InvalidValue),
        ("2026-12-01T06:00Z/8 hours", InvalidValue),
    ],
)
def test_what_is_no_interval_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_windows(text, MINE)


def test_file_has_a_site_a_start_and_an_end_or_a_length(tmp_path: Path) -> None:
    file = tmp_path / "windows.csv"
    file.write_text("site,start,end\nNorth,2026-12-01T06:00:00Z,PT8H\n,2026-12-02T06:00:00Z,2026-12-02T07:00:00Z\n")
    found = read_windows(file, MINE)
    assert [(each.site, each.start, each.end - each.start) for each in found] == [
        ("North", START, timedelta(hours=8)),
        ("", START + timedelta(days=1), timedelta(hours=1)),
    ]


@pytest.mark.parametrize(
    "content", ["site,start\nNorth,2026-12-01T06:00Z\n", "site,start,end\nNorth,2026-12-01T06:00Z\n"]
)
def test_file_that_lacks_something_names_the_line(content: str, tmp_path: Path) -> None:
    file = tmp_path / "windows.csv"
    file.write_text(content)
    with pytest.raises(InvalidValue, match="line 2"):
        read_windows(file, MINE)
    with pytest.raises(InvalidValue, match="can be read"):
        read_windows(tmp_path / "none.csv", MINE)
