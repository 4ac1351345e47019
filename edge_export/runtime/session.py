"""The only place where ONNX Runtime is called: one thread, no spinning, the processor, bytes from memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.errors import BundleRefused
from edge_export.runtime.errors import InferenceFailed
from edge_export.runtime.graph_bytes import refuse_external_data
from edge_export.runtime.vendor import onnxruntime, vendor_errors

INPUT = "vectors"
OUTPUT = "survival"


@dataclass(frozen=True, slots=True)
class GraphSession:
    """A loaded graph that maps feature vectors to survival curves.

    Attributes:
        features: Length of a vector.
        steps: Length of a curve.
    """

    session: Any  # an onnxruntime.InferenceSession; the package ships no types
    features: int
    steps: int

    @staticmethod
    def load(model: bytes) -> "GraphSession":
        """Load a graph from its bytes.

        Raises:
            BundleRefused: If the bytes are no graph, refer to other files, or have other inputs or outputs.
        """
        refuse_external_data(model)
        try:
            session = onnxruntime().InferenceSession(model, _options(), providers=["CPUExecutionProvider"])
        except vendor_errors() as error:
            raise BundleRefused(
                f"The graph must load; ONNX Runtime says: {_first_line(error)}. Export it again."
            ) from (error)
        features = _width(session.get_inputs(), INPUT)
        return GraphSession(session, features, _width(session.get_outputs(), OUTPUT))

    def run(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the graph on a batch as it is.

        Args:
            vectors: Shape (batch, feature).

        Returns:
            Survival. Shape (batch, time).

        Raises:
            InferenceFailed: If the graph does not answer.
        """
        try:
            answer: NDArray[np.float32] = self.session.run([OUTPUT], {INPUT: vectors})[0]
        except vendor_errors() as error:
            raise InferenceFailed(f"The graph must answer; ONNX Runtime says: {_first_line(error)}.") from error
        return answer

    def run_rows(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the graph on each row alone, so that no answer depends on its neighbours, not even by rounding.

        A matrix product rounds differently for one row and for many. Row by row, the centre (which asks for
        many assets at once) and a gateway (which asks for one) get the same bits.

        Args:
            vectors: Shape (batch, feature).

        Returns:
            Survival. Shape (batch, time).

        Raises:
            InferenceFailed: If the graph does not answer.
        """
        survival = np.empty((len(vectors), self.steps), np.float32)
        for index in range(len(vectors)):
            survival[index] = self.run(vectors[index : index + 1])[0]
        return survival


def _options() -> Any:  # an onnxruntime.SessionOptions; the package ships no types
    vendor = onnxruntime()
    options = vendor.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = vendor.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 4  # what matters is raised; the rest would land on standard error
    return options


def _width(ports: list[Any], name: str) -> int:  # onnxruntime.NodeArg; the package ships no types
    found = [(port.name, port.type, list(port.shape)) for port in ports]
    if len(found) == 1:
        (port, kind, shape) = found[0]
        is_dynamic = len(shape) == 2 and not isinstance(shape[0], int)
        if port == name and kind == "tensor(float)" and is_dynamic and isinstance(shape[1], int):
            return shape[1]
    raise BundleRefused(
        f"The graph must have one float32 port {name} of shape (any batch, fixed width); found {found}. "
        "Export it again."
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["nothing"])[0][:300]
