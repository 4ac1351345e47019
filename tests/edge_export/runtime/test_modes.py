from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_export.bundle.errors import BundleRefused, SelfTestFailed
from edge_export.bundle.reading import VerifiedBundle
from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.stream import StreamVector
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.transforms.modes import ModeShares
from tests.edge_export.machine import SPECIFICATION, fan_modes, sample_vectors, with_modes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WIDTH = len(SPECIFICATION.names)


@pytest.fixture(scope="module")
def modal_runtime(modal_bundle: VerifiedBundle) -> Runtime:
    return Runtime.load(modal_bundle, lambda: "id")


def ask(runtime: Runtime, *rows: np.ndarray, life: float = 39.0) -> list[Forecast]:
    vectors = [StreamVector(NOW - timedelta(hours=1), row.astype(np.float32), life, 0) for row in rows]
    requests = [VectorRequest(DEFAULT_TENANT, AssetId(f"fan-{place}"), each) for place, each in enumerate(vectors)]
    return runtime.forecast(requests, NOW)


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=WIDTH, max_size=WIDTH))
def test_modes_add_up_to_the_probability_at_the_longest_horizon(modal_runtime: Runtime, values: list[float]) -> None:
    (forecast,) = ask(modal_runtime, np.array(values))
    assert forecast.status is ForecastStatus.OK
    assert [mode for mode, _ in forecast.per_mode] == ["bearing", "blade"]
    assert sum(share for _, share in forecast.per_mode) == pytest.approx(forecast.horizons[-1].probability, abs=1e-12)
    assert all(0 <= share <= 1 for _, share in forecast.per_mode)


def test_modes_hang_on_the_own_vector_alone(modal_runtime: Runtime) -> None:
    rows = np.nan_to_num(sample_vectors()[20:24])
    together = [each.per_mode for each in ask(modal_runtime, *rows)]
    assert together == [ask(modal_runtime, row)[0].per_mode for row in rows]
    assert len(set(together)) > 1


def test_where_there_are_no_numbers_there_are_no_modes(modal_runtime: Runtime, runtime: Runtime) -> None:
    row = np.nan_to_num(sample_vectors()[20])
    assert ask(modal_runtime, row, life=0.5)[0].per_mode == ()
    assert ask(runtime, row)[0].per_mode == ()


def test_a_bundle_must_give_its_golden_shares(modal_bundle: VerifiedBundle) -> None:
    assert modal_bundle.golden.shares is not None
    first, *others = modal_bundle.golden.shares
    golden = replace(modal_bundle.golden, shares=((first[1], first[0]), *others))
    with pytest.raises(SelfTestFailed, match="shares of failure modes"):
        Runtime.load(replace(modal_bundle, golden=golden))
    with pytest.raises(BundleRefused, match="Golden shares"):
        Runtime.load(replace(modal_bundle, golden=replace(modal_bundle.golden, shares=None)))


def test_shares_of_other_features_are_refused(bundle: VerifiedBundle) -> None:
    one = fan_modes()
    narrow = ModeShares(one.modes, one.center[1:], one.scale[1:], one.weights[1:], one.bias)
    with pytest.raises(BundleRefused, match="width of the mode shares"):
        Runtime.load(replace(with_modes(bundle, one), modes=narrow))
