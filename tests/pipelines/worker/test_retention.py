from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import polars as pl
import pytest

from features.domain.identifiers import DEFAULT_TENANT, TenantId
from features.domain.packs import LifeRule, LifeSource, Pack
from features.packs.loader import load_pack
from features.telemetry.errors import StoreRefused, StoreUnavailable
from features.telemetry.readings import READINGS
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.worker.retention import Retention

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def pack() -> Pack:
    return load_pack("pump")


def written(store: SqliteTelemetryStore, pack: Pack) -> None:
    """Write one reading of every signal for each of the last hundred days."""
    rows = [("p-01", signal.id, NOW - timedelta(days=day), 1.0, 0) for signal in pack.signals for day in range(1, 101)]
    store.write(DEFAULT_TENANT, pl.DataFrame(rows, schema=READINGS, orient="row"))


def test_each_grade_is_kept_as_long_as_it_may_be(tmp_path: Path, pack: Pack) -> None:
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        written(store, pack)
        graded = {grade: [each.id for each in pack.signals if each.grade == grade] for grade in (1, 2)}
        retention = Retention(store, pack, {2: 30})
        assert retention.apply(DEFAULT_TENANT, NOW) == 70 * len(graded[2])
        assert store.read(DEFAULT_TENANT, signals=graded[2])["time"].min() == NOW - timedelta(days=30)
        assert store.read(DEFAULT_TENANT, signals=graded[1]).height == 100 * len(graded[1])


def test_it_looks_again_only_after_some_hours(tmp_path: Path, pack: Pack) -> None:
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        retention = Retention(store, pack, {1: 30, 2: 30, 3: 30})
        assert retention.apply(DEFAULT_TENANT, NOW) == 0
        written(store, pack)
        assert retention.apply(DEFAULT_TENANT, NOW + timedelta(hours=1)) == 0
        assert retention.apply(DEFAULT_TENANT, NOW + timedelta(hours=7)) > 0


def test_times_that_stand_in_for_a_count_are_never_too_old(tmp_path: Path, pack: Pack) -> None:
    counted = replace(pack, life=LifeRule("cycles", LifeSource.COUNT, None, 1.0, "machine"))
    with SqliteTelemetryStore(tmp_path / "telemetry.sqlite") as store:
        written(store, pack)
        assert Retention(store, counted, {1: 1, 2: 1}).apply(DEFAULT_TENANT, NOW) == 0


class NeverDeletes(SqliteTelemetryStore):
    """A store that answers everything else, as InfluxDB 3.x does."""

    error: StoreUnavailable = StoreRefused("single readings cannot be deleted")

    def forget(self, tenant: TenantId, signals: Sequence[str], before: datetime) -> NoReturn:
        raise self.error


def test_a_store_that_refuses_to_delete_does_not_hold_up_the_rest_of_the_work(tmp_path: Path, pack: Pack) -> None:
    with NeverDeletes(tmp_path / "telemetry.sqlite") as store:
        retention = Retention(store, pack, {1: 30, 2: 30})
        assert retention.apply(DEFAULT_TENANT, NOW) == 0
        assert retention.apply(DEFAULT_TENANT, NOW + timedelta(hours=7)) == 0


def test_a_store_that_is_down_is_told_of(tmp_path: Path, pack: Pack) -> None:
    with NeverDeletes(tmp_path / "telemetry.sqlite") as store:
        store.error = StoreUnavailable("it does not answer")
        with pytest.raises(StoreUnavailable):
            Retention(store, pack, {1: 30, 2: 30}).apply(DEFAULT_TENANT, NOW)
