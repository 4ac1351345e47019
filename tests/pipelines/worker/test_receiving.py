"""The worker's way from the spool into the stores, with real ones in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from features.domain.arrivals import Arrival, ArrivalForm
from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT
from features.packs.loader import load_pack
from features.spool.drain import DrainOutcome
from features.spool.durable import DurableSpool
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.receiving.messages import MessageLayout
from pipelines.receiving.topics import Broker
from pipelines.settings import Settings
from pipelines.worker.receiving import Drained, drain_all, mqtt_plan, receiving, spool_drainer

PACK = load_pack("turbofan")
SIGNAL = PACK.signals[0]


def settings(home: Path, **given: object) -> Settings:
    return Settings.model_validate({"home": home, "pack": "turbofan", **given})


def put(home: Path, lives: Sequence[int]) -> None:
    value = (SIGNAL.low + SIGNAL.high) / 2
    with DurableSpool(Home(home).spool) as spool:
        for life in lives:
            body = json.dumps({"asset_id": "engine-1", "life": life, "signals": {SIGNAL.id: value}}).encode()
            arrival = Arrival(DEFAULT_TENANT, ArrivalForm.JSON_LINES, "http", datetime.now(UTC), body)
            spool.put([arrival.to_bytes()])


def kept(home: Path) -> int:
    with SqliteTelemetryStore(Home(home).telemetry) as store:
        return store.read(DEFAULT_TENANT).height


def waiting(home: Path) -> int:
    with DurableSpool(Home(home).spool) as spool:
        return spool.counters().pending


def test_everything_that_waits_is_drained_and_the_unreadable_set_aside(tmp_path: Path) -> None:
    put(tmp_path, range(1, 4))
    with DurableSpool(Home(tmp_path).spool) as spool:
        spool.put([b"no arrival"])
    put(tmp_path, range(4, 6))
    open_store = lambda: SqliteTelemetryStore(Home(tmp_path).telemetry)  # noqa: E731
    with spool_drainer(settings(tmp_path), PACK, "one", open_store) as (spool, drainer):
        assert drain_all(drainer) == Drained(delivered=5, aside=1, waiting=0)
        (aside,) = spool.aside(10)
    assert "arrival" in aside.reason
    assert (kept(tmp_path), waiting(tmp_path)) == (5, 0)


class Outage:
    """A drainer whose store does not answer from the second step on."""

    def __init__(self) -> None:
        self._steps: Iterator[DrainOutcome] = iter(
            [DrainOutcome(delivered=2, pending=3), DrainOutcome(pending=3, reason="the store is away")]
        )

    def step(self) -> DrainOutcome:
        return next(self._steps)


def test_draining_once_does_not_wait_for_a_store_that_is_away() -> None:
    assert drain_all(Outage()) == Drained(2, 0, 3, "the store is away")


def test_a_broker_is_listened_to_only_where_one_is_set(tmp_path: Path) -> None:
    open_store = lambda: SqliteTelemetryStore(Home(tmp_path).telemetry)  # noqa: E731
    with receiving(settings(tmp_path), PACK, "one", open_store) as jobs:
        assert list(jobs) == ["drain"]
    secret = SecretStr("x")
    chosen = settings(tmp_path, mqtt_url="mqtts://me@broker", mqtt_password=secret, mqtt_layout="flat")
    with receiving(chosen, PACK, "one", open_store) as jobs:
        assert list(jobs) == ["drain", "mqtt"]
    plan = mqtt_plan(chosen)
    assert plan is not None
    assert plan.broker == Broker("broker", 8883, "me", is_encrypted=True)
    assert (plan.password, plan.layout, plan.tenant) == ("x", MessageLayout.FLAT, DEFAULT_TENANT)


@pytest.mark.slow  # starts the worker as a process
def test_worker_takes_in_what_arrives_while_it_runs_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    put(tmp_path, [1])
    environment = {**os.environ, "MILLWRIGHT_PIPELINES_POLL_SECONDS": "0.1"}
    command = [sys.executable, "-m", "pipelines", "worker", "--home", str(tmp_path), "--pack", "turbofan"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        until(lambda: waiting(tmp_path) == 0, process)
        put(tmp_path, [2, 3])
        until(lambda: waiting(tmp_path) == 0, process)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert kept(tmp_path) == 3


@pytest.mark.slow  # starts the worker as a process
def test_once_drains_first_and_says_so(tmp_path: Path) -> None:
    put(tmp_path, [1, 2])
    command = [sys.executable, "-m", "pipelines", "worker", "--home", str(tmp_path), "--pack", "turbofan"]
    done = subprocess.run([*command, "--once", "--json"], check=True, capture_output=True, timeout=120)
    document = json.loads(done.stdout)
    assert document["spool"] == {"delivered": 2, "aside": 0, "waiting": 0, "reason": None}
    assert kept(tmp_path) == 2


def until(holds: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while not holds():
        assert process.poll() is None
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)
