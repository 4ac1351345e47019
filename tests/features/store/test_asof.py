"""The point-in-time join against a double loop that says plainly what it must do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.store.asof import point_in_time
from features.store.versions import newest_of

T0 = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = ["tenant", "asset"]
_KEY = {"tenant": pl.String(), "asset": pl.String()}
_TIME = pl.Datetime("us", "UTC")
LABELS = pl.Schema({**_KEY, "at": _TIME, "note": pl.Int64()})
ROWS = pl.Schema({**_KEY, "event": _TIME, "created": _TIME, "x": pl.Int64(), "y": pl.Float64()})


def hour(count: float) -> datetime:
    return T0 + timedelta(hours=count)


def labels(*rows: tuple[str, str, float]) -> pl.DataFrame:
    numbered = [(tenant, asset, hour(at), index) for index, (tenant, asset, at) in enumerate(rows)]
    return pl.DataFrame(numbered, schema=LABELS, orient="row")


def rows(*made: tuple[str, str, float, float, int]) -> pl.DataFrame:
    """Return feature rows: tenant, asset, hour of the event, hours until it was created, value."""
    listed = [(tenant, asset, hour(at), hour(at + late), x, x / 2) for tenant, asset, at, late, x in made]
    return pl.DataFrame(listed, schema=ROWS, orient="row")


def joined(left: pl.DataFrame, right: pl.DataFrame, ttl_hours: float | None, only_known: bool = True) -> pl.DataFrame:
    ttl = None if ttl_hours is None else timedelta(hours=ttl_hours)
    return point_in_time(left, right, KEYS, "at", "event", "created", ttl, only_known)


def answers(
    left: pl.DataFrame, right: pl.DataFrame, ttl_hours: float | None, only_known: bool
) -> list[set[tuple[int | None, float | None]]]:
    """Return for every label the values that a join may give; several only where event and creation tie."""
    result = []
    for label in left.iter_rows(named=True):
        best: list[dict[str, Any]] = []
        for row in right.iter_rows(named=True):
            if any(row[key] != label[key] for key in KEYS) or row["event"] > label["at"]:
                continue
            if ttl_hours is not None and label["at"] - row["event"] > timedelta(hours=ttl_hours):
                continue
            if only_known and row["created"] > label["at"]:
                continue
            if not best or (row["event"], row["created"]) > (best[0]["event"], best[0]["created"]):
                best = [row]
            elif (row["event"], row["created"]) == (best[0]["event"], best[0]["created"]):
                best.append(row)
        result.append({(row["x"], row["y"]) for row in best} or {(None, None)})
    return result


KEY = st.tuples(st.sampled_from(["mine", "yours"]), st.sampled_from(["a", "b"]))
LABEL_LISTS = st.lists(st.tuples(KEY, st.integers(-2, 12)), max_size=8)
ROW_LISTS = st.lists(
    st.tuples(KEY, st.integers(0, 10), st.sampled_from([0, 0, 1, 3, 9]), st.integers(0, 99)), max_size=14
)


@settings(max_examples=120, deadline=None)
@given(LABEL_LISTS, ROW_LISTS, st.sampled_from([None, 1, 3, 100]), st.booleans())
def test_join_is_that_of_the_double_loop(
    asked: list[tuple[tuple[str, str], int]],
    made: list[tuple[tuple[str, str], int, int, int]],
    ttl: int | None,
    only_known: bool,
) -> None:
    left = labels(*((*key, at) for key, at in asked))
    right = rows(*((*key, at, late, x) for key, at, late, x in made))
    result = joined(left, right, ttl, only_known)
    assert result.select(left.columns).equals(left)
    allowed = answers(left, right, ttl, only_known)
    found = list(result.select("x", "y").iter_rows())
    assert all(one in some for one, some in zip(found, allowed, strict=True)), (found, allowed)


def test_age_of_exactly_ttl_still_counts() -> None:
    right = rows(("mine", "a", 0, 0, 7))
    left = labels(("mine", "a", 3), ("mine", "a", 3 + 1 / 3.6e9))
    assert joined(left, right, 3)["x"].to_list() == [7, None]


def test_row_of_the_label_s_own_moment_counts() -> None:
    assert joined(labels(("mine", "a", 5)), rows(("mine", "a", 5, 0, 7)), 3)["x"].to_list() == [7]


def test_label_before_any_row_is_kept_with_nothing() -> None:
    result = joined(labels(("mine", "a", -1), ("mine", "z", 5)), rows(("mine", "a", 0, 0, 7)), None)
    assert result["x"].to_list() == [None, None]
    assert result["note"].to_list() == [0, 1]


def test_later_correction_does_not_leak_unless_it_is_asked_for() -> None:
    right = rows(("mine", "a", 0, 0, 1), ("mine", "a", 0, 4, 2))
    left = labels(("mine", "a", 3), ("mine", "a", 4))
    assert joined(left, right, None)["x"].to_list() == [1, 2]
    assert joined(left, right, None, only_known=False)["x"].to_list() == [2, 2]


def test_row_written_late_gives_way_to_an_older_one_that_was_known() -> None:
    right = rows(("mine", "a", 0, 0, 1), ("mine", "a", 2, 5, 2))
    assert joined(labels(("mine", "a", 3), ("mine", "a", 7)), right, None)["x"].to_list() == [1, 2]


def test_another_tenant_s_rows_are_never_joined() -> None:
    right = rows(("yours", "a", 0, 0, 7))
    assert joined(labels(("mine", "a", 3)), right, None)["x"].to_list() == [None]


def test_rows_without_a_creation_time_count_as_known_at_once() -> None:
    right = rows(("mine", "a", 0, 0, 7)).drop("created")
    result = point_in_time(labels(("mine", "a", 1)), right, KEYS, "at", "event", None, None, True)
    assert result["x"].to_list() == [7]
    assert result.columns == ["tenant", "asset", "at", "note", "x", "y"]


def test_no_labels_give_an_empty_frame_with_all_columns() -> None:
    result = joined(labels(), rows(("mine", "a", 0, 0, 7)), 3)
    assert result.height == 0
    assert result.columns == ["tenant", "asset", "at", "note", "x", "y"]


@pytest.mark.parametrize("reverse", [False, True])
def test_newest_row_is_the_latest_version_of_the_latest_event(reverse: bool) -> None:
    made = [("mine", "a", 1, 0, 1), ("mine", "a", 2, 3, 4), ("mine", "a", 2, 0, 3), ("mine", "b", 0, 0, 5)]
    right = rows(*(made[::-1] if reverse else made))
    found = newest_of(right, KEYS, "event", "created")
    assert sorted(found.select("asset", "x").iter_rows()) == [("a", 4), ("b", 5)]
    assert sorted(newest_of(right.drop("created"), KEYS, "event", None)["asset"]) == ["a", "b"]


def test_row_without_creation_time_is_never_known_and_else_the_oldest_version() -> None:
    right = rows(("mine", "a", 0, 0, 1), ("mine", "a", 2, 0, 2), ("mine", "a", 0, 0, 3))
    right = right.with_columns(created=pl.when(pl.col("x") == 1).then("created").otherwise(None))
    left = labels(("mine", "a", 1), ("mine", "a", 5))
    assert joined(left, right, None)["x"].to_list() == [1, 1]
    assert joined(left, right, None, only_known=False)["x"].to_list() == [1, 2]


def test_keys_and_times_that_are_missing_match_nothing() -> None:
    right = rows(("mine", "a", 0, 0, 1), ("mine", "b", 0, 0, 2)).with_columns(
        asset=pl.when(pl.col("x") == 1).then("asset").otherwise(None)
    )
    left = labels(("mine", "a", 1), ("mine", "a", 2), ("mine", "b", 1)).with_columns(
        asset=pl.when(pl.col("note") < 2).then("asset").otherwise(None),
        at=pl.when(pl.col("note") != 1).then("at").otherwise(None),
    )
    assert joined(left, right, None)["x"].to_list() == [1, None, None]
