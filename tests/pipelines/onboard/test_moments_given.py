from pathlib import Path

import polars as pl

from features.domain.time import microseconds, parse_time
from pipelines.onboard.moments_given import given_moments, given_rows, named_assets, written_moment


def test_moments_are_repeated_as_the_folder_writes_them(tmp_path: Path) -> None:
    table = pl.DataFrame({"asset_id": ["a", "b"], "time": ["2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00Z"]})
    table.with_columns(x=1.0).write_csv(tmp_path / "telemetry.csv")
    moment = microseconds(parse_time("2026-03-01T00:00:00Z"))
    found = given_moments(tmp_path, [("a", moment), ("b", moment), ("c", moment)])
    assert found == {("a", moment): "2026-03-01T08:00:00+08:00", ("b", moment): "2026-03-01T00:00:00Z"}
    assert named_assets(tmp_path) == {"a", "b"}


def test_lives_are_repeated_too(tmp_path: Path) -> None:
    pl.DataFrame({"asset_id": ["a", "a"], "life": [7.0, 7.5]}).write_parquet(tmp_path / "telemetry.parquet")
    assert given_moments(tmp_path, [("a", 7_000_000), ("a", 7_500_000)]) == {
        ("a", 7_000_000): "7",
        ("a", 7_500_000): "7.5",
    }


def test_what_the_folder_does_not_write_is_written_plainly() -> None:
    assert written_moment(7_500_000, is_count=True) == "7.5"
    assert written_moment(7_500_000, is_count=False) == "1970-01-01T00:00:07.500000Z"


def test_every_row_that_names_machine_and_moment_is_given_in_its_order(tmp_path: Path) -> None:
    table = pl.DataFrame({"asset_id": ["b", "a", "", "a"], "life": ["2", "1", "3", ""], "x": [None, 1.0, 1.0, 1.0]})
    table.write_csv(tmp_path / "telemetry.csv")
    assert given_rows(tmp_path).rows() == [("b", 2_000_000, "2"), ("a", 1_000_000, "1")]
