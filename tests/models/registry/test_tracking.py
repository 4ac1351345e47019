"""Runs in a real MLflow store on SQLite. Making one takes seconds, so a template is made once and copied."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import pytest
from matplotlib.figure import Figure

from features.domain.errors import ServiceError, Unavailable
from models.registry.errors import RegistryRefused, RegistryUnavailable
from models.registry.registry import CHALLENGER, CHAMPION, ModelRegistry
from models.registry.tracking import DataIdentity, Tracking, translated

pytestmark = pytest.mark.slow  # importing MLflow and making its store takes seconds


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mlflow")
    Tracking(f"sqlite:///{folder / 'mlflow.db'}", folder / "none").client().search_experiments()
    return folder / "mlflow.db"


@pytest.fixture
def tracking(template: Path, tmp_path: Path) -> Tracking:
    shutil.copy(template, tmp_path / "mlflow.db")
    return Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artefacts")


def start(tracking: Tracking) -> str:
    return tracking.start("pump", "a run", {"pack": "pump 1.0.0"}, {"epochs": 12, "rate": 3e-3})


def identity_graph() -> bytes:
    """Return the smallest graph there is: three features in, three steps out."""
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["vectors"], ["survival"])],
        "identity",
        [onnx.helper.make_tensor_value_info("vectors", kind, ["batch", 3])],
        [onnx.helper.make_tensor_value_info("survival", kind, ["batch", 3])],
    )
    opset = onnx.helper.make_opsetid("", 18)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=10)
    return bytes(model.SerializeToString())


def register(tracking: Tracking, run_id: str) -> str:
    rows = np.zeros((2, 3), np.float32)
    return ModelRegistry(tracking).register(run_id, "pump_prognosis", identity_graph(), rows, rows, {"view": "v"})


def test_run_keeps_parameters_tags_and_its_end(tracking: Tracking) -> None:
    run_id = start(tracking)
    run = tracking.client().get_run(run_id)
    assert run.info.status == "RUNNING"
    assert run.data.params == {"epochs": "12", "rate": "0.003"}
    assert run.data.tags["pack"] == "pump 1.0.0"
    tracking.finish(run_id)
    assert tracking.client().get_run(run_id).info.status == "FINISHED"
    failed = start(tracking)
    tracking.finish(failed, "FAILED")
    assert tracking.client().get_run(failed).info.status == "FAILED"
    assert len(tracking.client().search_experiments(filter_string="name = 'pump'")) == 1


def test_metrics_are_kept_by_step_and_what_is_not_finite_is_left_out(tracking: Tracking) -> None:
    run_id = start(tracking)
    for step, loss in enumerate([0.5, 0.4]):
        tracking.log_metrics(run_id, {"loss": loss}, step)
    tracking.log_metrics(run_id, {"a": 1, "bad": float("nan"), "far": float("inf"), "low": float("-inf")})
    tracking.log_metrics(run_id, {"nothing": float("nan")})
    client = tracking.client()
    assert [(each.step, each.value) for each in client.get_metric_history(run_id, "loss")] == [(0, 0.5), (1, 0.4)]
    assert set(client.get_run(run_id).data.metrics) == {"loss", "a"}


def test_data_behind_a_run_is_shown_with_it(tracking: Tracking) -> None:
    run_id = start(tracking)
    tracking.log_data(run_id, DataIdentity("pump_rows", "ab" * 30, 'feast://millwright/"x"', 100, 7), "training")
    inputs = tracking.client().get_run(run_id).inputs
    assert inputs is not None
    (given,) = inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("pump_rows", ("ab" * 30)[:36])
    assert json.loads(given.dataset.profile or "") == {"num_rows": 100, "num_features": 7}
    assert json.loads(given.dataset.source) == {"uri": 'feast://millwright/"x"'}
    assert [tag.value for tag in given.tags] == ["training"]


def test_files_texts_and_pictures_lie_with_the_run(tracking: Tracking, tmp_path: Path) -> None:
    run_id = start(tracking)
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "graph.onnx").write_bytes(b"graph")
    tracking.log_files(run_id, folder, "bundle")
    tracking.log_text(run_id, "{}", "specification.json")
    figure = Figure()
    figure.add_subplot().plot([0, 1])
    tracking.log_picture(run_id, figure, "calibration.png")
    kept = {file.name: file.read_bytes() for file in tracking.artefacts.rglob("*") if file.is_file()}
    assert kept["graph.onnx"] == b"graph"
    assert kept["specification.json"] == b"{}"
    assert kept["calibration.png"].startswith(b"\x89PNG")


def test_arrays_lie_with_the_run_and_are_read_without_pickle(tracking: Tracking) -> None:
    run_id = start(tracking)
    weights = {"layer.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "layer.bias": np.zeros(2, np.float32)}
    tracking.log_arrays(run_id, weights, "weights.npz")
    (file,) = tracking.artefacts.rglob("weights.npz")
    with np.load(file, allow_pickle=False) as kept:
        assert set(kept.files) == set(weights)
        for name, array in weights.items():
            np.testing.assert_array_equal(kept[name], array)


def test_run_that_was_cut_off_is_known_and_goes_on(tracking: Tracking) -> None:
    run_id = start(tracking)
    tracking.finish(run_id, "KILLED")
    known = tracking.known(run_id)
    assert (known.status, known.tags["pack"]) == ("KILLED", "pump 1.0.0")
    assert known.parameters == {"epochs": "12", "rate": "0.003"}
    tracking.go_on(run_id)
    assert tracking.known(run_id).status == "RUNNING"
    with pytest.raises(RegistryRefused):
        tracking.known("0" * 32)


def test_versions_count_up_and_aliases_point_at_them(tracking: Tracking) -> None:
    registry = ModelRegistry(tracking)
    assert registry.version_of("pump_prognosis", CHAMPION) is None
    first, second = register(tracking, start(tracking)), register(tracking, start(tracking))
    assert (first, second) == ("1", "2")
    assert registry.version_of("pump_prognosis", CHAMPION) is None
    registry.set_alias("pump_prognosis", CHAMPION, first)
    registry.set_alias("pump_prognosis", CHALLENGER, second)
    assert registry.version_of("pump_prognosis", CHAMPION) == "1"
    assert registry.version_of("pump_prognosis", CHALLENGER) == "2"
    registry.set_alias("pump_prognosis", CHAMPION, second)
    assert registry.version_of("pump_prognosis", CHAMPION) == "2"
    assert tracking.client().get_model_version("pump_prognosis", "1").tags == {"view": "v"}
    assert registry.version_of("fan_prognosis", CHAMPION) is None


def test_alias_of_a_version_that_does_not_exist_is_refused(tracking: Tracking) -> None:
    with pytest.raises(RegistryRefused, match="not found"):
        ModelRegistry(tracking).set_alias("pump_prognosis", CHAMPION, "7")


def test_run_that_does_not_exist_is_refused(tracking: Tracking) -> None:
    with pytest.raises(RegistryRefused):
        tracking.log_metrics("0" * 32, {"loss": 1.0})


def test_store_that_is_no_database_is_unavailability(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"no database, but long enough to be looked at" * 50)
    with pytest.raises(RegistryUnavailable, match="MLflow is not available"):
        start(Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path))


def _exceptions_of_mlflow() -> list[type[Exception]]:
    from mlflow.exceptions import MlflowException

    found, left = [], [MlflowException]
    while left:
        found.append(left.pop())
        left += found[-1].__subclasses__()
    return list(found)


def test_every_exception_of_mlflow_becomes_one_of_ours() -> None:
    classes = _exceptions_of_mlflow()
    assert len(classes) > 10
    for kind in classes:
        for code in ("INVALID_PARAMETER_VALUE", "INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE"):
            error = kind.__new__(kind)
            error.error_code = code  # type: ignore[attr-defined]  # MLflow sets it in its constructor
            expected = RegistryRefused if code == "INVALID_PARAMETER_VALUE" else RegistryUnavailable
            with pytest.raises(expected) as raised, translated():
                raise error
            assert isinstance(raised.value, ServiceError)
            assert raised.value.__cause__ is error


def test_network_that_fails_is_unavailability_and_what_is_ours_to_mend_is_not() -> None:
    with pytest.raises(Unavailable), translated():
        raise ConnectionRefusedError("nobody listens")
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError
