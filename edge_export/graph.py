"""From a torch network to the bytes of an ONNX graph that holds everything and says nothing else."""

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.errors import ExportFailed
from edge_export.runtime.session import INPUT, OUTPUT

if TYPE_CHECKING:
    import onnx
    import torch


def export_graph(network: "torch.nn.Module", features: int) -> bytes:
    """Export a network as one ONNX file with a dynamic batch.

    Args:
        network: Maps float32 vectors (batch, feature) to survival (batch, time), in evaluation mode.
        features: Length of a vector.

    Returns:
        The model's bytes, without the notes (source paths, stack traces) that the exporter leaves in them.

    Raises:
        ExportFailed: If the exporter cannot translate the network.
    """
    import torch  # lazy: seconds and hundreds of megabytes, needed for export only

    example = torch.zeros((3, features), dtype=torch.float32)  # neither 0 nor 1 row: those sizes get frozen
    try:
        with _quiet():
            program = torch.onnx.export(
                network,
                (example,),
                dynamo=True,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                external_data=False,
                verbose=False,
            )
    except (torch.onnx.OnnxExporterError, torch._dynamo.exc.TorchDynamoException, RuntimeError, TypeError) as error:
        raise ExportFailed(f"The network must export to ONNX; the exporter says: {_first_cause(error)}") from error
    if program is None:
        raise ExportFailed("The network must export to ONNX; the exporter gave nothing.")
    model: onnx.ModelProto = program.model_proto
    _strip(model)
    return bytes(model.SerializeToString(deterministic=True))


def frozen(network: "torch.nn.Module") -> "torch.nn.Module":
    """Return a copy of a network in evaluation mode on the processor; the network stays as it was."""
    return copy.deepcopy(network).to("cpu").eval()


def survival_of(network: "torch.nn.Module", vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a network gives for vectors.

    Args:
        network: In evaluation mode, on the processor.
        vectors: Shape (batch, feature).

    Returns:
        Shape as the network gives it.

    Raises:
        ExportFailed: If it gives anything but float32.
    """
    import torch  # lazy: as above

    with torch.inference_mode():
        answer = network(torch.from_numpy(np.ascontiguousarray(vectors)))
    if not isinstance(answer, torch.Tensor) or answer.dtype != torch.float32:
        found = getattr(answer, "dtype", type(answer).__name__)
        raise ExportFailed(f"The network must give one float32 tensor; found {found}. Convert it in forward.")
    survival: NDArray[np.float32] = answer.numpy()
    return survival


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's remarks on its own affairs (missing torchvision, deprecations) off the terminal."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _first_cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _strip(model: "onnx.ModelProto") -> None:
    """Take out what the exporter noted about the source: paths and stack traces of the machine it ran on."""
    del model.metadata_props[:]
    model.ClearField("doc_string")
    _strip_graph(model.graph)
    for function in model.functions:
        del function.metadata_props[:]
        function.ClearField("doc_string")
        _strip_nodes(function.node)


def _strip_graph(graph: "onnx.GraphProto") -> None:
    del graph.metadata_props[:]
    del graph.value_info[:]
    graph.ClearField("doc_string")
    for named in (*graph.input, *graph.output, *graph.initializer):
        del named.metadata_props[:]
        named.ClearField("doc_string")
    _strip_nodes(graph.node)


def _strip_nodes(nodes: "Iterator[onnx.NodeProto]") -> None:
    for node in nodes:
        del node.metadata_props[:]
        node.ClearField("doc_string")
        for attribute in node.attribute:
            attribute.ClearField("doc_string")
            if attribute.HasField("g"):  # to touch it would make one
                _strip_graph(attribute.g)
            for graph in attribute.graphs:
                _strip_graph(graph)
