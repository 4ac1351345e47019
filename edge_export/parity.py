"""Does the exported graph compute what the network computes? Part of every export."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.errors import ExportFailed, ParityFailed
from edge_export.graph import survival_of
from edge_export.runtime.session import GraphSession

if TYPE_CHECKING:
    import torch

BATCHES = (1, 2, 7, 64)
"""Numbers of rows at which network and graph are compared."""

TOLERANCE = 1e-5
"""Largest absolute difference of a survival probability."""

ROWS = 64
SPECIAL_ROWS = 15
"""So many of the rows, the first ones, are unknown, empty, extreme or half-known; the others are typical."""

_EXTREME = 1e6
_ROUNDING = 1e-6


def parity_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Choose rows that try a network: unknown, empty, extreme, half-known and typical ones.

    Args:
        vectors: Real vectors, NaN where unknown. Shape (batch, feature).

    Returns:
        Shape (64, feature).
    """
    generator = np.random.default_rng(0)
    typical = vectors[generator.integers(0, len(vectors), ROWS)].astype(np.float32)
    known = np.nan_to_num(vectors)
    width = vectors.shape[1]
    special = [np.full(width, value) for value in (np.nan, 0.0, _EXTREME, -_EXTREME)]
    special += [known.max(axis=0), known.min(axis=0), np.where(np.arange(width) % 2, _EXTREME, -_EXTREME)]
    half = np.where(generator.random((8, width)) < 0.5, np.nan, typical[:8])
    return np.concatenate([np.stack(special), half, typical])[:ROWS].astype(np.float32)


def check_network(network: "torch.nn.Module", rows: NDArray[np.float32], steps: int) -> None:
    """Check that a network gives survival curves, and each row the same in any batch.

    Args:
        network: In evaluation mode, on the processor.
        rows: Shape (batch, feature).
        steps: Length of a curve.

    Raises:
        ExportFailed: If it gives no survival curve for some row, or cannot take such rows.
        ParityFailed: If a row's answer depends on its neighbours.
    """
    try:
        expected = survival_of(network, rows)
    except RuntimeError as error:  # torch's word for shapes that do not fit
        said = str(error).strip().splitlines()[0][:300]
        raise ExportFailed(f"The network must take rows of {rows.shape[1]} features; torch says: {said}") from error
    _check_curves(expected, len(rows), steps)
    for batch in BATCHES:
        found = _in_batches(lambda chunk: survival_of(network, chunk), rows, batch)
        _compare("A row's survival alone and in any batch", batch, found, expected)


def check_parity(network: "torch.nn.Module", session: GraphSession, rows: NDArray[np.float32]) -> None:
    """Compare the graph with the network at every batch shape.

    Args:
        network: In evaluation mode, on the processor.
        session: The exported graph.
        rows: Shape (batch, feature).

    Raises:
        ParityFailed: If they disagree.
    """
    for batch in BATCHES:
        expected = _in_batches(lambda chunk: survival_of(network, chunk), rows, batch)
        _compare("Graph and network", batch, _in_batches(session.run, rows, batch), expected)


def _in_batches(
    ask: Callable[[NDArray[np.float32]], NDArray[np.float32]], rows: NDArray[np.float32], batch: int
) -> NDArray[np.float32]:
    return np.concatenate([ask(rows[start : start + batch]) for start in range(0, len(rows), batch)])


def _check_curves(survival: NDArray[np.float32], rows: int, steps: int) -> None:
    if survival.shape != (rows, steps):
        raise ExportFailed(
            f"The network must give shape ({rows}, {steps}) for {rows} rows on a grid of {steps} steps; "
            f"found {survival.shape}. Build it for the grid of the calibration."
        )
    if not np.isfinite(survival).all():
        raise ExportFailed(
            "The network must give a finite survival for every vector, those of nothing but NaN and of extreme "
            "values included; found NaN or infinity. Replace NaN and clip inside the network."
        )
    is_curve = (survival >= -_ROUNDING).all() and (survival <= 1 + _ROUNDING).all()
    if not is_curve or (np.diff(survival, axis=1) > _ROUNDING).any():
        raise ExportFailed("The network must give survival within 0 and 1 that never rises; found other values.")


def _compare(what: str, batch: int, found: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    if found.shape != expected.shape:
        raise ParityFailed(what, batch, float("nan"), TOLERANCE)
    difference = float(np.abs(found.astype(np.float64) - expected).max())
    if not difference <= TOLERANCE:  # NaN is no agreement
        raise ParityFailed(what, batch, difference, TOLERANCE)
