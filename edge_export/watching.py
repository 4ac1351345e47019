"""Export without a network: a bundle that tells whether a machine is as usual, before any failure was ever seen."""

from datetime import UTC, datetime
from pathlib import Path

from edge_export.bundle.calibration import Calibration
from edge_export.bundle.durable import refuse_taken
from edge_export.bundle.golden import Golden
from edge_export.bundle.reading import VerifiedBundle
from edge_export.bundle.writing import assemble_bundle, write_bundle
from edge_export.golden_condition import golden_condition
from edge_export.golden_readings import golden_readings
from edge_export.runtime.runtime import Runtime
from features.domain.packs import Pack
from features.transforms.batch import LifeRows
from features.transforms.condition.table import ConditionTable
from features.transforms.intervals import IntervalTable
from features.transforms.specification import FeatureSpecification

_NOMINAL = 0.05
"""Level of an interval that nobody asks for: the numbers beside a network have to be whole, and there is none."""


def export_watching(
    folder: Path,
    pack: Pack,
    specification: FeatureSpecification,
    condition: ConditionTable,
    *,
    name: str,
    version: str,
    card_markdown: str,
    readings: LifeRows | None = None,
    created_at: datetime | None = None,
) -> VerifiedBundle:
    """Export what is usual of a type of machine as a bundle that has passed its own self-test.

    Args:
        folder: Where to; a new folder.
        pack: The type.
        specification: The features that a network would take: they are kept up to date until there is one.
        condition: What is usual.
        name: Name of the model.
        version: Version of the model.
        card_markdown: The model card.
        readings: The first rows of some real life, by which the feature code is tested at every load.
        created_at: When it was made; now by default.

    Returns:
        The bundle as it lies on the disk.

    Raises:
        BundleRefused: If the folder is taken, or the parts do not fit each other.
    """
    refuse_taken(folder)
    golden = Golden(
        (), (), (), (), (), (), (), (), golden_readings(specification, readings), None, golden_condition(condition)
    )
    bundle = assemble_bundle(
        name=name,
        version=version,
        created_at=created_at or datetime.now(UTC),
        model=None,
        specification_json=specification.to_json(),
        calibration=Calibration.of(pack, IntervalTable.of_half_level(_NOMINAL)),
        golden=golden,
        card=card_markdown,
        condition=condition,
    )
    Runtime.load(bundle)
    return write_bundle(folder, bundle)
