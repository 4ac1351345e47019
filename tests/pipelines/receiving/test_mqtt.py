"""MQTT with a real mosquitto on loopback."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

from features.domain.arrivals import Arrival
from features.spool.contract import Spool
from features.spool.durable import DurableSpool
from features.spool.errors import SpoolBusy
from pipelines.receiving.mqtt import WINDOW, MqttReceiver, _inbox
from tests.pipelines.ingest.small_pack import COUNTING
from tests.pipelines.receiving.conftest import Yard
from tests.pipelines.receiving.dying_receiver import plan

MESSAGES = 600  # more than two windows


@dataclass
class Mosquitto:
    """A broker that keeps its sessions on disk."""

    program: str
    publisher: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        configuration = self.folder / "mosquitto.conf"
        configuration.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\n"
            f"persistence_location {self.folder}/\nmax_queued_messages 100000\n"
        )
        self.process = subprocess.Popen([self.program, "-c", str(configuration)], stderr=subprocess.DEVNULL)
        wait_until(self._answers)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)

    def publish(self, numbers: Sequence[int], asset: str = "a") -> None:
        lines = "".join(f'{{"life": {number}, "flow": {number % 7}}}\n' for number in numbers)
        topic = f"millwright/{asset}/telemetry"
        command = [self.publisher, "-p", str(self.port), "-V", "mqttv5", "-q", "1", "-t", topic, "-l"]
        subprocess.run(command, input=lines.encode(), check=True, timeout=30)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def wait_until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


@pytest.fixture
def broker(tmp_path: Path, require_program: Callable[..., str]) -> Iterator[Mosquitto]:
    programs = require_program("mosquitto", "/usr/sbin/mosquitto"), require_program("mosquitto_pub")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "broker"
    folder.mkdir()
    found = Mosquitto(*programs, folder, port)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[DurableSpool]:
    with DurableSpool(tmp_path / "spool.sqlite") as opened:
        yield opened


@contextmanager
def listening(broker: Mosquitto, spool: Spool) -> Iterator[MqttReceiver]:
    receiver, stop = MqttReceiver(plan(broker.port), spool), threading.Event()
    thread = threading.Thread(target=receiver.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: receiver.is_connected)
        yield receiver
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def arrived(spool: Spool) -> list[float]:
    records = spool.peek(100_000)
    return [json.loads(Arrival.from_bytes(record.content).body)["life"] for record in records]


def delivered(yard: Yard, spool: Spool) -> list[float]:
    """Deliver everything, and return the life counts that are in the store then."""
    yard.delivery(pack=COUNTING)(spool.peek(100_000))
    return [time.timestamp() for _, _, time, _ in yard.readings()]


def dies(broker: Mosquitto, folder: Path, when: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "tests.pipelines.receiving.dying_receiver"]
    return subprocess.run([*command, str(broker.port), str(folder / "spool.sqlite"), when], check=False, timeout=60)


@pytest.mark.integration
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_receiver_loses_nothing_and_nothing_is_double_in_effect(
    broker: Mosquitto, spool: DurableSpool, yard: Yard, tmp_path: Path, when: str
) -> None:
    with listening(broker, spool):
        pass  # the session begins
    broker.publish(range(MESSAGES))
    died = dies(broker, tmp_path, when)
    assert died.returncode == -signal.SIGKILL
    kept = arrived(spool)
    assert 0 < len(kept) <= MESSAGES - (when == "before")
    with listening(broker, spool):
        wait_until(lambda: set(arrived(spool)) == set(range(MESSAGES)))
    assert delivered(yard, spool) == list(range(MESSAGES))
    if when == "after":
        assert len(arrived(spool)) > MESSAGES  # it came again, which is what the keys are for


@pytest.mark.integration
def test_acknowledging_too_early_would_be_noticed(broker: Mosquitto, spool: DurableSpool, tmp_path: Path) -> None:
    with listening(broker, spool):
        pass
    broker.publish(range(MESSAGES))
    dies(broker, tmp_path, "careless")
    broker.publish([MESSAGES])
    with listening(broker, spool):
        wait_until(lambda: MESSAGES in arrived(spool))
    assert len(set(arrived(spool))) < MESSAGES + 1


@pytest.mark.integration
def test_receiver_comes_back_to_a_broker_that_was_restarted(broker: Mosquitto, spool: DurableSpool, yard: Yard) -> None:
    with listening(broker, spool) as receiver:
        broker.publish(range(10))
        wait_until(lambda: len(arrived(spool)) == 10)
        broker.stop()
        wait_until(lambda: not receiver.is_connected)
        broker.start()
        wait_until(lambda: receiver.is_connected)
        broker.publish(range(10, 20))
        wait_until(lambda: len(set(arrived(spool))) == 20)
    assert delivered(yard, spool) == list(range(20))


class BusySpool(DurableSpool):
    """A spool that takes nothing while it is told so."""

    is_busy = True
    refusals = 0

    def put(self, contents: Sequence[bytes]) -> int:
        if self.is_busy:
            self.refusals += 1
            raise SpoolBusy("for delivery", pending_bytes=1, limit_bytes=1, retry_after_seconds=0.05)
        return super().put(contents)


@pytest.mark.integration
def test_nothing_is_acknowledged_or_dropped_while_the_spool_is_busy(
    broker: Mosquitto, tmp_path: Path, yard: Yard
) -> None:
    with BusySpool(tmp_path / "spool.sqlite") as spool:
        with listening(broker, spool):
            broker.publish(range(MESSAGES))
            wait_until(lambda: spool.refusals >= 3)
        assert arrived(spool) == []
        with listening(broker, spool):
            wait_until(lambda: spool.refusals >= 5)
            spool.is_busy = False
            wait_until(lambda: len(set(arrived(spool))) == MESSAGES)
        assert delivered(yard, spool) == list(range(MESSAGES))


def message(qos: int) -> aiomqtt.Message:
    return aiomqtt.Message("a", b"", qos, retain=False, mid=1, properties=None)


def test_only_messages_that_nobody_promised_to_keep_are_dropped_when_too_many_wait() -> None:
    async def check() -> None:
        inbox = _inbox()()
        for _ in range(WINDOW + 5):
            inbox.put_nowait(message(0))
        assert inbox.qsize() == WINDOW
        inbox.put_nowait(message(1))
        assert inbox.qsize() == WINDOW + 1
        inbox.get_nowait()
        inbox.get_nowait()
        inbox.put_nowait(message(0))
        assert inbox.qsize() == WINDOW

    asyncio.run(check())
