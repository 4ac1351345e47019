import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, onnx_ml_pb2

from edge_export.bundle.errors import BundleRefused
from edge_export.bundle.reading import VerifiedBundle
from edge_export.runtime.graph_bytes import _CHILDREN, refuse_external_data

MESSAGES = {
    "ModelProto": "model",
    "TrainingInfoProto": "training",
    "GraphProto": "graph",
    "NodeProto": "node",
    "AttributeProto": "attribute",
    "FunctionProto": "function",
    "SparseTensorProto": "sparse",
    "TensorProto": "tensor",
}


def external(name: str = "w") -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../secret.bin")
    return tensor


def flag_alone() -> TensorProto:
    return TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)


def entry_alone() -> TensorProto:
    tensor = external()
    tensor.ClearField("data_location")
    return tensor


def graph_of(*nodes: onnx.NodeProto, initializers: tuple[TensorProto, ...] = ()) -> onnx.GraphProto:
    return helper.make_graph(list(nodes), "g", [], [], initializer=list(initializers))


def in_initializer(tensor: TensorProto) -> onnx.ModelProto:
    return helper.make_model(graph_of(initializers=(tensor,)))


def in_attribute(tensor: TensorProto) -> onnx.ModelProto:
    return helper.make_model(graph_of(helper.make_node("Constant", [], ["c"], value=tensor)))


def in_subgraph(tensor: TensorProto) -> onnx.ModelProto:
    inner = graph_of(initializers=(tensor,))
    return helper.make_model(graph_of(helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)))


def in_function(tensor: TensorProto) -> onnx.ModelProto:
    model = helper.make_model(graph_of())
    node = helper.make_node("Constant", [], ["c"], value=tensor)
    model.functions.append(helper.make_function("d", "f", [], ["c"], [node], []))
    return model


def in_sparse(tensor: TensorProto) -> onnx.ModelProto:
    model = helper.make_model(graph_of())
    model.graph.sparse_initializer.add().values.CopyFrom(tensor)
    return model


@pytest.mark.parametrize("place", [in_initializer, in_attribute, in_subgraph, in_function, in_sparse])
@pytest.mark.parametrize("tensor", [external, flag_alone, entry_alone])
def test_data_in_another_file_is_found_wherever_it_hides(place, tensor) -> None:  # type: ignore[no-untyped-def]  # parametrised
    with pytest.raises(BundleRefused, match="another file"):
        refuse_external_data(place(tensor()).SerializeToString())


@pytest.mark.parametrize("place", [in_initializer, in_attribute, in_subgraph, in_function, in_sparse])
def test_data_inside_passes_even_if_it_spells_location(place) -> None:  # type: ignore[no-untyped-def]  # parametrised
    tensor = TensorProto(name="location", data_type=TensorProto.UINT8, dims=[10], raw_data=b"\x0a\x08location")
    refuse_external_data(place(tensor).SerializeToString())


def test_an_exported_model_passes(bundle: VerifiedBundle) -> None:
    assert bundle.model is not None
    refuse_external_data(bundle.model)


def test_the_table_of_fields_agrees_with_onnx_own_description() -> None:
    for message, kind in MESSAGES.items():
        fields = getattr(onnx_ml_pb2, message).DESCRIPTOR.fields
        below = {
            each.number: MESSAGES[each.message_type.name]
            for each in fields
            if each.message_type is not None and each.message_type.name in MESSAGES
        }
        assert _CHILDREN[kind] == below, message


def test_no_other_message_holds_tensors() -> None:
    for message, descriptor in onnx_ml_pb2.DESCRIPTOR.message_types_by_name.items():
        for each in descriptor.fields:
            if each.message_type is not None and each.message_type.name in MESSAGES:
                assert message in MESSAGES, (message, each.name)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_pass_or_are_refused_and_nothing_else(data: bytes) -> None:
    try:
        refuse_external_data(data)
    except BundleRefused:
        return
