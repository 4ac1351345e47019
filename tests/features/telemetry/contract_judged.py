"""What every telemetry store does with verdicts and retention; beside `contract.TelemetryStoreContract`."""

from datetime import datetime

import polars as pl
import pytest

from features.domain.identifiers import DEFAULT_TENANT, TenantId
from features.telemetry.errors import RefusedReadings
from features.telemetry.readings import VERDICTS
from features.telemetry.store import TelemetryStore, WriteReport
from tests.features.telemetry.contract import Row, at, frame

OTHER = TenantId("other")


def marks(*rows: tuple[str, str, datetime, int]) -> pl.DataFrame:
    """Return a frame of verdicts."""
    return pl.DataFrame(rows, schema=VERDICTS, orient="row")


def filled(store: TelemetryStore) -> None:
    """Write two assets, two signals, five minutes each."""
    rows: list[Row] = [
        (asset, signal, at(minute), float(minute), 0)
        for asset in ("a", "b")
        for signal in ("flow", "speed")
        for minute in range(5)
    ]
    store.write(DEFAULT_TENANT, frame(*rows))


class JudgedReadingsContract:
    """Verdicts lie beside readings, and a reading that is not good does not reach features."""

    def test_a_new_reading_is_good(self, store: TelemetryStore) -> None:
        filled(store)
        assert store.read_verdicts(DEFAULT_TENANT).equals(marks())

    def test_a_suspect_reading_is_left_out_of_the_wide_table_unless_asked_for(self, store: TelemetryStore) -> None:
        filled(store)
        found = marks(("a", "speed", at(2), 4))
        assert store.mark(DEFAULT_TENANT, found, assets=["a"], signals=["speed", "flow"]) == 1
        usable = store.read_wide(DEFAULT_TENANT, signals=["speed"], assets=["a"])
        assert usable["speed"].to_list() == [0.0, 1.0, 3.0, 4.0]
        both = store.read_wide(DEFAULT_TENANT, signals=["speed", "flow"], assets=["a"])
        assert both["speed"].to_list() == [0.0, 1.0, None, 3.0, 4.0]
        everything = store.read_wide(DEFAULT_TENANT, signals=["speed"], assets=["a"], with_suspect=True)
        assert everything["speed"].to_list() == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert store.read(DEFAULT_TENANT, assets=["a"], signals=["speed"]).height == 5

    def test_marking_again_replaces_what_was_found_within_the_stretch_alone(self, store: TelemetryStore) -> None:
        filled(store)
        first = marks(("a", "speed", at(0), 3), ("a", "speed", at(3), 3), ("b", "speed", at(3), 2))
        assert store.mark(DEFAULT_TENANT, first, assets=["a", "b"], signals=["speed"]) == 3
        again = marks(("a", "speed", at(2), 6), ("a", "speed", at(3), 4))
        assert store.mark(DEFAULT_TENANT, again, assets=["a"], signals=["speed"], start=at(1), end=at(4)) == 2
        assert store.mark(DEFAULT_TENANT, again, assets=["a"], signals=["speed"], start=at(1), end=at(4)) == 0
        expected = marks(
            ("a", "speed", at(0), 3), ("a", "speed", at(2), 6), ("a", "speed", at(3), 4), ("b", "speed", at(3), 2)
        )
        assert store.read_verdicts(DEFAULT_TENANT).equals(expected)
        assert store.mark(DEFAULT_TENANT, marks(), assets=["a"], signals=["speed"]) == 3
        assert store.read_verdicts(DEFAULT_TENANT).equals(expected[3:])

    def test_many_assets_are_marked_each_within_its_own_stretch(self, store: TelemetryStore) -> None:
        filled(store)
        first = marks(("a", "speed", at(0), 3), ("a", "speed", at(3), 3), ("b", "speed", at(1), 2))
        store.mark(DEFAULT_TENANT, first, assets=["a", "b"], signals=["speed"])
        spans = {"a": (at(2), at(5)), "b": (at(0), at(2)), "nobody": (at(0), at(9))}
        again = marks(("a", "speed", at(4), 6), ("b", "speed", at(1), 2))
        assert store.mark_all(DEFAULT_TENANT, again, spans, ["speed"]) == 2
        assert store.mark_all(DEFAULT_TENANT, again, spans, ["speed"]) == 0
        expected = marks(("a", "speed", at(0), 3), ("a", "speed", at(4), 6), ("b", "speed", at(1), 2))
        assert store.read_verdicts(DEFAULT_TENANT).equals(expected)
        assert store.mark_all(DEFAULT_TENANT, marks(), {}, ["speed"]) == 0
        for outside in (marks(("b", "speed", at(2), 3)), marks(("c", "speed", at(1), 3))):
            with pytest.raises(RefusedReadings, match="stretch"):
                store.mark_all(DEFAULT_TENANT, outside, spans, ["speed"])

    def test_verdicts_of_one_who_may_not_write_any_more_do_not_count(self, store: TelemetryStore) -> None:
        def overtaken() -> None:
            raise InterruptedError("another one judges now")

        filled(store)
        known, spans = marks(("a", "speed", at(1), 3)), {"a": (at(0), at(9))}
        assert store.mark_all(DEFAULT_TENANT, known, spans, ["speed"], lambda: None) == 1
        with pytest.raises(InterruptedError):
            store.mark_all(DEFAULT_TENANT, marks(("a", "speed", at(2), 2)), spans, ["speed"], overtaken)
        assert store.read_verdicts(DEFAULT_TENANT).equals(known)
        assert store.mark_all(DEFAULT_TENANT, known, spans, ["speed"]) == 0  # and it can be written to again

    def test_verdicts_can_be_asked_for_by_asset_signal_and_stretch(self, store: TelemetryStore) -> None:
        filled(store)
        found = marks(("a", "flow", at(1), 5), ("a", "speed", at(1), 3), ("b", "flow", at(2), 5))
        store.mark(DEFAULT_TENANT, found, assets=["a", "b"], signals=["flow", "speed"])
        assert store.read_verdicts(DEFAULT_TENANT, assets=["a"], signals=["flow"]).equals(found[:1])
        assert store.read_verdicts(DEFAULT_TENANT, start=at(2), end=at(3)).equals(found[2:])
        assert store.read_verdicts(DEFAULT_TENANT, start=at(3)).is_empty()

    def test_a_key_without_a_reading_is_ignored(self, store: TelemetryStore) -> None:
        filled(store)
        found = marks(("a", "speed", at(77), 3))
        assert store.mark(DEFAULT_TENANT, found, assets=["a", "nobody"], signals=["speed"]) == 0
        assert store.read_verdicts(DEFAULT_TENANT).is_empty()

    def test_marking_makes_no_change_and_touches_no_other_tenant(self, store: TelemetryStore) -> None:
        filled(store)
        store.write(OTHER, frame(("a", "speed", at(2), 2.0, 0)))
        before = store.changes_since(0, 100)
        store.mark(DEFAULT_TENANT, marks(("a", "speed", at(2), 3)), assets=["a"], signals=["speed"])
        assert store.changes_since(0, 100) == before
        assert store.read_verdicts(OTHER).is_empty()
        assert store.read_wide(OTHER, signals=["speed"])["speed"].to_list() == [2.0]

    def test_a_correction_is_good_until_it_is_judged_and_a_duplicate_keeps_its_verdict(
        self, store: TelemetryStore
    ) -> None:
        filled(store)
        found = marks(("a", "speed", at(1), 3), ("a", "speed", at(2), 3), ("a", "speed", at(3), 3))
        store.mark(DEFAULT_TENANT, found, assets=["a"], signals=["speed"])
        report = store.write(
            DEFAULT_TENANT,
            frame(("a", "speed", at(1), 9.0, 1), ("a", "speed", at(2), 2.0, 1), ("a", "speed", at(3), 3.0, 0)),
        )
        assert report == WriteReport(replaced=1, duplicates=2)
        assert store.read_verdicts(DEFAULT_TENANT).equals(found[1:])

    def test_the_life_of_many_corrections_tells_what_changed(self, store: TelemetryStore) -> None:
        filled(store)
        cursor = store.changes_since(0, 100)[-1].cursor
        store.write(DEFAULT_TENANT, frame(("a", "speed", at(1), 9.0, 1), ("a", "flow", at(3), 8.0, 1)))
        (change,) = store.changes_since(cursor, 10)
        assert (change.asset, change.first, change.last) == ("a", at(1), at(3))
        assert store.read(DEFAULT_TENANT, assets=["a"], signals=["speed"])["revision"].to_list() == [0, 1, 0, 0, 0]

    @pytest.mark.parametrize(
        "wrong",
        [
            marks(("a", "speed", at(9), 3)),  # outside of the stretch
            marks(("b", "speed", at(1), 3)),  # an asset that was not judged
            marks(("a", "flow", at(1), 3)),  # a signal that was not judged
            marks(("a", "speed", at(1), 0)),  # good needs no row
            marks(("a", "speed", at(1), 3), ("a", "speed", at(1), 4)),
            marks(("a", "speed", at(1), 3)).drop("verdict"),
            marks(("a", "speed", at(1), 3)).with_columns(pl.col("time").dt.replace_time_zone(None)),
        ],
    )
    def test_verdicts_of_another_form_are_refused(self, store: TelemetryStore, wrong: pl.DataFrame) -> None:
        filled(store)
        with pytest.raises(RefusedReadings):
            store.mark(DEFAULT_TENANT, wrong, assets=["a"], signals=["speed"], start=at(0), end=at(5))
        assert store.read_verdicts(DEFAULT_TENANT).is_empty()

    def test_first_times_are_those_of_assets_with_readings(self, store: TelemetryStore) -> None:
        rows: list[Row] = [("a", "speed", at(3), 1.0, 0), ("a", "flow", at(2), 1.0, 0), ("b", "flow", at(7), 1.0, 0)]
        store.write(DEFAULT_TENANT, frame(*rows))
        assert store.first_times(DEFAULT_TENANT, ["a", "b", "nobody"]) == {"a": at(2), "b": at(7)}
        assert store.first_times(DEFAULT_TENANT, []) == {}
        assert store.first_times(OTHER, ["a"]) == {}

    def test_what_has_outlived_its_retention_is_forgotten(self, store: TelemetryStore) -> None:
        filled(store)
        store.write(OTHER, frame(("a", "speed", at(0), 2.0, 0)))
        before = store.changes_since(0, 100)
        assert store.forget(DEFAULT_TENANT, ["speed"], at(3)) == 6
        assert store.read(DEFAULT_TENANT, signals=["speed"])["time"].to_list() == [at(3), at(4)] * 2
        assert store.read(DEFAULT_TENANT, signals=["flow"]).height == 10
        assert store.read(OTHER).height == 1
        assert store.changes_since(0, 100) == before
        assert store.forget(DEFAULT_TENANT, ["speed", "nothing"], at(3)) == 0
