import numpy as np

from pipelines.building.build import fit_specification
from pipelines.onboard.label_table import LabelTable, label_table
from tests.pipelines.building.machines import track
from tests.pipelines.onboard.machines import PACK, fleet


def test_rows_begin_at_the_minimum_life_and_lie_a_label_apart() -> None:
    tracks = fleet(3)
    table = label_table(PACK, fit_specification(PACK, tracks), tracks)
    assert table.rows.age.min() >= PACK.features.minimum_life
    own = np.sort(table.rows.age[table.asset == "fan-00"])
    assert (np.diff(own) >= PACK.features.label_every - 1).all()
    assert set(table.asset) == {each.epoch.asset for each in tracks}


def test_machines_and_lives_are_numbered_alike_wherever_they_stand() -> None:
    tracks = fleet(3)
    specification = fit_specification(PACK, tracks)
    whole = label_table(PACK, specification, tracks)
    joined = LabelTable.join([label_table(PACK, specification, [each]) for each in tracks])
    assert np.array_equal(joined.rows.machine, whole.rows.machine)
    assert np.array_equal(joined.rows.vectors, whole.rows.vectors, equal_nan=True)


def test_machine_that_is_too_young_gives_no_row() -> None:
    tracks = fleet(3)
    young = [track(PACK, "young", 2)]
    assert len(label_table(PACK, fit_specification(PACK, tracks), young).rows) == 0
    assert len(label_table(PACK, fit_specification(PACK, tracks), []).rows) == 0
