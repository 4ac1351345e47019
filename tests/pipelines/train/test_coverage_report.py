import json

import numpy as np

from models.calibration.coverage import CoverageRow
from models.calibration.evidence import Evidence
from models.calibration.levels import LevelRule, fit_levels
from pipelines.train.coverage_report import coverage_document, coverage_markdown, coverage_metrics
from tests.models.calibration.fleets import STEP, weibull_fleet

ROWS = [
    CoverageRow("all", 90, 10, 30, 0.912, 0.02, 51.4, 0.85, 0.95),
    CoverageRow("regime 3", 0, 4, 0, float("nan"), float("nan"), 40.0, 0.0, 1.0),
]


def test_document_is_strict_json_and_says_whose_levels_each_group_has() -> None:
    fleet = weibull_fleet(40, 1)
    rule = LevelRule(stage_edges=(20.0,), regimes=2)
    levels = fit_levels(fleet.survival, STEP, fleet.remaining, Evidence.of_units(fleet.life), rule, fleet.regime)
    document = json.loads(coverage_document(ROWS, levels))
    assert document["coverage"][0]["coverage"] == 0.912
    assert document["coverage"][1]["coverage"] is None
    assert len(document["levels"]) == 6
    assert all(each["levels_from"] for each in document["levels"])


def test_table_shows_what_is_not_known_as_a_dash() -> None:
    told = coverage_markdown(ROWS, "hours").splitlines()
    assert told[0].endswith("mean width, hours |")
    assert told[2] == "| all | 90 | 10 | 30 | 0.912 | 0.020 | 0.85 to 0.95 | 51 |"
    assert told[3] == "| regime 3 | 0 | 4 | 0 | – | – | 0.00 to 1.00 | 40 |"


def test_metrics_have_names_that_mlflow_takes() -> None:
    found = coverage_metrics(ROWS)
    assert set(found) == {"test_coverage_all", "test_width_all", "test_coverage_regime_3", "test_width_regime_3"}
    assert np.isnan(found["test_coverage_regime_3"]), "what is not finite is left out when it is logged"
