"""Writing a bundle: all files, the manifest over them, and the folder at once."""

import hashlib
from datetime import datetime
from pathlib import Path

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.condition import condition_json
from edge_export.bundle.durable import write_folder
from edge_export.bundle.golden import Golden
from edge_export.bundle.manifest import (
    CALIBRATION,
    CARD,
    CONDITION,
    FEATURES,
    GOLDEN,
    MANIFEST,
    MODEL,
    MODES,
    FileEntry,
    Manifest,
    Teacher,
    label,
)
from edge_export.bundle.modes import modes_json
from edge_export.bundle.reading import VerifiedBundle, read_bundle, verify
from features.transforms.condition.table import ConditionTable
from features.transforms.modes import ModeShares


def assemble_bundle(
    *,
    name: str,
    version: str,
    created_at: datetime,
    model: bytes | None,
    specification_json: str,
    calibration: Calibration,
    golden: Golden,
    card: str,
    distilled_from: Teacher | None = None,
    modes: ModeShares | None = None,
    condition: ConditionTable | None = None,
) -> VerifiedBundle:
    """Make a bundle in memory.

    Args:
        name: Name of the model.
        version: Version of the model.
        created_at: When it was made.
        model: The graph, ONNX in one file; None where the bundle only tells whether a machine is as usual.
        specification_json: `FeatureSpecification.to_json()`.
        calibration: The numbers beside the graph.
        golden: Inputs and answers.
        card: The model card, Markdown.
        distilled_from: Whose answers the network learnt to give, if it did not learn from what machines did.
        modes: Shares of failure modes, where the model tells them apart.
        condition: What is usual of such machines, where it was learnt.

    Returns:
        The bundle, verified as one that was read.

    Raises:
        BundleRefused: If name or version are unfit.
        BundleCorrupt: If a part is unfit, for example too large.
    """
    files = {
        **({} if model is None else {MODEL: model}),
        FEATURES: specification_json.encode(),
        CALIBRATION: calibration.to_json(),
        GOLDEN: golden.to_json(),
        CARD: card.encode(),
    }
    if modes is not None:
        files[MODES] = modes_json(modes)
    if condition is not None:
        files[CONDITION] = condition_json(condition)
    manifest = Manifest(
        label("name", name),
        label("version", version),
        created_at,
        hashlib.sha256(files[FEATURES]).hexdigest(),
        tuple(FileEntry.of(each, data) for each, data in files.items()),
        distilled_from,
    )
    return verify({MANIFEST: manifest.to_json(), **files})


def write_bundle(folder: Path, bundle: VerifiedBundle) -> VerifiedBundle:
    """Write a bundle to a new folder, all at once, and read it back.

    Args:
        folder: Must not exist, or be empty.
        bundle: What to write.

    Raises:
        BundleRefused: If the folder is taken.
    """
    write_folder(folder, bundle.contents)
    return read_bundle(folder)
