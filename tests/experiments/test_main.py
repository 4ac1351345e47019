import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.__main__ import main
from tests.experiments.cmapss.loopback import Answer, loopback, zipped
from tests.experiments.cmapss.nasa_files import write_subset


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the entry point sets is taken back after the test."""
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    assert end.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return err.splitlines()[-1]


def test_missing_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(capsys, "cmapss", "--data", str(tmp_path / "absent"), "--json")
    assert line.startswith("DataSetUnusable: The folder")


def test_missing_test_file_is_told_before_any_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_subset(tmp_path, "FD003", training=16, tests=3)
    (tmp_path / "test_FD003.txt").unlink()
    line = refused(capsys, "cmapss", "--subset", "FD003", "--data", str(tmp_path))
    assert "test_FD003.txt" in line


def test_too_few_engines_are_told_before_any_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_subset(tmp_path, "FD001", training=4, tests=3)
    assert "at least 15 engines" in refused(capsys, "cmapss", "--data", str(tmp_path))


def test_unwritable_predictions_are_told_before_any_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_subset(tmp_path, "FD001", training=16, tests=3)
    line = refused(capsys, "cmapss", "--data", str(tmp_path), "--predictions", str(tmp_path))
    assert line.startswith("OutputUnwritable: ")


@pytest.mark.parametrize("arguments", [["cmapss", "--subset", "FD005"], ["cmapss"], ["cmapss", "--workers", "0"]])
def test_wrong_use_is_told_as_such(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MILLWRIGHT_DATA", raising=False)
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().out == ""


def test_download_that_fails_is_one_last_line_and_keeps_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "cmapss"
    with loopback() as server:
        address = server.serve("/a.zip", Answer(zipped({"readme.txt": b""})))
        line = refused(capsys, "cmapss-download", "--out", str(out), "--from", address, "--json")
    assert line.startswith("DownloadFailed: One of 1 addresses must give all 12 files")
    assert not out.exists()


@pytest.mark.slow
def test_download_of_the_real_files_ends_in_one_json_object(
    tmp_path: Path, data_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {path.name: path.read_bytes() for path in (data_directory / "cmapss").glob("*_FD00?.txt")}
    files |= {f"RUL_{name}.txt": b"1 \n" * count for name, count in (("FD002", 259), ("FD004", 248))}
    with loopback() as server:
        address = server.serve("/a.zip", Answer(zipped({"CMAPSSData.zip": zipped(files)})))
        with pytest.raises(SystemExit) as end:
            main(["cmapss-download", "--out", str(tmp_path / "new"), "--from", address, "--json"])
    assert end.value.code == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["folder", "address", "files", "seconds"]
    assert len(document["files"]) == 12
    assert {each["name"] for each in document["files"] if each["checked"] == "shape"} == {
        "RUL_FD002.txt",
        "RUL_FD004.txt",
    }


@pytest.mark.slow
def test_remarks_of_ray_data_do_not_reach_people() -> None:
    code = (
        "from pipelines.quiet import hush_vendors; hush_vendors()\n"
        "from ray.data.context import DataContext; DataContext.get_current()\n"
        "import warnings; warnings.warn('ours is shown', DeprecationWarning)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "deprecated" not in result.stderr
    assert "ours is shown" in result.stderr
