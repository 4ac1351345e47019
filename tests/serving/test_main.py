import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from serving.__main__ import QUIET, children, main
from serving.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "fe80::1"])
def test_listening_beyond_this_machine_is_refused(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", host]) == 2
    assert "while nobody can sign in" in capsys.readouterr().err


def test_the_setting_is_no_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLWRIGHT_SERVING_HOST", "0.0.0.0")
    assert main([]) == 2


@pytest.mark.parametrize("arguments", [["--port", "0"], ["--port", "x"], ["--host", "evil.example"]])
def test_what_is_no_address_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_taken_address_is_told_before_anything_starts(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as taken:
        taken.bind((host, 0))
        taken.listen()
        assert main(["--host", host, "--port", str(taken.getsockname()[1])]) == 2
    assert "must be free" in capsys.readouterr().err


def test_children_share_one_home_and_report_to_nobody(tmp_path: Path) -> None:
    server, worker = children(Settings(home=tmp_path, pack="./packs/mixer", workers=3))
    assert worker.command[1:4] == ["-m", "pipelines", "worker"]
    for child in (server, worker):
        assert child.environment["MILLWRIGHT_HOME"] == str(tmp_path)
        assert {name: child.environment[name] for name in QUIET} == QUIET
    assert server.environment["MILLWRIGHT_SERVING_PACK"] == str(Path("packs/mixer").resolve())
    assert server.environment["BENTOML_CONFIG_OPTIONS"].endswith("services.Millwright.workers=3")
    assert server.environment["BENTOML_HOME"] == str(tmp_path / "bentoml")


@pytest.mark.integration
@pytest.mark.slow
@pytest.mark.parametrize(("host", "url"), [("127.0.0.1", "http://127.0.0.1"), ("::1", "http://[::1]")])
def test_it_starts_says_where_and_ends_with_everything(tmp_path: Path, host: str, url: str) -> None:
    port = free_port(host)
    command = [sys.executable, "-m", "serving", "--host", host, "--port", str(port), "--home", str(tmp_path), "--json"]
    log = tmp_path / "service.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, env=dict(os.environ)) as process,
    ):
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said == {"address": f"{url}:{port}", "pid": process.pid}
        with urllib.request.urlopen(f"{url}:{port}/", timeout=10) as page:
            assert b"No machines are on record yet" in page.read()
        children_of = _descendants(process.pid)
        assert len(children_of) >= 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stdout.read() == b""
    for _ in range(100):
        if not any(map(_is_alive, children_of)):
            break
        time.sleep(0.1)
    assert [pid for pid in children_of if _is_alive(pid)] == [], log.read_text()


def _descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *_descendants(int(child))]
    return found


def _is_alive(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
