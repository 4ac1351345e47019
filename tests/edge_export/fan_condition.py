"""What is usual of the fan, and a bundle that knows it: for tests of state detection through a bundle."""

from dataclasses import replace

from edge_export.bundle.reading import VerifiedBundle
from edge_export.bundle.writing import assemble_bundle
from edge_export.golden_condition import golden_condition
from features.transforms.condition.table import ComponentSignals, ConditionTable, ModeSigns
from tests.edge_export.machine import HOUR

CONDITION_TABLE = ConditionTable(
    conditions=("speed", "room"),  # no feature reads the temperature of the room
    sensors=("vibration", "temperature"),
    floors=(4.0, None, None, None),
    spans=(2000.0, 60.0, 10.0, 120.0),
    running=0,
    running_above=100.0,
    interval_seconds=HOUR,
    regime_conditions=(0,),
    regime_centers=((0.5,), (0.9,)),
    regime_radius=0.3,
    slopes=((0.1, 0.0, 0.0, 0.1), (0.05, 0.5, 0.0, 0.02)),
    slope_spreads=((0.05, 0.05, 0.02, 0.02), (0.05, 0.05, 0.02, 0.02)),
    noise=(0.02, 0.01),
    covariance=((0.12, 0.03), (0.03, 0.1)),
    condition_spreads=(0.1, 0.05),
    condition_covariance=((1.0, 0.0), (0.0, 0.0)),
    scatter_limits=(2.5, 2.5),
    limit=14.0,
    condition_limit=12.0,
    mode_limit=12.0,
    modes=(ModeSigns("bearing", (0.0, 0.0, 1.0, 1.0)), ModeSigns("blade", (0.0, 0.0, 1.0, 0.0))),
    components=(ComponentSignals("bearing", ("vibration",)),),
    machines=4,
    rows=1200,
)


def with_condition(bundle: VerifiedBundle, table: ConditionTable | None = CONDITION_TABLE) -> VerifiedBundle:
    """Return a bundle that detects states by this table, or does not."""
    return assemble_bundle(
        name=bundle.manifest.name,
        version=bundle.manifest.version,
        created_at=bundle.manifest.created_at,
        model=bundle.model,
        specification_json=bundle.specification_json,
        calibration=bundle.calibration,
        golden=replace(bundle.golden, condition=None if table is None else golden_condition(table)),
        card=bundle.card,
        distilled_from=bundle.manifest.distilled_from,
        modes=bundle.modes,
        condition=table,
    )
