import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from experiments.errors import DataSetUnusable
from experiments.skab import command, protocol
from experiments.skab.reader import read_rig
from pipelines.progress import Stages
from tests.experiments.skab.rig_files import FAULT, SENSORS, write_rig


def test_faults_are_told_and_figures_have_the_agreed_keys(tmp_path: Path) -> None:
    write_rig(tmp_path)
    figures = command.run(read_rig(tmp_path), Stages(Console(file=io.StringIO())))
    keys = ["f1", "false_alarm_rate", "missing_alarm_rate", "strict", "nab_standard", "events", "changes", "baselines"]
    assert list(figures) == keys
    json.dumps(figures, allow_nan=False)
    assert float(str(figures["f1"])) > 0.9
    assert float(str(figures["false_alarm_rate"])) < 0.14
    assert float(str(figures["nab_standard"])) > 60.0
    baselines = figures["baselines"]
    assert isinstance(baselines, dict)
    assert baselines["flag_all"]["false_alarm_rate"] == 1.0
    assert baselines["flag_all"]["missing_alarm_rate"] == 0.0


def test_labels_of_the_recordings_change_no_alarm(tmp_path: Path) -> None:
    write_rig(tmp_path)
    rig = read_rig(tmp_path)
    score = protocol.product_score(rig)
    threshold = protocol.healthy_threshold(score, rig, 0.1)
    for path in tmp_path.glob("[ov]*/*.csv"):
        path.write_text(path.read_text().replace(";1.0;", ";0.0;"))
    unlabelled = read_rig(tmp_path)
    assert not any(each.is_anomalous.any() for each in unlabelled.recordings)
    again = protocol.product_score(unlabelled)
    assert protocol.healthy_threshold(again, unlabelled, 0.1) == threshold
    for one, other in zip(rig.recordings, unlabelled.recordings, strict=True):
        np.testing.assert_array_equal(score(one.history), again(other.history))


def test_rows_in_another_order_of_the_file_change_no_score(tmp_path: Path) -> None:
    write_rig(tmp_path, recordings=1)
    rig = read_rig(tmp_path)
    path = tmp_path / "other" / "0.csv"
    header, *lines = path.read_text().splitlines()
    order = np.random.default_rng(0).permutation(len(lines))
    path.write_text("\n".join([header, *(lines[place] for place in order)]) + "\n")
    shuffled = read_rig(tmp_path)
    score = protocol.product_score(rig)
    np.testing.assert_array_equal(score(shuffled.recordings[0].history), score(rig.recordings[0].history))


def test_recordings_are_read_as_they_are(tmp_path: Path) -> None:
    write_rig(tmp_path, recordings=1)
    rig = read_rig(tmp_path)
    assert rig.sensors == SENSORS
    assert [each.name for each in rig.recordings] == ["other/0", "valve1/0", "valve2/0"]
    assert np.flatnonzero(rig.recordings[0].is_anomalous)[[0, -1]].tolist() == [FAULT.start, FAULT.stop - 1]
    assert np.diff(rig.recordings[0].history.seconds).tolist() == [1.0] * 1149


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "anomaly-free" / "anomaly-free.csv").unlink(), "must be a file of SKAB"),
        (lambda folder: (folder / "valve2" / "0.csv").unlink(), "must hold SKAB's recordings"),
        (lambda folder: (folder / "other" / "0.csv").write_text("datetime;Current\n2020-01-01 00:00:00;1\n"), "lacks"),
        (lambda folder: (folder / "other" / "0.csv").write_text("a;b\n1;2\n"), "must be SKAB's own file"),
    ],
)
def test_broken_folders_are_refused(tmp_path: Path, spoil: object, words: str) -> None:
    write_rig(tmp_path, recordings=1)
    assert callable(spoil)
    spoil(tmp_path)
    with pytest.raises(DataSetUnusable, match=words):
        read_rig(tmp_path)


@pytest.mark.slow
@pytest.mark.integration
def test_bars_of_the_benchmark_hold(data_directory: Path) -> None:
    rig = read_rig(data_directory / "skab")
    figures = command.run(rig, Stages(Console(file=io.StringIO())))
    assert float(str(figures["f1"])) >= 0.80
    assert float(str(figures["false_alarm_rate"])) <= 0.14
    strict = figures["strict"]
    assert isinstance(strict, dict)
    assert strict["f1"] >= 0.78
    assert strict["false_alarm_rate"] <= 0.105
    assert float(str(figures["nab_standard"])) >= 50.0
    assert int(str(figures["events"])) <= 160
