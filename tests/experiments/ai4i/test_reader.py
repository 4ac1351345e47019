from pathlib import Path

import numpy as np
import pytest

from experiments.ai4i.reader import MODES, read_parts
from experiments.data_sets import pack_of
from experiments.errors import DataSetUnusable
from features.transforms.specification import pack_signals
from tests.experiments.ai4i.mill_file import write_mill


def test_a_part_has_its_readings_in_the_order_of_the_pack_and_no_flag(tmp_path: Path) -> None:
    write_mill(tmp_path, rows=50)
    pack = pack_of("ai4i")
    parts = read_parts(tmp_path, pack)
    assert len(parts.stretches) == 50
    assert parts.modes.shape == (50, len(MODES))
    assert parts.has_failed.tolist() == parts.modes.any(axis=1).tolist()
    first = dict(zip(pack_signals(pack), parts.stretches[0].values[0], strict=True))
    assert set(first) == {
        "air_temperature",
        "process_temperature",
        "spindle_speed",
        "spindle_torque",
        "tool_wear",
        "variant",
    }
    line = (tmp_path / "ai4i2020.csv").read_text(encoding="utf-8-sig").splitlines()[1].split(",")
    assert [first["air_temperature"], first["spindle_torque"]] == [float(line[3]), float(line[6])]
    assert all(part.value is None for part in parts.stretches)


@pytest.mark.parametrize(("old", "new"), [("Torque [Nm]", "Torque"), ("L1,L,", "L1,Q,"), (",0,0,0,0\n", ",x,0,0,0\n")])
def test_altered_files_are_refused(tmp_path: Path, old: str, new: str) -> None:
    write_mill(tmp_path, rows=30)
    path = tmp_path / "ai4i2020.csv"
    text = path.read_text(encoding="utf-8").replace("M1,M,", "L1,L,").replace("H1,H,", "L1,L,")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataSetUnusable):
        read_parts(tmp_path, pack_of("ai4i"))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataSetUnusable, match="--data"):
        read_parts(tmp_path, pack_of("ai4i"))


def test_flags_change_no_reading(tmp_path: Path) -> None:
    write_mill(tmp_path, rows=40)
    pack = pack_of("ai4i")
    before = read_parts(tmp_path, pack)
    path = tmp_path / "ai4i2020.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], *(line[:-11] + "1,1,1,1,1,1" for line in lines[1:])]) + "\n", encoding="utf-8")
    after = read_parts(tmp_path, pack)
    assert after.modes.all()
    for one, other in zip(before.stretches, after.stretches, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
