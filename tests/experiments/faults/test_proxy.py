import http.client
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from experiments.faults.proxy import BadWire, Wire, bad_wire


class Counting(http.server.BaseHTTPRequestHandler):
    """Answers everything with 204 and counts it."""

    protocol_version = "HTTP/1.1"
    seen: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append(self.path)
        self.send_response(204)
        self.end_headers()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def wired() -> Iterator[tuple[BadWire, list[str]]]:
    seen: list[str] = []
    handler = type("Handler", (Counting,), {"seen": seen})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with bad_wire(server.server_address[1]) as wire:
            yield wire, seen
        server.shutdown()
        thread.join()


def ask(wire: BadWire, method: str = "POST", path: str = "/write", timeout: float = 5.0) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", wire.port, timeout=timeout)
    try:
        connection.request(method, path, body=b"pump speed=1")
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_open_wire_passes_everything_on() -> None:
    with wired() as (wire, seen):
        assert [ask(wire), ask(wire, "GET", "/query")] == [204, 204]
        assert seen == ["/write", "/query"]


def test_a_lost_answer_was_given_and_never_arrives() -> None:
    with wired() as (wire, seen):
        wire.mode, wire.lose_at_most = Wire.LOSING, 1
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(wire)
        assert (seen, wire.lost) == (["/write"], 1)
        assert ask(wire, "GET", "/query") == 204
        assert ask(wire) == 204


def test_a_hung_wire_answers_nothing_until_it_is_open_again() -> None:
    with wired() as (wire, seen):
        wire.mode = Wire.HUNG
        with pytest.raises(TimeoutError):
            ask(wire, timeout=0.2)
        assert seen == []
        wire.mode = Wire.OPEN
        assert ask(wire) == 204


def test_a_cut_wire_closes_at_once() -> None:
    with wired() as (wire, _):
        wire.mode = Wire.CUT
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(wire)
