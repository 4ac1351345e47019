import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.doctor.findings import Level
from pipelines.doctor.machine import Listener, clock, disk, listeners, open_sockets, port

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)


def test_a_clock_that_somebody_keeps_right_is_well() -> None:
    assert clock(NOW, NOW - timedelta(hours=1), lambda: 0).level is Level.OK


def test_a_clock_before_this_program_or_before_its_own_files_fails() -> None:
    assert clock(datetime(1970, 1, 1, tzinfo=UTC), None, lambda: 0).level is Level.FAILED
    assert clock(NOW, NOW + timedelta(hours=1), lambda: 0).level is Level.FAILED


def test_a_clock_that_nobody_keeps_is_noted() -> None:
    found = clock(NOW, None, lambda: 5)
    assert found.level is Level.NOTE
    assert found.remedy


def test_the_kernel_answers_the_question_about_its_clock() -> None:
    assert clock(NOW, None).level in {Level.OK, Level.NOTE}


def test_the_disk_is_asked_with_a_real_write_that_leaves_nothing(tmp_path: Path) -> None:
    found = disk(tmp_path / "not" / "there")
    assert [each.check for each in found] == ["disk", "file_system", "disk_sync"]
    assert not list(tmp_path.iterdir())


def test_a_slow_disk_warns_and_one_that_cannot_be_written_fails(tmp_path: Path) -> None:
    def refused(folder: Path) -> float:
        raise PermissionError(13, "Permission denied")

    assert disk(tmp_path, lambda _: 0.5)[-1].level is Level.WARNING
    assert disk(tmp_path, refused)[-1].level is Level.FAILED


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_listening_socket_is_seen_in_both_address_families(family: socket.AddressFamily) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        server.listen()
        assert server.getsockname()[1] in {each.port for each in listeners()}


def test_our_own_socket_beyond_loopback_warns_and_a_foreign_one_is_noted() -> None:
    found = open_sockets(
        [
            Listener("127.0.0.1", 3000, "python -m serving"),
            Listener("::1", 3001, "python -m serving"),
            Listener("0.0.0.0", 6379, "gcs_server --port 6379"),
            Listener("::", 22, "sshd"),
        ]
    )
    assert [each.level for each in found] == [Level.WARNING, Level.NOTE]
    assert "gcs_server" in found[0].detail
    assert "port 22" in found[1].detail


def test_nothing_beyond_loopback_is_well() -> None:
    assert [each.level for each in open_sockets([Listener("127.0.0.1", 1, "")])] == [Level.OK]


def test_the_port_of_the_service_is_free_its_own_or_taken() -> None:
    assert port(3000, []).level is Level.OK
    assert port(3000, [Listener("127.0.0.1", 3000, "python -m serving")]).level is Level.OK
    assert port(3000, [Listener("127.0.0.1", 3000, "node server.js")]).level is Level.WARNING
