import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest

from experiments.errors import DataSetUnusable
from experiments.nab.protocol import judge
from experiments.nab.reader import RECORDING, WINDOWS, read_machine

BEGIN = dt.datetime(2013, 12, 2)
FAULTS = (10.0, 20.0)  # days


def write_machine(folder: Path, first_window: float = 9.0) -> None:
    """Write 30 days of a temperature every half hour, with a fault in the middle of two windows."""
    time = np.arange(0.0, 30.0, 1 / 48)
    value = 80.0 + np.random.default_rng(0).normal(size=len(time))
    for fault in FAULTS:
        value[(time > fault) & (time < fault + 0.5)] -= 15.0
    stamps = [str(BEGIN + dt.timedelta(days=day)) for day in time.tolist()]
    lines = [f"{stamp},{each:.4f}" for stamp, each in zip(stamps, value, strict=True)]
    (folder / RECORDING).write_text("\n".join(["timestamp,value", *lines]) + "\n")
    days = [(first_window, 11.0), (19.0, 21.0)]
    windows = [[str(BEGIN + dt.timedelta(days=day)) for day in window] for window in days]
    (folder / WINDOWS).write_text(json.dumps({f"realKnownCause/{RECORDING}": windows}))


def test_faults_are_found_and_nothing_else(tmp_path: Path) -> None:
    write_machine(tmp_path)
    found = judge(read_machine(tmp_path))
    assert (found.windows_found, found.windows) == (2, 2)
    assert found.false_per_week < 1.0
    for lead in found.lead_hours:
        assert lead is not None
        assert -6.0 < lead <= 24.0
    json.dumps(found.to_dict(), allow_nan=False)


def test_windows_within_the_days_that_teach_are_refused(tmp_path: Path) -> None:
    write_machine(tmp_path, first_window=6.0)
    with pytest.raises(DataSetUnusable, match="first 7 days must be healthy"):
        judge(read_machine(tmp_path))


@pytest.mark.parametrize(("name", "content"), [(RECORDING, "a,b\n1,2\n"), (WINDOWS, "{}"), (WINDOWS, "[")])
def test_altered_files_are_refused(tmp_path: Path, name: str, content: str) -> None:
    write_machine(tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(DataSetUnusable, match="NAB's own files"):
        read_machine(tmp_path)


def test_all_four_windows_are_found(data_directory: Path) -> None:
    found = judge(read_machine(data_directory / "nab_machine_temperature"))
    assert (found.windows_found, found.windows) == (4, 4)
    assert found.false_per_week < 1.0
