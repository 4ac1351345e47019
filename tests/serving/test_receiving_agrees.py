"""What the answer calls faulty is what the worker sets aside; everything else is stored."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from features.records.database import open_records
from features.records.events import EventRecords
from features.records.set_aside import SetAside
from features.spool.contract import SpooledRecord
from features.spool.errors import PoisonedRecords
from features.telemetry.sqlite import SqliteTelemetryStore
from pipelines.receiving.delivery import Delivery
from tests.serving.fakes import LOCAL, NOW, House, pump_pack


class Worker:
    """Takes what lies in the spool into stores of its own."""

    def __init__(self, folder: Path) -> None:
        self.records = open_records(f"sqlite:///{folder / 'records.sqlite'}")
        self.store = SqliteTelemetryStore(folder / "telemetry.sqlite")

    def deliver(self, house: House) -> int:
        """Return how many deliveries cannot be read at all."""
        deliver = Delivery(pump_pack(), self.store, self.records, clock=lambda: NOW)
        poisoned = 0
        for offset, content in enumerate(house.spool.contents, start=1):
            try:
                deliver([SpooledRecord(offset, content)])
            except PoisonedRecords:
                poisoned += 1
        return poisoned

    def aside(self) -> set[int]:
        return {item.row for item in SetAside(self.records).list_all(LOCAL)}

    def readings(self) -> int:
        return int(self.store.read(LOCAL).height)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    made = Worker(tmp_path)
    yield made
    made.store.close()
    made.records.dispose()


def send(client: TestClient, path: str, kind: str, body: bytes) -> set[int]:
    """Return the numbers of the lines that the answer calls faulty."""
    answer = client.post(path, content=body, headers={"content-type": kind})
    assert answer.status_code in {204, 400}
    return {each["location"][2] for each in answer.json()["errors"]} if answer.status_code == 400 else set()


GOOD: dict[str, object] = {"asset_id": "p-01", "signals": {"speed": 1480.0, "flow": "2.5", "novel_signal": 1}}
FAULTY: list[dict[str, object]] = [
    {"asset_id": "p 01"},
    {"asset_id": None},
    {"time": "2026-03-01T08:00:00"},
    {"time": "soon"},
    {"time": None},
    {"life": 3},
    {"time": None, "life": -1},
    {"signals": [1]},
    {"signals": {"speed": "fast"}},
    {"signals": {"speed": float("nan")}},
    {"signals": {"speed": True}},
    {"signals": {"speed": {}}},
    {"revision": 1.5},
    {"revision": -1},
    {"tenant": "rival-works"},
    {"kind": "failure"},
    {"event": "failure"},
]


def items() -> list[dict[str, object]]:
    """Sound items at odd places, faulty ones at even places."""
    found: list[dict[str, object]] = []
    for place, change in enumerate(FAULTY):
        good = GOOD | {"time": f"2026-03-01T{place:02}:00:00Z"}
        found += [good, good | change]
    return found


EVEN = set(range(2, 2 * len(FAULTY) + 1, 2))


def test_items_of_json(client: TestClient, small: House, worker: Worker) -> None:
    assert send(client, "/v1/telemetry", "application/json", json.dumps(items(), indent=1).encode()) == EVEN
    assert worker.deliver(small) == 0
    assert worker.aside() == EVEN
    assert worker.readings() == 3 * len(FAULTY)


def test_json_lines(client: TestClient, small: House, worker: Worker) -> None:
    lines = [json.dumps(item).encode() for item in items()]
    lines += [
        b"{",
        b"\xff",
        b'"\\ud800"',
        b"[" * 2_000,
        b'{"asset_id": "p-01", "asset_id": "p-02", "life": 1, "signals": {}}',
    ]
    bad = EVEN | set(range(len(lines) - 4, len(lines) + 1))
    assert send(client, "/v1/telemetry", "application/x-ndjson", b"\n".join(lines)) == bad
    assert worker.deliver(small) == 0
    assert worker.aside() == bad
    assert worker.readings() == 3 * len(FAULTY)


def test_tables(client: TestClient, small: House, worker: Worker) -> None:
    body = (
        "asset_id,time,speed,flow\n"
        "p-01,2026-03-01T08:00:00Z,1480,\n"
        "p-01,2026-03-01T08:00:01,1480,2\n"
        "p-01,2026-03-01T08:00:02Z,fast,2\n"
        "p-01,2026-03-01T08:00:03Z,1480,2,9\n"
        "p 01,2026-03-01T08:00:04Z,1480,2\n"
        "p-01,2026-03-01T08:00:05Z,1480,2\n"
        "\n"
        "p-01,2026-03-01T08:00:06Z\n"
    )
    assert send(client, "/v1/telemetry", "text/csv", body.encode()) == {3, 4, 5, 6}
    assert worker.deliver(small) == 1  # the row that is too long, in a table of its own
    assert worker.aside() == {2, 3, 5}  # rows of data are counted without the header
    assert worker.readings() == 1 + 1 + 2


def test_events(client: TestClient, small: House, worker: Worker) -> None:
    event: dict[str, object] = {"asset_id": "p-01", "time": "2026-03-01T08:00:00Z", "kind": "inspection"}
    reading = GOOD | {"time": "2026-03-01T08:00:00Z"}
    error = event | {"kind": "error", "code": "E-104"}
    found = [event, event | {"kind": "party"}, event | {"note": 7}, reading, event | {"time": "2026-03-01T09:00:00"}]
    found += [error, error | {"code": 104}]
    assert send(client, "/v1/events", "application/json", json.dumps(found).encode()) == {2, 3, 4, 5, 7}
    assert worker.deliver(small) == 0
    assert worker.aside() == {2, 3, 4, 5, 7}
    assert worker.readings() == 0
    kept = EventRecords(worker.records).list_all(LOCAL)
    assert [(each.kind.value, each.code) for each in kept] == [("error", "E-104"), ("inspection", None)]


def test_line_protocol(client: TestClient, small: House, worker: Worker) -> None:
    body = (
        b"pump,asset_id=p-01,tenant=rival-works speed=1480,flow=2i 1772352000000000000\n"
        b"pump,asset_id=p-01 speed=fast 1772352001000000000\n"
        b"# a comment\n"
        b"pump speed=1480 1772352002000000000\n"
        b"pump,asset_id=p\\ 01 speed=1480 1772352002000000000\n"
        b"pump,asset_id=p-01 speed=\xff 1772352003000000000\n"
        b"pump,asset_id=p-02 speed=1480\n"
    )
    assert send(client, "/api/v2/write", "", body) == {2, 4, 5, 6}
    assert worker.deliver(small) == 0
    assert worker.aside() == {2, 4, 5, 6}
    assert worker.readings() == 3
