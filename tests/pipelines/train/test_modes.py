import json
from dataclasses import replace

import numpy as np
import pytest

from models.prognosis.targets import LabelledVectors
from pipelines.train.modes import learn_modes, modes_markdown
from tests.models.prognosis.toys import toy_rows
from tests.pipelines.building.machines import fan


def told(rows: LabelledVectors, shows: bool = True) -> LabelledVectors:
    """Name the modes of every other machine; one of them shows in the second feature."""
    mode = np.where(rows.machine % 2 == 0, "leak", "wear")
    vectors = rows.vectors.copy()
    vectors[:, 1] += 4.0 * shows * (mode == "leak")
    return replace(rows, vectors=vectors, mode=mode)


def test_figures_stand_in_card_run_and_json() -> None:
    pack = fan()
    modes = learn_modes(told(toy_rows(60)), told(toy_rows(30, seed=1)), pack, 0)
    assert modes.shares is not None
    card, metrics = modes_markdown(modes), modes.metrics()
    assert "| machines never seen, " in card
    assert "| leak |" in card
    assert metrics["modes_told"] == 2
    assert metrics["modes_test_log_loss"] < 0.2 < metrics["modes_test_base_log_loss"]
    assert metrics["modes_out_of_fold_accuracy"] > 0.9
    assert json.loads(modes.to_json())["held_out"]["accuracy"] == pytest.approx(metrics["modes_test_accuracy"])


def test_what_does_not_show_is_not_told_and_the_card_says_why() -> None:
    modes = learn_modes(told(toy_rows(60), shows=False), toy_rows(30, seed=1), fan(), 0)
    assert modes.shares is None
    assert modes.held_out is None
    assert "does not clearly beat" in modes_markdown(modes)
    assert modes.metrics()["modes_told"] == 0
    assert modes.to_dict()["told"] == []
