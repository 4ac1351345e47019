import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from edge_export.bundle.errors import BundleRefused
from edge_export.bundle.reading import VerifiedBundle
from edge_export.runtime.errors import InferenceFailed
from edge_export.runtime.session import GraphSession
from edge_export.runtime.vendor import vendor_errors
from tests.edge_export.machine import sample_vectors


def model(name: str = "vectors", kind: int = TensorProto.FLOAT, shape: tuple[str | int, ...] = ("batch", 3)) -> bytes:
    source = helper.make_tensor_value_info(name, kind, shape)
    target = helper.make_tensor_value_info("survival", kind, shape)
    graph = helper.make_graph([helper.make_node("Identity", [name], ["survival"])], "g", [source], [target])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(made.SerializeToString())


def test_a_fit_graph_loads() -> None:
    session = GraphSession.load(model())
    assert (session.features, session.steps) == (3, 3)


@pytest.mark.parametrize(
    "unfit",
    [
        model(name="x"),
        model(kind=TensorProto.DOUBLE),
        model(shape=(1, 3)),
        model(shape=("batch", "time")),
        model(shape=("batch", 3, 1)),
    ],
)
def test_a_graph_with_other_ports_is_refused(unfit: bytes) -> None:
    with pytest.raises(BundleRefused, match="must have one float32 port"):
        GraphSession.load(unfit)


def test_bytes_that_do_not_load_are_refused_in_our_words() -> None:
    broken = helper.make_graph([helper.make_node("NoSuchOperator", ["vectors"], ["survival"])], "g", [], [])
    for data in (b"", b"hello", bytes(helper.make_model(broken).SerializeToString())):
        with pytest.raises(BundleRefused):
            GraphSession.load(data)


@pytest.mark.parametrize("error", vendor_errors(), ids=lambda each: each.__name__)
def test_every_error_of_the_vendor_becomes_ours(error: type[Exception]) -> None:
    class Broken:
        def run(self, *_: object) -> None:
            raise error("device lost\nand more")

    with pytest.raises(InferenceFailed, match="ONNX Runtime says") as caught:
        GraphSession(Broken(), 3, 3).run(np.zeros((1, 3), np.float32))
    assert isinstance(caught.value.__cause__, error)


def test_all_exceptions_of_the_vendor_are_known() -> None:
    native = onnxruntime.capi.onnxruntime_pybind11_state
    own = {each for each in vars(native).values() if isinstance(each, type) and issubclass(each, Exception)}
    assert own <= set(vendor_errors())
    assert len(own) >= 10


def test_a_row_gets_the_same_bits_alone_and_among_others(bundle: VerifiedBundle) -> None:
    assert bundle.model is not None
    session, vectors = GraphSession.load(bundle.model), sample_vectors()
    together = session.run_rows(vectors)
    for index in (0, 7, len(vectors) - 1):
        np.testing.assert_array_equal(session.run_rows(vectors[index : index + 1])[0], together[index])
