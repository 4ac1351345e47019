"""Export: a trained network becomes a bundle, and proves on the way that nothing was lost."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.durable import refuse_taken
from edge_export.bundle.errors import ExportFailed
from edge_export.bundle.golden import Golden, GoldenReadings
from edge_export.bundle.manifest import Teacher
from edge_export.bundle.reading import VerifiedBundle
from edge_export.bundle.writing import assemble_bundle, write_bundle
from edge_export.golden_condition import golden_condition
from edge_export.golden_readings import golden_readings, tuples
from edge_export.graph import export_graph, frozen, survival_of
from edge_export.parity import SPECIAL_ROWS, check_network, check_parity, parity_rows
from edge_export.runtime.runtime import Runtime, check_match
from edge_export.runtime.session import GraphSession
from edge_export.runtime.summary import summarise
from features.transforms.batch import LifeRows
from features.transforms.condition.table import ConditionTable
from features.transforms.modes import ModeShares
from features.transforms.specification import FeatureSpecification

if TYPE_CHECKING:
    import torch

GOLDEN_VECTORS = 24
"""Rows of `golden.json`: the special rows of the parity check, then typical ones."""


def export_bundle(
    folder: Path,
    network: "torch.nn.Module",
    specification: FeatureSpecification,
    calibration: Calibration,
    vectors: NDArray[np.float32],
    *,
    name: str,
    version: str,
    card_markdown: str,
    readings: LifeRows | None = None,
    created_at: datetime | None = None,
    distilled_from: Teacher | None = None,
    modes: ModeShares | None = None,
    condition: ConditionTable | None = None,
) -> VerifiedBundle:
    """Export a network as a bundle that has passed parity and its own self-test.

    Args:
        folder: Where to; a new folder.
        network: Maps float32 vectors, NaN where unknown, to survival. Whatever it needs of normalisation and
            of the treatment of NaN is inside it. It stays as it is: a copy is exported in evaluation mode.
        specification: The features that it takes.
        calibration: The numbers beside the graph.
        vectors: A sample of real vectors, NaN included. Shape (batch, feature).
        name: Name of the model.
        version: Version of the model.
        card_markdown: The model card.
        readings: The first rows of some real life, by which the feature code is tested at every load.
        created_at: When it was made; now by default.
        distilled_from: The bundle whose answers the network learnt to give; None if it learnt from what machines did.
        modes: Shares of failure modes, where the model tells them apart.
        condition: What is usual of such machines, where it was learnt.

    Returns:
        The bundle as it lies on the disk.

    Raises:
        ExportFailed: If the network does not keep the contract or cannot be exported.
        ParityFailed: If the graph and the network disagree.
        BundleRefused: If the folder is taken, or the parts do not fit each other.
    """
    refuse_taken(folder)
    check_match(specification, calibration)
    rows, copy = parity_rows(_checked(vectors, specification)), frozen(network)
    bundle = assemble_bundle(
        name=name,
        version=version,
        created_at=created_at or datetime.now(UTC),
        model=_proven_graph(copy, rows, calibration.grid_steps),
        specification_json=specification.to_json(),
        calibration=calibration,
        golden=_golden(copy, calibration, rows, golden_readings(specification, readings), modes, condition),
        card=card_markdown,
        distilled_from=distilled_from,
        modes=modes,
        condition=condition,
    )
    Runtime.load(bundle)
    return write_bundle(folder, bundle)


def _proven_graph(network: "torch.nn.Module", rows: NDArray[np.float32], steps: int) -> bytes:
    """Return the graph of a network after both gave the same for these rows."""
    check_network(network, rows, steps)
    model = export_graph(network, rows.shape[1])
    check_parity(network, GraphSession.load(model), rows)
    return model


def _checked(vectors: NDArray[np.float32], specification: FeatureSpecification) -> NDArray[np.float32]:
    sample, width = np.asarray(vectors), len(specification.names)
    if sample.ndim != 2 or sample.shape[1] != width or not len(sample) or sample.dtype != np.float32:
        raise ExportFailed(
            f"The sample of vectors must be float32 of shape (one or more, {width}); "
            f"found {sample.dtype} of {sample.shape}. Take them from the feature store under this specification."
        )
    if np.isinf(sample).any():
        raise ExportFailed("The sample of vectors must have no infinities; found some. Set such readings aside.")
    return sample


def _golden(
    network: "torch.nn.Module",
    calibration: Calibration,
    rows: NDArray[np.float32],
    readings: GoldenReadings | None,
    modes: ModeShares | None,
    condition: ConditionTable | None,
) -> Golden:
    chosen = np.concatenate([rows[:SPECIAL_ROWS], rows[-(GOLDEN_VECTORS - SPECIAL_ROWS) :]])
    survival = survival_of(network, chosen)
    # Every regime in turn, the unknown one among them, so that a load tries every row of the interval table.
    regime = np.arange(len(chosen), dtype=np.int64) % (calibration.interval.regimes + 1) - 1
    numbers = summarise(survival, calibration, regime)
    return Golden(
        vectors=tuples(chosen),
        survival=tuples(survival),
        regime=tuple(regime.tolist()),
        p_fail=tuples(numbers.p_fail),
        p05=tuple(numbers.p05.tolist()),
        p50=tuple(numbers.p50.tolist()),
        p95=tuple(numbers.p95.tolist()),
        mean=tuple(numbers.mean.tolist()),
        readings=readings,
        shares=None if modes is None else tuples(modes.of_rows(chosen)),
        condition=None if condition is None else golden_condition(condition),
    )
