"""What every telemetry store must do: a test class inherits this and gives a fixture `store`, fresh and empty."""

import itertools
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.domain.errors import NaiveTime
from features.domain.identifiers import DEFAULT_TENANT, TenantId
from features.telemetry.errors import RefusedReadings
from features.telemetry.readings import READINGS
from features.telemetry.store import TelemetryStore, WriteReport

T0 = datetime(2026, 3, 1, tzinfo=UTC)
Row = tuple[str, str, datetime, float, int]

_fresh_tenants = (TenantId(f"tenant-{number}") for number in itertools.count())

_rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(["speed", "flow"]),
        st.integers(0, 3).map(lambda minutes: T0 + timedelta(minutes=minutes)),
        st.one_of(st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324]), st.floats(allow_nan=False, allow_infinity=False)),
        st.integers(0, 2),
    ),
    max_size=25,
)
_any_store = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def frame(*rows: Row) -> pl.DataFrame:
    """Return a long table of (asset, signal, time, value, revision)."""
    return pl.DataFrame(rows, schema=READINGS, orient="row")


def at(minutes: float) -> datetime:
    """Return a time so many minutes after the beginning."""
    return T0 + timedelta(minutes=minutes)


class TelemetryStoreContract:
    """The protocol, the key rule, tenancy and the changes."""

    def test_what_was_written_is_read_in_order_of_asset_signal_and_time(self, store: TelemetryStore) -> None:
        rows: list[Row] = [
            ("b", "speed", at(0), 1.0, 0),
            ("a", "speed", at(1), 2.5, 3),
            ("a", "flow", at(1), -3.0, 0),
            ("a", "speed", at(0), 4.0, 0),
        ]
        assert store.write(DEFAULT_TENANT, frame(*rows)) == WriteReport(written=4)
        read = store.read(DEFAULT_TENANT)
        assert read.schema == READINGS
        assert read.rows() == sorted(rows, key=lambda row: row[:3])

    def test_an_empty_store_answers_with_empty_tables_of_the_stated_form(self, store: TelemetryStore) -> None:
        assert store.write(DEFAULT_TENANT, frame()) == WriteReport()
        assert store.read(DEFAULT_TENANT).equals(frame())
        wide = store.read_wide(DEFAULT_TENANT, signals=["speed"])
        assert dict(wide.schema) == {"asset": pl.String, "time": pl.Datetime("us", "UTC"), "speed": pl.Float64}
        assert wide.is_empty()
        assert store.span(DEFAULT_TENANT).columns == ["asset", "first", "last", "count"]
        assert store.changes_since(0, 10) == []

    def test_a_question_is_half_open_and_can_name_assets_and_signals(self, store: TelemetryStore) -> None:
        rows: list[Row] = [
            (asset, signal, at(minute), float(minute), 0)
            for asset in ("a", "b")
            for signal in ("flow", "speed")
            for minute in range(4)
        ]
        store.write(DEFAULT_TENANT, frame(*rows))
        read = store.read(DEFAULT_TENANT, assets=["b"], signals=["speed"], start=at(1), end=at(3))
        assert read.rows() == [("b", "speed", at(1), 1.0, 0), ("b", "speed", at(2), 2.0, 0)]
        assert store.read(DEFAULT_TENANT, assets=[]).is_empty()
        assert store.read(DEFAULT_TENANT, signals=["nothing"]).is_empty()
        with pytest.raises(NaiveTime):
            store.read(DEFAULT_TENANT, start=datetime(2026, 3, 1))

    def test_times_before_the_epoch_and_between_microseconds_of_each_other_are_kept_apart(
        self, store: TelemetryStore
    ) -> None:
        early = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
        rows: list[Row] = [("a", "s", early, 1.0, 0), ("a", "s", early + timedelta(microseconds=1), 2.0, 0)]
        store.write(DEFAULT_TENANT, frame(*rows))
        assert store.read(DEFAULT_TENANT).rows() == rows

    def test_wide_reading_has_the_signals_in_the_order_asked_for(self, store: TelemetryStore) -> None:
        store.write(
            DEFAULT_TENANT,
            frame(
                ("b", "flow", at(0), 9.0, 0),
                ("a", "flow", at(0), 1.0, 0),
                ("a", "speed", at(1), 2.0, 0),
                ("a", "flow", at(2), 3.0, 0),
                ("a", "unasked", at(5), 3.0, 0),
            ),
        )
        wide = store.read_wide(DEFAULT_TENANT, signals=["speed", "never", "flow"])
        assert wide.columns == ["asset", "time", "speed", "never", "flow"]
        assert wide.rows() == [
            ("a", at(0), None, None, 1.0),
            ("a", at(1), 2.0, None, None),
            ("a", at(2), None, None, 3.0),
            ("b", at(0), None, None, 9.0),
        ]
        narrow = store.read_wide(DEFAULT_TENANT, signals=["flow"], assets=["a"], start=at(1), end=at(3))
        assert narrow.rows() == [("a", at(2), 3.0)]

    @pytest.mark.parametrize("signals", [["flow", "flow"], ["time"], ["asset"]])
    def test_wide_reading_refuses_columns_that_would_collide(self, store: TelemetryStore, signals: list[str]) -> None:
        with pytest.raises(RefusedReadings):
            store.read_wide(DEFAULT_TENANT, signals=signals)

    @_any_store
    @given(rows=_rows)
    def test_wide_reading_agrees_with_long_reading(self, store: TelemetryStore, rows: list[Row]) -> None:
        tenant = next(_fresh_tenants)
        store.write(tenant, frame(*rows))
        wide = store.read_wide(tenant, signals=["speed", "flow"])
        melted = wide.unpivot(index=["asset", "time"], variable_name="signal").drop_nulls("value")
        expected = store.read(tenant).select("asset", "time", "signal", "value")
        assert melted.sort("asset", "signal", "time").equals(expected)

    def test_span_tells_first_last_and_count_of_each_asset(self, store: TelemetryStore) -> None:
        store.write(
            DEFAULT_TENANT,
            frame(("b", "s", at(3), 1.0, 0), ("a", "s", at(1), 1.0, 0), ("a", "t", at(2), 1.0, 0)),
        )
        assert store.span(DEFAULT_TENANT).rows() == [("a", at(1), at(2), 2), ("b", at(3), at(3), 1)]

    def test_the_same_reading_again_changes_nothing(self, store: TelemetryStore) -> None:
        rows = frame(("a", "s", at(0), 1.0, 0), ("a", "s", at(1), 0.0, 0))
        store.write(DEFAULT_TENANT, rows)
        cursor = store.changes_since(0, 10)[-1].cursor
        assert store.write(DEFAULT_TENANT, rows) == WriteReport(duplicates=2)
        assert store.write(DEFAULT_TENANT, frame(("a", "s", at(1), -0.0, 0))) == WriteReport(duplicates=1)
        assert store.read(DEFAULT_TENANT).equals(rows)
        assert store.changes_since(cursor, 10) == []

    def test_the_same_value_with_a_higher_revision_keeps_that_revision(self, store: TelemetryStore) -> None:
        store.write(DEFAULT_TENANT, frame(("a", "s", at(0), 1.0, 0)))
        cursor = store.changes_since(0, 10)[-1].cursor
        assert store.write(DEFAULT_TENANT, frame(("a", "s", at(0), 1.0, 2))) == WriteReport(duplicates=1)
        assert store.write(DEFAULT_TENANT, frame(("a", "s", at(0), 5.0, 1))) == WriteReport(kept=1)
        assert store.read(DEFAULT_TENANT).rows() == [("a", "s", at(0), 1.0, 2)]
        assert store.changes_since(cursor, 10) == []

    def test_the_highest_revision_wins_whatever_the_order(self, store: TelemetryStore) -> None:
        old, new = frame(("a", "s", at(0), 9.0, 1)), frame(("a", "s", at(0), 2.0, 2))
        for tenant, first, second, report in (
            ("forwards", old, new, WriteReport(replaced=1)),
            ("backwards", new, old, WriteReport(kept=1)),
        ):
            store.write(TenantId(tenant), first)
            assert store.write(TenantId(tenant), second) == report
            assert report.conflicts == 1
            assert store.read(TenantId(tenant)).rows() == new.rows()

    @pytest.mark.parametrize(
        ("larger", "smaller"), [(2.0, 1.0), (-1.0, 1.0), (-2.0, -1.0), (-5e-324, 1e308), (5e-324, 0.0), (1.5, -0.0)]
    )
    def test_at_equal_revision_the_larger_canonical_bytes_win(
        self, store: TelemetryStore, larger: float, smaller: float
    ) -> None:
        for tenant, values in (("forwards", (smaller, larger)), ("backwards", (larger, smaller))):
            for value in values:
                store.write(TenantId(tenant), frame(("a", "s", at(0), value, 0)))
            assert store.read(TenantId(tenant))["value"].to_list() == [larger]

    def test_repeats_within_one_batch_obey_the_same_rule(self, store: TelemetryStore) -> None:
        batch = frame(
            ("a", "s", at(0), 1.0, 0),
            ("a", "s", at(0), 2.0, 0),
            ("a", "s", at(0), 2.0, 0),
            ("a", "s", at(1), 7.0, 1),
            ("a", "s", at(1), 9.0, 0),
        )
        assert store.write(DEFAULT_TENANT, batch) == WriteReport(written=2, duplicates=1, kept=2)
        assert store.read(DEFAULT_TENANT).rows() == [("a", "s", at(0), 2.0, 0), ("a", "s", at(1), 7.0, 1)]

    def test_a_batch_of_new_and_known_readings_is_counted_apart(self, store: TelemetryStore) -> None:
        store.write(DEFAULT_TENANT, frame(*(("a", "s", at(minute), 5.0, 0) for minute in range(3))))
        cursor = store.changes_since(0, 10)[-1].cursor
        batch = frame(
            ("a", "s", at(0), 5.0, 0),
            ("a", "s", at(1), 6.0, 0),
            ("a", "s", at(2), 4.0, 0),
            ("a", "s", at(3), 5.0, 0),
            ("b", "s", at(9), 5.0, 0),
        )
        report = store.write(DEFAULT_TENANT, batch)
        assert report == WriteReport(written=2, duplicates=1, replaced=1, kept=1)
        changes = store.changes_since(cursor, 10)
        assert [(each.asset, each.first, each.last) for each in changes] == [("a", at(1), at(3)), ("b", at(9), at(9))]

    @_any_store
    @given(rows=_rows, data=st.data())
    def test_order_and_batches_never_matter(self, store: TelemetryStore, rows: list[Row], data: st.DataObject) -> None:
        together, apart = next(_fresh_tenants), next(_fresh_tenants)
        reports = [store.write(together, frame(*rows))]
        shuffled = data.draw(st.permutations(rows))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
        pieces = [shuffled[a:b] for a, b in itertools.pairwise([0, *cuts, len(rows)])]
        parts = [store.write(apart, frame(*piece)) for piece in pieces]
        state = store.read(together)
        assert store.read(apart).equals(state)
        keys = len({row[:3] for row in rows})
        for report in (sum(reports, WriteReport()), sum(parts, WriteReport())):
            assert report.written == keys == state.height
            assert report.total == len(rows)

    def test_changes_come_in_order_and_in_portions(self, store: TelemetryStore) -> None:
        for minute in range(5):
            store.write(DEFAULT_TENANT, frame(("a", "s", at(minute), 1.0, 0)))
        cursor, seen = 0, []
        while portion := store.changes_since(cursor, 2):
            assert len(portion) <= 2
            assert [each.cursor for each in portion] == sorted({each.cursor for each in portion})
            cursor = portion[-1].cursor
            seen += [(each.tenant, each.asset, each.first, each.last) for each in portion]
        assert seen == [(DEFAULT_TENANT, "a", at(minute), at(minute)) for minute in range(5)]

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), None])
    def test_a_value_that_is_not_finite_is_refused_and_nothing_is_written(
        self, store: TelemetryStore, value: float | None
    ) -> None:
        bad = pl.concat([frame(("a", "s", at(0), 1.0, 0)), frame(("a", "s", at(1), 1.0, 0)).with_columns(value=value)])
        with pytest.raises(RefusedReadings, match="value"):
            store.write(DEFAULT_TENANT, bad.cast({"value": pl.Float64}))
        assert store.read(DEFAULT_TENANT).is_empty()

    @pytest.mark.parametrize(
        "change",
        [
            pl.col("time").dt.replace_time_zone(None),
            pl.col("time").dt.convert_time_zone("Asia/Shanghai"),
            pl.col("value").cast(pl.String),
            pl.col("revision").alias("surplus"),
        ],
    )
    def test_a_frame_of_another_form_is_refused(self, store: TelemetryStore, change: pl.Expr) -> None:
        with pytest.raises(RefusedReadings, match="columns"):
            store.write(DEFAULT_TENANT, frame(("a", "s", at(0), 1.0, 0)).with_columns(change))

    @pytest.mark.parametrize("column", ["asset", "signal", "time", "revision"])
    def test_a_null_in_the_key_is_refused(self, store: TelemetryStore, column: str) -> None:
        with pytest.raises(RefusedReadings, match=column):
            store.write(
                DEFAULT_TENANT,
                frame(("a", "s", at(0), 1.0, 0)).with_columns(pl.lit(None, READINGS[column]).alias(column)),
            )

    def test_another_tenant_finds_nothing(self, store: TelemetryStore) -> None:
        store.write(TenantId("mine"), frame(("a", "s", at(0), 1.0, 0)))
        stranger = TenantId("theirs")
        assert store.read(stranger).is_empty()
        assert store.read(stranger, assets=["a"], signals=["s"]).is_empty()
        assert store.read_wide(stranger, signals=["s"]).is_empty()
        assert store.span(stranger).is_empty()
        assert store.write(stranger, frame(("a", "s", at(0), 2.0, 0))) == WriteReport(written=1)
        assert store.read(TenantId("mine"))["value"].to_list() == [1.0]

    def test_closing_twice_is_allowed(self, store: TelemetryStore) -> None:
        with store:
            pass
        store.close()
