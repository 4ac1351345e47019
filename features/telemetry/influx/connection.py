"""The way to one InfluxDB through influxdb-client: what is asked, written and set up, and nothing kept in between.

Only the client's plain HTTP part is used, with its retries and its batching switched off: a write is over when this
returns, and what failed is tried again by whoever holds the readings (the spool).
"""

import gzip
import json
from collections.abc import Mapping
from threading import Lock
from typing import Any

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

from features.telemetry.errors import RefusedLines, StoreFault, StoreRefused, StoreUnavailable
from features.telemetry.influx.failures import translated
from features.telemetry.influx.places import Place
from features.telemetry.influx.server import InfluxServer
from features.telemetry.influx.versions import UNKNOWN, Version

Body = bytes | str | dict[str, object]
"""What goes with a request: lines as they are, or a document that becomes JSON; the client refuses to send nothing."""

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"
_CONNECT_SECONDS = 10.0
_TOO_LARGE = 413


class InfluxConnection:
    """A connection that opens when it is first needed, and may be shared by threads.

    Args:
        server: Which InfluxDB.

    Raises:
        StoreRefused: If the address cannot be used at all.
    """

    def __init__(self, server: InfluxServer) -> None:
        self.server = server
        self._lock = Lock()
        self._version: Version | None = None
        self._is_closed = False
        connect = min(server.timeout_seconds, _CONNECT_SECONDS)
        with translated("connecting"):
            self._client = InfluxDBClient(
                server.url,
                token=_credentials(server),  # type: ignore[arg-type]  # None means none, though it says str
                org=server.org,  # type: ignore[arg-type]  # likewise
                timeout=(connect * 1000, server.timeout_seconds * 1000),
                auth_basic=server.username is not None,
                ssl_ca_cert=server.ca_file,
                retries=False,
            )

    @property
    def version(self) -> Version:
        """The version of the server, asked for once.

        Raises:
            StoreUnavailable: If the server does not answer.
        """
        with self._lock:
            if self._version is None:
                self._version = self._found_version()
            return self._version

    def ask(self, question: str, parameters: Mapping[str, object], database: str) -> bytes:
        """Return the answer to a question in InfluxQL as CSV, read to its end.

        Raises:
            StoreUnavailable: If there is no whole answer.
        """
        query = [("db", database), ("q", question), ("params", json.dumps(parameters))]
        if self.version.asks_v3:
            return self.call("GET", "/api/v3/query_influxql", [*query, ("format", "csv")], doing="reading")
        return self.call("GET", "/query", [*query, ("epoch", "ns")], doing="reading", accept="application/csv")

    def command(
        self, statement: str, parameters: Mapping[str, object] | None = None, database: str = ""
    ) -> list[dict[str, Any]]:  # a document of the server's
        """Run one statement of 1.x or 2.x that may change something; return its series.

        Raises:
            StoreUnavailable: If it failed.
        """
        query = [("db", database), ("q", statement), ("params", json.dumps(parameters or {}))]
        content = self.call("POST", "/query", query, doing="preparing")
        try:
            (result,) = json.loads(content)["results"]
            if "error" in result:
                raise StoreRefused(f"InfluxDB refused {statement.split(' WHERE ')[0]}: {result['error']}")
            series: list[dict[str, Any]] = result.get("series", [])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable(f"what answers at {self.server.url} is no InfluxDB") from error
        return series

    def send(self, lines: bytes, place: Place) -> None:
        """Write lines of line protocol with times in microseconds; when this returns the server has them.

        Raises:
            RefusedLines: If the server refuses some for what they are.
            StoreUnavailable: If it does not take them now; it may have taken them all the same.
            StoreFull: If it has no room.
        """
        path, query = self._target(place)
        body = gzip.compress(lines, compresslevel=1) if self.server.gzip else lines
        headers = {"Content-Encoding": "gzip"} if self.server.gzip else {}
        try:
            self.call("POST", path, query, body=body, doing="writing", headers=headers)
        except StoreRefused as error:
            if getattr(error.__cause__, "status", None) != _TOO_LARGE:
                raise
            self._send_halves(lines, place, error)

    def call(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]],
        *,
        doing: str,
        body: Body = "",
        accept: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Make one request and return the body of its answer, read to its end."""
        content, _ = self._exchange(method, path, query, doing, body, {"Accept": accept, **(headers or {})})
        return content

    def close(self) -> None:
        """Let go of the connections; closing twice is allowed."""
        if not self._is_closed:
            self._is_closed = True
            self._client.close()  # type: ignore[no-untyped-call]  # the vendor's

    def _exchange(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]],
        doing: str,
        body: Body,
        headers: Mapping[str, str],
    ) -> tuple[bytes, Mapping[str, str]]:
        if self._is_closed:
            raise StoreFault("a store that was closed")
        kind = _JSON if isinstance(body, dict) else _TEXT
        with translated(doing):
            answer = self._client.api_client.call_api(  # type: ignore[no-untyped-call]  # the vendor's
                path,
                method,
                query_params=query,
                header_params={"Content-Type": kind, "Accept-Encoding": "identity", **headers},
                body=body,
                _preload_content=False,
                _return_http_data_only=True,
            )
            try:
                return answer.read(), answer.headers
            finally:
                answer.release_conn()

    def _found_version(self) -> Version:
        content, headers = self._exchange("GET", "/ping", [], "connecting", "", {})
        told = Version.parse(headers.get("X-Influxdb-Version", ""))
        if told is None:
            told = Version.parse(self._told_by_health() or _version_in(content))
        return told or UNKNOWN

    def _told_by_health(self) -> str:
        try:
            content, _ = self._exchange("GET", "/health", [], "connecting", "", {})
        except StoreRefused:  # an older 1.x does not know the question
            return ""
        return _version_in(content)

    def _target(self, place: Place) -> tuple[str, list[tuple[str, str]]]:
        """Return path and question of a write to a place."""
        version = self.version
        if not version.writes_v2:
            policy = [] if place.policy is None else [("rp", place.policy)]
            return "/write", [("db", place.database), ("precision", "u"), *policy]
        bucket = place.database
        if version.has_policies and place.policy is not None:
            bucket = f"{place.database}/{place.policy}"
        return "/api/v2/write", [("org", self.server.org or ""), ("bucket", bucket), ("precision", "us")]

    def _send_halves(self, lines: bytes, place: Place, error: StoreRefused) -> None:
        """Write in two parts what was too large for one."""
        middle = lines.find(b"\n", len(lines) // 2)
        if middle < 0:
            middle = lines.rfind(b"\n", 0, len(lines) // 2)
        if middle < 0:
            raise RefusedLines("one line is larger than the server takes") from error
        self.send(lines[:middle], place)
        if middle + 1 < len(lines):
            self.send(lines[middle + 1 :], place)


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status behind one of our errors, if an answer of the server was the cause."""
    return error.__cause__.status if isinstance(error.__cause__, ApiException) else None


def _credentials(server: InfluxServer) -> str | None:
    return server.token if server.username is None else f"{server.username}:{server.password or ''}"


def _version_in(content: bytes) -> str:
    try:
        document = json.loads(content)
    except ValueError:
        return ""
    return str(document.get("version", "")) if isinstance(document, dict) else ""
