import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_export.runtime.__main__ import main
from features.domain.time import format_time, time_of_life
from tests.edge_export.machine import SPECIFICATION, healthy_rows

ROOT = Path(__file__).parents[3]
HEAVY = {"torch", "ray", "feast", "mlflow", "bentoml", "pydantic", "sqlalchemy", "polars", "pandas", "onnx", "models"}
COMMAND = [sys.executable, "-m", "edge_export.runtime"]


def telemetry(rows: int = 6) -> str:
    life = healthy_rows(rows)
    lines = [
        {
            "asset_id": "fan-1",
            "time": format_time(time_of_life(time)),
            "signals": dict(zip(SPECIFICATION.signals, values, strict=True)),
        }
        for time, values in zip(life.time.tolist(), life.values.tolist(), strict=True)
    ]
    return "".join(json.dumps(each) + "\n" for each in lines)


def started(bundle_folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [*COMMAND, "run", str(bundle_folder), *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_run_answers_every_line_and_sums_up(bundle_folder: Path) -> None:
    lines = telemetry() + "\nfoo\n"
    done = subprocess.run(
        [*COMMAND, "run", str(bundle_folder), "--tenant", "acme"],
        cwd=ROOT, input=lines, capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["status"] for each in answers[:-1]] == ["insufficient"] * 3 + ["ok"] * 3
    assert answers[-1]["line"] == 8
    summary = json.loads(done.stderr)
    assert summary["forecasts"] == {"insufficient": 3, "ok": 3}
    assert summary["refused"] == {"unreadable_line": 1}


def test_a_run_needs_nothing_heavy_and_writes_nothing(bundle_folder: Path, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from edge_export.runtime.__main__ import main\n"
        f"status = main(['run', {str(bundle_folder)!r}, '--last'])\n"
        "sys.stderr.write('\\n'.join(sys.modules))\n"
        "sys.exit(status)\n"
    )
    bare = {"HOME": str(tmp_path), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, env=bare, input=telemetry(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["status"] == "ok"
    loaded = {name.partition(".")[0] for name in done.stderr.splitlines()}
    assert "onnxruntime" in loaded
    assert loaded & HEAVY == set()
    assert list(tmp_path.iterdir()) == [], "ONNX Runtime must report to nobody"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_live_run_answers_at_once_and_ends_cleanly_when_told(bundle_folder: Path, number: signal.Signals) -> None:
    with started(bundle_folder) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(telemetry(1))
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["status"] == "insufficient"
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
        assert json.loads(process.stderr.read())["rows"] == {"accepted": 1}


def test_a_reader_that_goes_away_is_no_error(bundle_folder: Path) -> None:
    with started(bundle_folder) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(telemetry(6))
        process.stdin.close()
        assert process.wait(timeout=20) == 0
        assert json.loads(process.stderr.read())["assets"] == 1
        process.stdin = None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
def test_output_that_cannot_be_written_ends_in_words_and_a_status(bundle_folder: Path) -> None:
    command = [*COMMAND, "run", str(bundle_folder)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=ROOT, input=telemetry(), stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Input and output must work to the end; found: No space left")
    assert "Traceback" not in done.stderr


def test_a_run_without_standard_input_is_an_empty_one(bundle_folder: Path) -> None:
    command = ["sh", "-c", 'exec "$@" <&-', "sh", *COMMAND, "run", str(bundle_folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads(done.stderr)["assets"] == 0


def test_verify_prints_one_object(bundle_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(bundle_folder), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["name"], document["golden_readings"]) == ("fan-hazard", True)
    assert main(["verify", str(bundle_folder)]) == 0
    assert "name: fan-hazard\n" in capsys.readouterr().out


def test_a_bad_bundle_ends_in_words_and_a_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path / "nowhere"), "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("BundleMissing: A bundle must be a folder")


def test_bench_measures_both_ways(bundle_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(bundle_folder), "--repeats", "20", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    for way in ("vector_to_forecast_us", "reading_to_forecast_us"):
        assert 0 < document[way]["p50"] <= document[way]["p99"]
    if Path("/proc/self/status").exists():
        assert document["resident_bytes"] > 1_000_000


@pytest.mark.parametrize("arguments", [["--every", "0"], ["--every", "2", "--last"], ["--unknown"]])
def test_unfit_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "somewhere", *arguments])
    assert ended.value.code == 2
    assert "usage: python -m edge_export.runtime" in capsys.readouterr().err


def test_an_unfit_moment_or_tenant_is_refused(bundle_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(bundle_folder), "--as-of", "2026-03-01T08:00:00"]) == 1
    assert "must carry its zone" in capsys.readouterr().err
    assert main(["run", str(bundle_folder), "--tenant", "a b"]) == 1
    assert "tenant must" in capsys.readouterr().err
