from types import SimpleNamespace

import numpy as np

from models.calibration.coverage import CoverageRow
from models.prognosis.modes import FittedModes
from pipelines.condition.learning import LearntCondition
from pipelines.train.card import model_card
from pipelines.train.evaluation import Evaluation
from pipelines.train.modes import JudgedModes
from tests.models.prognosis.toys import toy_rows
from tests.pipelines.building.machines import fan


def test_card_shows_where_intervals_held() -> None:
    specification = SimpleNamespace(view="fan_condition", sha256="0" * 64)
    rows = toy_rows(machines=3)
    data = SimpleNamespace(
        pack=fan(),
        training=rows,
        unseen=frozenset({"fan-9"}),
        features=SimpleNamespace(specification=specification),
        digest="d",
    )
    figures = Evaluation(0.2, 0.91, 40.0, 12.0)
    coverage = [CoverageRow("all", 90, 10, 30, 0.912, 0.02, 51.4, 0.85, 0.95)]
    modes = JudgedModes(FittedModes("No failure of the training machines names its mode."), None)
    nothing = LearntCondition(None, "No machine was known to be healthy for long.")
    judgement = SimpleNamespace(model=figures, baseline=figures, coverage=coverage, modes=modes, condition=nothing)
    card = model_card("fan", "1", data, judgement, "run")  # type: ignore[arg-type]  # fakes of them
    assert "forecasts carry no `per_mode`. No failure of the training machines names its mode." in card
    assert "the bundle has no `condition.json`. No machine was known to be healthy for long." in card
    assert "| all | 90 | 10 | 30 | 0.912 | 0.020 | 0.85 to 0.95 | 51 |" in card.splitlines()
    assert "| coverage of p05 to p95 | 0.910 | 0.910 |" in card
    assert np.all([line.count("|") in {0, 4, 9} for line in card.splitlines()])
