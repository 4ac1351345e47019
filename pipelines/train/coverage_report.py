"""How often intervals held, in the forms in which people and MLflow read it."""

import json
import re
from collections.abc import Sequence

from models.calibration.coverage import CoverageRow
from models.calibration.levels import FittedLevels

DOCUMENT, TABLE = "coverage.json", "coverage.md"
"""Names of the artefacts of a run."""


def coverage_document(table: Sequence[CoverageRow], levels: FittedLevels) -> str:
    """Return coverage by group, and whose levels each regime and stage of life has, as JSON."""
    document = {"coverage": [row.to_dict() for row in table], "levels": levels.to_rows()}
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def coverage_metrics(table: Sequence[CoverageRow]) -> dict[str, float]:
    """Return coverage and width of every group under names that MLflow takes.

    Examples:
        >>> row = CoverageRow("stage [0, 168)", 10, 0, 4, 0.9, 0.02, 50.0, 0.9, 0.9)
        >>> coverage_metrics([row])
        {'test_coverage_stage_0_168': 0.9, 'test_width_stage_0_168': 50.0}
    """
    metrics: dict[str, float] = {}
    for row in table:
        name = re.sub(r"[^0-9a-z]+", "_", row.group).strip("_")
        metrics |= {f"test_coverage_{name}": row.coverage, f"test_width_{name}": row.width}
    return metrics


def coverage_markdown(table: Sequence[CoverageRow], unit: str) -> str:
    """Return the table for people, in Markdown; a dash where nothing is known.

    Args:
        table: Coverage by group.
        unit: Unit of life.
    """
    lines = [
        f"| forecasts | known | hidden | lives | coverage | deviation | between | mean width, {unit} |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in table:
        coverage, deviation = (f"{each:.3f}" if each == each else "–" for each in (row.coverage, row.deviation))
        between = f"{row.least:.2f} to {row.most:.2f}"
        figures = (row.group, row.count, row.hidden, row.units, coverage, deviation, between, f"{row.width:.0f}")
        lines.append(f"| {' | '.join(map(str, figures))} |")
    return "\n".join(lines)
