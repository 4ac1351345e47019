from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_export.bundle.errors import BundleMissing
from edge_export.bundle.reading import VerifiedBundle, read_bundle
from edge_export.bundle.shelf import BundleShelf
from edge_export.bundle.writing import write_bundle
from edge_export.replaying import bundle_of, canonical, replay
from edge_export.runtime.requests import VectorRequest, vector_bytes
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.stream import StreamVector
from features.domain.forecasts import Forecast, ForecastStatus, forecast_from_dict
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import time_of_life
from tests.edge_export.machine import sample_vectors

T0 = datetime(2026, 1, 1, 12, 0, 0, 123457, tzinfo=UTC)
VECTORS = sample_vectors()


def issued(runtime: Runtime, row: int, age: timedelta, regime: int = 1) -> tuple[Forecast, bytes]:
    values = VECTORS[row % len(VECTORS)]
    vector = StreamVector(T0, values, float(values[0]), regime)
    request = VectorRequest(TenantId("local"), AssetId("fan-1"), vector)
    (forecast,) = runtime.forecast([request], T0 + age)
    return forecast, vector_bytes(values)


@given(
    row=st.integers(0, len(VECTORS) - 1),
    age=st.timedeltas(timedelta(0), timedelta(hours=12)),
    regime=st.sampled_from([-1, 0, 1]),
)
def test_every_forecast_gives_the_same_bytes_again(
    row: int, age: timedelta, regime: int, shared: tuple[VerifiedBundle, Runtime]
) -> None:
    bundle, runtime = shared
    forecast, vector = issued(runtime, row, age, regime)
    recorded = forecast_from_dict(forecast.to_dict())  # as the ledger gives it back
    again = replay(bundle, recorded, vector)
    assert again is not None
    assert canonical(again) == canonical(forecast)


@pytest.fixture(scope="session")
def shared(modal_bundle: VerifiedBundle) -> tuple[VerifiedBundle, Runtime]:
    return modal_bundle, Runtime.load(modal_bundle)


def test_another_vector_gives_other_bytes(shared: tuple[VerifiedBundle, Runtime]) -> None:
    """The planted difference: were the recorded vector not used, this would go unseen."""
    bundle, runtime = shared
    forecast, vector = issued(runtime, 30, timedelta(hours=1))
    other = np.frombuffer(vector, "<f4").copy()
    other[1] += 0.5
    again = replay(bundle, forecast, vector_bytes(other))
    assert again is not None
    assert canonical(again) != canonical(forecast)


def test_forecast_without_a_vector_is_replayed_too(shared: tuple[VerifiedBundle, Runtime]) -> None:
    bundle, runtime = shared
    (forecast,) = runtime.forecast([VectorRequest(TenantId("local"), AssetId("fan-1"), None)], T0)
    again = replay(bundle, forecast, b"")
    assert again is not None
    assert canonical(again) == canonical(forecast)


def test_where_life_is_a_bare_count_too(count_folder: Path) -> None:
    bundle = read_bundle(count_folder)
    vector = StreamVector(time_of_life(40.0), VECTORS[20], 40.0, 1)
    request = VectorRequest(TenantId("local"), AssetId("fan-1"), vector)
    (forecast,) = Runtime.load(bundle).forecast([request], T0)
    again = replay(bundle, forecast, vector_bytes(vector.values))
    assert again is not None
    assert canonical(again) == canonical(forecast)


def test_answer_from_outside_of_the_model_cannot_be_computed_again(shared: tuple[VerifiedBundle, Runtime]) -> None:
    bundle, runtime = shared
    request = VectorRequest(TenantId("local"), AssetId("fan-1"), None)
    forecast = runtime.unavailable(request, T0, "online_store: it does not answer")
    assert forecast.status is ForecastStatus.UNAVAILABLE
    assert replay(bundle, forecast, b"") is None


def test_bundle_is_found_by_its_hash_whatever_its_version(
    shared: tuple[VerifiedBundle, Runtime], count_folder: Path, tmp_path: Path
) -> None:
    forecast, _ = issued(shared[1], 30, timedelta(hours=1))
    shelf = BundleShelf(tmp_path / "shelf")
    with pytest.raises(BundleMissing, match="must lie on the shelf"):
        bundle_of(shelf, forecast)
    shelf.put(count_folder)
    with pytest.raises(BundleMissing, match="none there has that hash"):
        bundle_of(shelf, forecast)
    write_bundle(tmp_path / "made", shared[0])
    shelf.put(tmp_path / "made")
    assert bundle_of(shelf, forecast).bundle_sha256 == shared[0].bundle_sha256
    with pytest.raises(BundleMissing, match="names none"):
        bundle_of(shelf, replace(forecast, model=None))
