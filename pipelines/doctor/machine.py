"""Looks at the machine: clock, disk, memory, and sockets that others could reach."""

import ctypes
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from features.domain.addresses import is_loopback
from pipelines.doctor.findings import Finding, Level

GIB = 2**30
_LEAST_FREE, _LOW_FREE = 1 * GIB, 10 * GIB
_SLOW_SYNC_SECONDS = 0.1
_NOT_SYNCHRONISED = 5  # TIME_ERROR of adjtimex(2): the kernel's clock follows nobody
_TOO_EARLY = datetime(2026, 1, 1, tzinfo=UTC)
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"})
_OURS = ("-m serving", "-m pipelines", "edge_export.runtime", "bentoml", "raylet", "gcs_server", "mlflow", "ray::")


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that waits for connections.

    Attributes:
        program: The command line behind it; empty where the system does not tell.
    """

    address: str
    port: int
    program: str


def clock(now: datetime, newest_file: datetime | None, kernel_state: Callable[[], int | None] | None = None) -> Finding:
    """Look whether the machine's clock can be right.

    Args:
        now: What it says.
        newest_file: When the newest of our files was written, by the same clock.
        kernel_state: What adjtimex(2) returns, or None where there is no such call; by default the system's own.
    """
    remedy = "Set the clock and keep it right (timedatectl set-ntp true, chrony, or your plant's time server)."
    words = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < _TOO_EARLY:
        return Finding("clock", Level.FAILED, f"{words} lies before this program was written", remedy)
    if newest_file is not None and (newest_file - now).total_seconds() > 60:
        return Finding(
            "clock", Level.FAILED, f"{words} lies before our newest file ({newest_file:%Y-%m-%d %H:%M})", remedy
        )
    state = (kernel_state or _kernel_clock_state)()
    if state == _NOT_SYNCHRONISED:
        return Finding("clock", Level.NOTE, f"{words}; the system does not say that anybody keeps it right", remedy)
    return Finding("clock", Level.OK, words)


def disk(folder: Path, sync: Callable[[Path], float] | None = None) -> list[Finding]:
    """Look at the disk under a folder: room, kind, and how long it takes to say that something is on it.

    Args:
        folder: A folder that exists, or that would be made.
        sync: Writes a little and waits for the disk; returns the seconds. By default a real write and fsync.
    """
    there = next(each for each in (folder.resolve(), *folder.resolve().parents) if each.exists())
    return [_room(there), _kind(there), _speed(there, sync or _sync_seconds)]


def listeners() -> list[Listener]:
    """Return the sockets on this machine that wait for connections, as far as the system tells."""
    found = []
    for each in psutil.net_connections(kind="tcp"):
        if each.status == psutil.CONN_LISTEN and each.laddr:
            found.append(Listener(str(each.laddr.ip), int(each.laddr.port), _program_of(each.pid)))
    return found


def open_sockets(found: Iterable[Listener]) -> list[Finding]:
    """Look for sockets on other addresses than loopback: ours must not be among them, others are worth knowing."""
    reachable = sorted({(each.address, each.port, each.program) for each in found if not is_loopback(each.address)})
    ours = [each for each in reachable if any(mark in each[2] for mark in _OURS)]
    others = [each for each in reachable if each not in ours]
    findings = [
        Finding(
            "open_sockets",
            Level.WARNING,
            f"{program[:60]} listens on {address} port {port}, which other machines can reach",
            "Bind it to 127.0.0.1 or ::1; for Ray set RAY_AUTH_MODE=token and close the port in the firewall.",
        )
        for address, port, program in ours
    ]
    if others:
        named = ", ".join(f"{address} port {port}" for address, port, _ in others[:8])
        words = f"{len(others)} of other programs listen beyond loopback: {named}"
        findings.append(Finding("open_sockets", Level.NOTE, words))
    return findings or [Finding("open_sockets", Level.OK, "nothing listens beyond loopback")]


def port(number: int, found: Iterable[Listener]) -> Finding:
    """Look whether the service's port is free or the service's own."""
    taken = [each for each in found if each.port == number]
    if not taken:
        return Finding("port", Level.OK, f"port {number} is free for the service")
    if any("serving" in each.program for each in taken):
        return Finding("port", Level.OK, f"the service listens on port {number}")
    program = taken[0].program or "another program"
    remedy = "Stop it, or give the service another port (MILLWRIGHT_SERVING_PORT)."
    return Finding("port", Level.WARNING, f"port {number} is taken by {program[:60]}", remedy)


def _room(there: Path) -> Finding:
    usage = shutil.disk_usage(there)
    words = f"{usage.free / GIB:.1f} GiB of {usage.total / GIB:.1f} GiB are free under {there}"
    remedy = "Free space or move the data folder (MILLWRIGHT_HOME); when it is full, nothing more is accepted (507)."
    level = Level.FAILED if usage.free < _LEAST_FREE else Level.WARNING if usage.free < _LOW_FREE else Level.OK
    return Finding("disk", level, words, None if level is Level.OK else remedy)


def _kind(there: Path) -> Finding:
    mounts = [each for each in psutil.disk_partitions(all=True) if there.is_relative_to(each.mountpoint)]
    kind = max(mounts, key=lambda each: len(each.mountpoint)).fstype if mounts else "unknown"
    if kind in _REMOTE:
        remedy = "Keep the data folder on a disk of this machine; SQLite's write-ahead log needs its locks and memory."
        return Finding("file_system", Level.FAILED, f"{there} lies on a network file system ({kind})", remedy)
    return Finding("file_system", Level.OK, f"{there} lies on {kind}")


def _speed(there: Path, sync: Callable[[Path], float]) -> Finding:
    try:
        seconds = sync(there)
    except OSError as error:
        remedy = "Give this user the right to write there, or set MILLWRIGHT_HOME."
        return Finding("disk_sync", Level.FAILED, f"{there} cannot be written: {error.strerror}", remedy)
    words = f"the disk confirms a small write after {seconds * 1000:.1f} ms"
    if seconds <= _SLOW_SYNC_SECONDS:
        return Finding("disk_sync", Level.OK, words)
    return Finding(
        "disk_sync", Level.WARNING, words, "Receiving waits for it at each acknowledgement; use a faster disk."
    )


def _sync_seconds(there: Path) -> float:
    name = there / f".millwright-doctor-{os.getpid()}"
    taken = []
    descriptor = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        for _ in range(5):
            started = time.perf_counter()
            os.write(descriptor, b"x" * 4096)
            os.fsync(descriptor)
            taken.append(time.perf_counter() - started)
    finally:
        os.close(descriptor)
        name.unlink()
    return sorted(taken)[len(taken) // 2]


def _kernel_clock_state() -> int | None:
    """Ask Linux, without rights, whether its clock follows a time server."""
    if sys.platform != "linux":
        return None
    question = ctypes.create_string_buffer(512)  # struct timex, all zero: ask and change nothing
    return int(ctypes.CDLL(None).adjtimex(question))


def _program_of(process: int | None) -> str:
    if process is None:
        return ""
    try:
        return " ".join(psutil.Process(process).cmdline())
    except psutil.Error:
        return ""
