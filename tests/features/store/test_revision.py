"""Rows computed anew, against a plain list of what was known when."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.identifiers import AssetId, TenantId
from features.store.compaction import compact
from features.store.revision import Revision, Span, extend, known_row, stored_spans
from features.store.rows import OfflineRows
from features.store.versions import standing
from tests.features.store.versions import T0, TIME, files_of

MINE, A, B = TenantId("mine"), AssetId("a"), AssetId("b")
SCHEMA = pl.Schema(
    {"tenant": pl.String(), "asset": pl.String(), "event_time": TIME, "x": pl.Float32(), "life_number": pl.Int64()}
)
Values = dict[int, float]
"""Feature of one asset's rows by hour."""


def hour(count: float) -> datetime:
    return T0 + timedelta(hours=count)


def computed(values: Values, asset: str = A) -> pl.DataFrame:
    listed = [("mine", asset, hour(at), value, 0) for at, value in sorted(values.items())]
    frame = pl.DataFrame(listed, schema=SCHEMA, orient="row")
    return frame.with_columns(time_us=pl.col("event_time").to_physical())


def revise(rows: OfflineRows, at: float, values: Values, until: int, *, is_live: bool = False) -> int:
    """Compute all hours up to one anew, and add what differs."""
    revision = Revision(rows, MINE, hour(at), is_live, stored_spans(rows.snapshot(), MINE))
    versions = revision.versions(computed(values), [Span(A, hour(0), hour(until))])
    if versions.height:
        rows.append(versions)
    return versions.height


def known(rows: OfflineRows, at: float, event: int) -> float | None:
    found = known_row(rows.snapshot(), MINE, A, hour(at), hour(event))
    return None if found.is_empty() else float(found["x"][0])


@pytest.fixture
def rows() -> OfflineRows:
    return OfflineRows(files_of("memory", Path()))


def test_history_is_known_as_if_it_had_been_observed(rows: OfflineRows) -> None:
    assert revise(rows, 100, {0: 1.0, 1: 2.0}, 1, is_live=True) == 2
    assert rows.snapshot().read()["created_time"].to_list() == [hour(0), hour(1)]


def test_rows_seen_live_are_known_from_when_they_were_read(rows: OfflineRows) -> None:
    revise(rows, 1, {0: 1.0}, 0)
    assert revise(rows, 1.5, {0: 1.0, 1: 2.0}, 1, is_live=True) == 1
    assert (known(rows, 1.4, 1), known(rows, 1.5, 1)) == (None, 2.0)


def test_what_comes_before_the_first_row_is_history_and_what_comes_between_was_late(rows: OfflineRows) -> None:
    revise(rows, 9, {4: 1.0, 6: 2.0}, 6)
    assert revise(rows, 20, {3: 0.0, 4: 1.0, 5: 3.0, 6: 2.0}, 6) == 2
    assert (known(rows, 3, 3), known(rows, 19, 5), known(rows, 20, 5)) == (0.0, None, 3.0)


def test_rows_that_are_the_same_make_no_version_though_a_value_is_unknown(rows: OfflineRows) -> None:
    revise(rows, 9, {0: 1.0, 1: float("nan")}, 1)
    assert revise(rows, 10, {0: 1.0, 1: float("nan")}, 1) == 0
    assert revise(rows, 11, {0: float("nan"), 1: float("nan")}, 1) == 1


def test_withdrawn_row_is_withdrawn_once_and_may_come_back(rows: OfflineRows) -> None:
    revise(rows, 9, {0: 1.0, 1: 2.0}, 1)
    assert revise(rows, 10, {0: 1.0}, 1) == 1
    assert revise(rows, 11, {0: 1.0}, 1) == 0
    assert revise(rows, 12, {0: 1.0, 1: 2.0}, 1) == 1
    assert [known(rows, at, 1) for at in (9, 10, 11, 12)] == [2.0, None, None, 2.0]


def test_row_beyond_what_was_computed_is_not_withdrawn(rows: OfflineRows) -> None:
    revise(rows, 9, {0: 1.0, 5: 2.0}, 5)
    assert revise(rows, 10, {0: 1.0}, 4) == 0
    assert standing(rows.snapshot().read())["x"].to_list() == [1.0, 2.0]


def test_version_of_somebody_who_read_later_is_not_overruled(rows: OfflineRows) -> None:
    revise(rows, 9, {0: 1.0}, 0)
    revise(rows, 12, {0: 5.0}, 0)  # the worker, while a build that read at 11 still computes
    revise(rows, 11, {0: 1.0}, 0)
    assert standing(rows.snapshot().read())["x"].to_list() == [5.0]


def test_no_other_asset_and_no_other_tenant_is_looked_at(rows: OfflineRows) -> None:
    rows.append(computed({0: 1.0, 1: 9.0}, B).with_columns(created_time=pl.col("event_time")))
    yours = computed({0: 3.0}).with_columns(tenant=pl.lit("yours"), created_time=pl.col("event_time"))
    rows.append(yours)
    assert revise(rows, 9, {1: 2.0}, 1) == 1
    assert revise(rows, 10, {1: 2.0}, 1) == 0
    assert standing(rows.snapshot().read()).height == 4


def test_what_is_stored_is_kept_up_to_date_without_reading(rows: OfflineRows) -> None:
    stored = {B: (hour(2), hour(3))}
    versions = computed({1: 1.0, 4: 2.0}).with_columns(created_time=pl.col("event_time"))
    extend(stored, versions)
    extend(stored, versions.with_columns(asset=pl.lit("b"))[1:])
    assert stored == {A: (hour(1), hour(4)), B: (hour(2), hour(4))}


HOURS = st.dictionaries(st.integers(0, 6), st.sampled_from([1.0, 2.0, float("nan")]), max_size=7)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(HOURS, st.booleans(), st.booleans()), min_size=1, max_size=6))
def test_answers_about_a_moment_never_change_afterwards(steps: list[tuple[Values, bool, bool]]) -> None:
    """After each revision everything is known as it was computed, and what was known before stays known so."""
    rows = OfflineRows(files_of("memory", Path()))
    asked: dict[tuple[int, int], float | None] = {}
    for number, (values, is_live, is_compacted) in enumerate(steps):
        at = 10 + number
        revise(rows, at, values, 6, is_live=is_live)
        if is_compacted:
            compact(rows, rows_of_a_part=3)
        if not rows.commit().parts:
            continue
        for event in range(7):
            wanted = values.get(event)
            answer = known(rows, at, event)
            assert answer == pytest.approx(wanted, nan_ok=True) if wanted is not None else answer is None
            asked[at, event] = answer
        for (then, event), answer in asked.items():
            again = known(rows, then, event)
            if answer is not None:  # what was filled in before the first row or after the last counts as observed live
                assert again == pytest.approx(answer, nan_ok=True)
