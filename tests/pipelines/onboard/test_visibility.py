from dataclasses import replace

import numpy as np

from features.transforms.batch import LifeRows
from pipelines.building.build import fit_specification
from pipelines.onboard.assessing import fit_names
from pipelines.onboard.feasibility import Visibility
from pipelines.onboard.label_table import label_table
from pipelines.onboard.visibility import visibility
from tests.pipelines.onboard.machines import PACK, fleet


def seen(jump: float, hours: int = 20) -> Visibility:
    """Look at fans whose vibration jumps so many hours before the end, and is level before."""
    tracks = []
    for each in fleet(6, others=0):
        values = each.rows.values.copy()
        values[:, 1] = 2.0 + 0.05 * np.random.default_rng(len(values)).standard_normal(len(values))
        values[-hours:, 1] += jump
        tracks.append(replace(each, rows=LifeRows(each.rows.time, values)))
    pack = replace(PACK, features=replace(PACK.features, label_every=2.0), horizons=(24.0,))
    return visibility(pack, label_table(pack, fit_specification(pack, tracks), tracks), fit_names(pack))


def test_lead_is_about_the_time_since_it_shows() -> None:
    found = seen(jump=2.0)
    assert found.failures == 6
    assert found.seen >= 0.8
    assert 10 <= found.lead[1] <= 22


def test_what_never_shows_has_no_lead() -> None:
    assert seen(jump=0.0).seen <= 0.5


def test_single_failure_cannot_be_looked_at() -> None:
    tracks = fleet(1)
    found = visibility(PACK, label_table(PACK, fit_specification(PACK, tracks), tracks), fit_names(PACK))
    assert found.failures == 0
    assert "two machines" in found.words
