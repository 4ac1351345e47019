import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_export.bundle.errors import BundleRefused, SelfTestFailed
from edge_export.bundle.golden import Golden
from edge_export.bundle.manifest import FileEntry
from edge_export.bundle.reading import VerifiedBundle, verify
from edge_export.bundle.writing import assemble_bundle
from edge_export.runtime.errors import InferenceFailed
from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from edge_export.runtime.stream import StreamVector
from edge_export.runtime.summary import summarise
from features.domain.errors import InvalidValue
from features.domain.forecasts import Forecast, ForecastStatus, forecast_from_dict
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.domain.time import EPOCH
from features.transforms.batch import compute
from features.transforms.intervals import IntervalTable
from features.transforms.survival import failure_probability, mean_life, quantile
from tests.edge_export.machine import CALIBRATION, SPECIFICATION, healthy_rows, sample_vectors

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAN = AssetId("fan-1")
HEALTHY = compute(SPECIFICATION, [healthy_rows()])[0]


def vector(
    hours_old: float = 1.0, values: NDArray[np.float32] | None = None, life: float = 39.0, regime: int = 0
) -> StreamVector:
    chosen = HEALTHY.vectors[-1] if values is None else values
    return StreamVector(NOW - timedelta(hours=hours_old), chosen, life, regime)


def ask(runtime: Runtime, newest: StreamVector | None) -> Forecast:
    return runtime.forecast([VectorRequest(DEFAULT_TENANT, FAN, newest)], NOW)[0]


def with_values(**values: float) -> NDArray[np.float32]:
    """Return a healthy vector in which every feature that begins with a name has another value."""
    chosen: NDArray[np.float32] = HEALTHY.vectors[-1].copy()
    for prefix, value in values.items():
        chosen[[name.startswith(prefix) for name in SPECIFICATION.names]] = value
    return chosen


def reassembled(bundle: VerifiedBundle, golden: Golden) -> VerifiedBundle:
    return assemble_bundle(
        name="fan",
        version="1",
        created_at=NOW,
        model=bundle.model,
        specification_json=bundle.specification_json,
        calibration=bundle.calibration,
        golden=golden,
        card="",
    )


def test_a_good_vector_gets_numbers_that_follow_from_its_curve(runtime: Runtime) -> None:
    forecast = ask(runtime, vector())
    curve = runtime.survival(HEALTHY.vectors[-1:]).astype(np.float64)
    assert forecast.status is ForecastStatus.OK
    assert forecast.reason is None
    assert forecast.id == "forecast-1"
    assert forecast.life_unit == "hours"
    assert forecast.age_of_data_seconds == 3600.0
    assert forecast.regime == 0
    expected = failure_probability(curve, 10.0, np.array(CALIBRATION.horizons))[0]
    assert [each.horizon for each in forecast.horizons] == list(CALIBRATION.horizons)
    np.testing.assert_allclose([each.probability for each in forecast.horizons], expected, rtol=1e-12)
    life = forecast.life
    assert life is not None
    stage = sum(life.p50 >= edge for edge in CALIBRATION.interval.stage_edges)
    low, high = CALIBRATION.interval.low[0][stage], CALIBRATION.interval.high[0][stage]
    levels = [float(quantile(curve, 10.0, level)[0]) for level in (low, 0.5, high)]
    assert [life.p05, life.p50, life.p95] == pytest.approx(levels, rel=1e-12)
    assert life.mean == pytest.approx(float(mean_life(curve, 10.0)[0]), rel=1e-12)
    assert life.cap == 120.0
    assert life.p05 < life.p50 <= life.p95 <= life.cap


def test_interval_hangs_on_the_regime_and_nothing_else_does(runtime: Runtime) -> None:
    one, other = ask(runtime, vector(regime=0)), ask(runtime, vector(regime=1))
    beyond = ask(runtime, vector(regime=2))
    assert one.life is not None
    assert other.life is not None
    assert beyond.life is not None
    assert one.horizons == other.horizons
    assert (one.life.p50, one.life.mean) == (other.life.p50, other.life.mean)
    assert len({life.p05 for life in (one.life, other.life, beyond.life)}) == 3
    mixed = runtime.forecast([VectorRequest(DEFAULT_TENANT, FAN, vector(regime=each)) for each in (1, 0)], NOW)
    assert [each.life for each in mixed] == [other.life, one.life]


def test_a_forecast_names_its_model_and_its_vector(runtime: Runtime, bundle: VerifiedBundle) -> None:
    forecast = ask(runtime, vector())
    assert forecast.model is not None
    assert (forecast.model.name, forecast.model.version) == ("fan-hazard", "3")
    assert forecast.model.bundle_sha256 == bundle.bundle_sha256
    assert forecast.features is not None
    assert forecast.features.view == "fan_condition"
    assert SPECIFICATION.sha256.startswith(forecast.features.version)
    assert forecast.features.vector_sha256 == hashlib.sha256(HEALTHY.vectors[-1].astype("<f4").tobytes()).hexdigest()
    assert forecast_from_dict(forecast.to_dict()) == forecast


def test_the_hash_of_a_vector_does_not_see_the_sign_of_nan(runtime: Runtime) -> None:
    one, other = with_values(vibration__base_mean=np.nan), with_values(vibration__base_mean=-np.nan)
    assert one.tobytes() != other.tobytes()
    first, second = ask(runtime, vector(values=one)).features, ask(runtime, vector(values=other)).features
    assert first == second


@pytest.mark.parametrize(
    ("newest", "status", "code"),
    [
        (None, ForecastStatus.INSUFFICIENT, "no_data: "),
        (vector(life=2.9), ForecastStatus.INSUFFICIENT, "too_young: Its life is 2.9 hours"),
        (vector(life=float("nan")), ForecastStatus.INSUFFICIENT, "too_young: Its life is not known"),
        (vector(hours_old=8.0), ForecastStatus.STALE, "data_too_old: The newest usable reading is 8 hours old"),
        (vector(hours_old=-1.0), ForecastStatus.UNAVAILABLE, "data_from_the_future: "),
        (vector(regime=-1), ForecastStatus.UNKNOWN_REGIME, "unknown_regime: "),
        (vector(values=with_values(temperature=np.nan)), ForecastStatus.SENSOR_FAULT, "values of temperature."),
        (vector(values=with_values(vibration__mean=np.inf)), ForecastStatus.SENSOR_FAULT, "values of vibration."),
        (vector(values=np.zeros(3, np.float32)), ForecastStatus.UNAVAILABLE, "vector_mismatch: "),
    ],
)
def test_without_numbers_the_status_says_why(
    runtime: Runtime, newest: StreamVector | None, status: ForecastStatus, code: str
) -> None:
    forecast = ask(runtime, newest)
    assert forecast.status is status
    assert forecast.reason is not None
    assert code in forecast.reason
    assert forecast.horizons == ()
    assert forecast.life is None
    minutes = 5 if status is ForecastStatus.UNAVAILABLE else 6 * 60  # what stands in the way may be gone soon
    assert forecast.valid_until == NOW + timedelta(minutes=minutes)
    assert forecast.model is not None
    assert (forecast.features is None) == (newest is None)


def test_all_silent_sensors_are_named(runtime: Runtime) -> None:
    reason = ask(runtime, vector(values=with_values(temperature=np.nan, vibration=np.nan))).reason
    assert reason == "sensor_fault: There are no usable values of vibration, temperature."


def test_a_sensor_that_fell_silent_long_ago_is_found_though_its_life_long_mean_remains(runtime: Runtime) -> None:
    values = with_values(
        vibration__mean=np.nan, vibration__slope=np.nan, vibration__spread=np.nan,
        vibration__shift=np.nan, vibration__rise=np.nan,
    )  # fmt: skip
    assert ask(runtime, vector(values=values)).status is ForecastStatus.SENSOR_FAULT


def test_some_missing_features_are_no_obstacle(runtime: Runtime) -> None:
    assert ask(runtime, vector(values=with_values(vibration__base_mean=np.nan))).status is ForecastStatus.OK


def test_small_differences_of_clocks_are_no_obstacle(runtime: Runtime) -> None:
    forecast = ask(runtime, vector(hours_old=-0.05))
    assert forecast.status is ForecastStatus.OK
    assert forecast.age_of_data_seconds == 0.0


def test_a_forecast_never_outlives_its_data(runtime: Runtime) -> None:
    assert ask(runtime, vector(hours_old=1.0)).valid_until == NOW + timedelta(hours=6)
    assert ask(runtime, vector(hours_old=5.0)).valid_until == NOW + timedelta(hours=3)
    barely = ask(runtime, vector(hours_old=7.999))
    assert barely.status is ForecastStatus.OK
    assert barely.valid_until > barely.issued_at


def test_probabilities_are_probabilities_and_never_fall(runtime: Runtime) -> None:
    generator = np.random.default_rng(1)
    wild = (generator.standard_normal((50, len(SPECIFICATION.names))) * 100).astype(np.float32)
    requests = [VectorRequest(DEFAULT_TENANT, FAN, vector(values=each)) for each in wild]
    for forecast in runtime.forecast(requests, NOW):
        values = [each.probability for each in forecast.horizons]
        assert values == sorted(values)
        assert all(0.0 <= each <= 1.0 for each in values)
        assert forecast.life is not None
        assert 0.0 <= forecast.life.p05 <= forecast.life.p50 <= forecast.life.p95 <= forecast.life.cap


def test_a_forecast_does_not_depend_on_the_rest_of_its_batch(runtime: Runtime) -> None:
    vectors = [vector(values=each) for each in sample_vectors()[20:50]] + [None, vector(regime=-1)]
    requests = [VectorRequest(DEFAULT_TENANT, FAN, each) for each in vectors]
    together = runtime.forecast(requests, NOW)
    alone = [runtime.forecast([each], NOW)[0] for each in reversed(requests)]
    assert [replace(each, id="") for each in together] == [replace(each, id="") for each in reversed(alone)]


def test_graph_that_fails_for_one_row_leaves_the_others_their_numbers(runtime: Runtime) -> None:
    class Fails:
        features, steps = runtime.session.features, runtime.session.steps

        def run(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
            if vectors[0, 0] == 0.0:
                raise InferenceFailed("no answer")
            return runtime.session.run(vectors)

    broken = replace(runtime, graph=Fails())  # type: ignore[arg-type]  # does what a session does
    requests = [VectorRequest(DEFAULT_TENANT, FAN, each) for each in (vector(), vector(values=with_values(age=0.0)))]
    one, other, again = broken.forecast([*requests, requests[0]], NOW)
    assert (one.status, one.life) == (ForecastStatus.OK, again.life)
    assert (other.status, other.reason) == (ForecastStatus.UNAVAILABLE, "model_failed: no answer")


def test_survival_is_the_same_for_any_batch_to_the_last_bit(runtime: Runtime) -> None:
    vectors = sample_vectors()
    whole = runtime.survival(vectors)
    np.testing.assert_array_equal(runtime.survival(vectors[3:10]), whole[3:10])
    np.testing.assert_array_equal(runtime.survival(vectors[::-1]), whole[::-1])
    assert runtime.survival(vectors[:0]).shape == (0, 12)


def test_vectors_of_another_width_are_refused(runtime: Runtime) -> None:
    with pytest.raises(InvalidValue, match="must have the shape"):
        runtime.survival(np.zeros((1, 3), np.float32))


def test_a_model_that_gives_no_number_is_a_status(runtime: Runtime) -> None:
    class Broken:
        def run(self, *_: object) -> list[NDArray[np.float32]]:
            return [np.full((1, 12), np.nan, np.float32)]

    class Failing:
        def run(self, *_: object) -> None:
            raise RuntimeError("out of memory")

    for session, says in ((Broken(), "not a number"), (Failing(), "out of memory")):
        broken = replace(runtime, graph=replace(runtime.session, session=session))
        forecast = ask(broken, vector())
        assert forecast.status is ForecastStatus.UNAVAILABLE
        assert forecast.reason is not None
        assert forecast.reason.startswith("model_failed: ")
        assert says in forecast.reason


def test_where_life_is_counted_the_time_of_issue_is_the_vectors_own(count_runtime: Runtime) -> None:
    newest = StreamVector(EPOCH + timedelta(seconds=40), HEALTHY.vectors[-1], 40.0, 0)
    forecast = ask(count_runtime, newest)
    assert forecast.status is ForecastStatus.OK
    assert forecast.issued_at == newest.time
    assert forecast.valid_until == newest.time + timedelta(seconds=6)
    own = VectorRequest(DEFAULT_TENANT, FAN, newest, newest.time + timedelta(seconds=9))
    assert count_runtime.forecast([own], NOW)[0].status is ForecastStatus.STALE


def test_identities_are_random_by_default(bundle_folder: Path) -> None:
    runtime = Runtime.load(bundle_folder)
    first, second = ask(runtime, vector()), ask(runtime, vector())
    assert first.id != second.id
    assert UUID(first.id).version == 4


@pytest.mark.parametrize("field", ["survival", "p_fail", "p05", "p50", "p95", "mean"])
def test_a_bundle_that_does_not_reproduce_its_answers_is_not_loaded(bundle: VerifiedBundle, field: str) -> None:
    answers = getattr(bundle.golden, field)
    last = answers[-1]
    changed = tuple(each + 2e-3 for each in last) if isinstance(last, tuple) else last + 2e-3 * CALIBRATION.cap
    golden = replace(bundle.golden, **{field: (*answers[:-1], changed)})  # type: ignore[arg-type]  # one varies
    with pytest.raises(SelfTestFailed, match="must reproduce its golden"):
        Runtime.load(reassembled(bundle, golden))


def test_a_bundle_whose_feature_code_differs_is_not_loaded(bundle: VerifiedBundle) -> None:
    readings = bundle.golden.readings
    assert readings is not None
    for changes in ({"vector": (*readings.vector[:-1], 9.0)}, {"regime": 5}, {"life": readings.life + 1}):
        golden = replace(bundle.golden, readings=replace(readings, **changes))
        with pytest.raises(SelfTestFailed):
            Runtime.load(reassembled(bundle, golden))


def test_a_bundle_whose_golden_rows_are_of_another_shape_is_refused(bundle: VerifiedBundle) -> None:
    golden = replace(bundle.golden, survival=tuple(each[:-1] for each in bundle.golden.survival))
    with pytest.raises(BundleRefused, match="Golden rows must have"):
        Runtime.load(reassembled(bundle, golden))


def test_where_life_is_counted_an_answer_without_data_never_outranks_later_ones(count_runtime: Runtime) -> None:
    forecast = ask(count_runtime, None)
    assert (forecast.status, forecast.issued_at) == (ForecastStatus.INSUFFICIENT, EPOCH)
    request = VectorRequest(DEFAULT_TENANT, FAN, None)
    assert count_runtime.unavailable(request, NOW, "online_store: gone").issued_at == EPOCH


def test_a_bundle_whose_interval_was_changed_for_one_regime_is_not_loaded(bundle: VerifiedBundle) -> None:
    for regime in range(3):
        low = list(CALIBRATION.interval.low)
        low[regime] = tuple(level + 0.01 for level in low[regime])
        changed = replace(CALIBRATION, interval=replace(CALIBRATION.interval, low=tuple(low)))
        with pytest.raises(SelfTestFailed, match="p05"):
            Runtime.load(reassembled(replace(bundle, calibration=changed), bundle.golden))


def test_an_older_bundle_with_one_half_level_is_read_and_answers(bundle: VerifiedBundle) -> None:
    older = replace(CALIBRATION, interval=IntervalTable.of_half_level(0.42))
    survival = np.asarray(bundle.golden.survival, np.float32)
    numbers = summarise(survival, older, np.full(len(survival), -1))
    golden = json.loads(bundle.contents["golden.json"])
    del golden["regime"]
    golden |= {"p05": numbers.p05.tolist(), "p95": numbers.p95.tolist()}
    calibration = json.loads(bundle.contents["calibration.json"])
    del calibration["format"], calibration["interval"]
    calibration["interval_half_level"] = 0.42
    files = dict(bundle.contents)
    manifest = json.loads(files.pop("manifest.json"))
    files["golden.json"], files["calibration.json"] = (json.dumps(each).encode() for each in (golden, calibration))
    entries = [FileEntry.of(name, data) for name, data in files.items()]
    manifest["files"] = [{"name": each.name, "bytes": each.size, "sha256": each.sha256} for each in entries]
    manifest["format"] = 1
    del manifest["distilled_from"]
    runtime = Runtime.load(verify({"manifest.json": json.dumps(manifest).encode(), **files}))
    life = ask(runtime, vector(regime=1)).life
    curve = runtime.survival(HEALTHY.vectors[-1:]).astype(np.float64)
    assert life is not None
    assert [life.p05, life.p95] == pytest.approx([float(quantile(curve, 10.0, each)[0]) for each in (0.08, 0.92)])
