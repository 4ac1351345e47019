"""A small InfluxDB in memory, on loopback: it plays 1.x, 2.x and 3.x as far as the store speaks with them.

It understands the writes, and the narrow set of questions that the store sends; what it does not know is an error, so
that the store cannot drift away from it unseen. `FakeInflux.faults` makes it misbehave.
"""

import csv
import gzip
import io
import json
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from features.telemetry.line_protocol.grammar import InvalidLine, read_line

Point = dict[str, Any]
Key = tuple[str, str, str, int]  # measurement, tenant, asset, microseconds

_SELECT = re.compile(
    r"SELECT (?P<columns>.+?) FROM (?P<source>\S+) WHERE (?P<where>.+?)"
    r'(?P<group> GROUP BY "asset_id")?(?: ORDER BY time (?P<order>ASC|DESC))?(?: LIMIT (?P<limit>\d+))?'
)
_CONDITION = re.compile(r'"?(\w+)"? (=|>=|<=) \$(\w+)')
_COUNT = re.compile(r"count\((.+?)\) AS (.+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the next request whose path begins with `path`.

    Attributes:
        status: Answer so, instead of doing what was asked.
        body: With this body.
        headers: And these headers.
        seconds: Keep silent for so long first.
        cut_at: Do what was asked, but break the connection after so many bytes of the answer.
        drops_answer: Do what was asked, and break the connection without a word.
    """

    path: str = "/"
    status: int | None = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cut_at: int | None = None
    drops_answer: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What the server was asked: for tests to look at."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class FakeInflux:
    """The server; `url` is its address.

    Args:
        version: What it says that it is.
        token: What it asks for, or None if it lets everybody in.
        databases: The databases, or buckets, that are there.
    """

    def __init__(self, version: str = "v2.7.1", token: str | None = None, databases: tuple[str, ...] = ()) -> None:
        self.version = version
        self.token = token
        self.orgs = {"acme": "0123"}
        self.points: dict[str, dict[Key, Point]] = {name: {} for name in databases}
        self.retention: dict[str, int] = {}
        self.faults: deque[Fault] = deque()
        self.requests: list[Request] = []
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def major(self) -> int:
        return int(self.version.lstrip("v")[0])

    @contextmanager
    def running(self) -> Iterator["FakeInflux"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def take_fault(self, path: str) -> Fault | None:
        with self.lock:
            if self.faults and path.startswith(self.faults[0].path):
                return self.faults.popleft()
        return None

    def answer(self, request: Request) -> tuple[int, bytes]:
        """Return status and body."""
        if self.token is not None and request.headers.get("authorization") != f"Token {self.token}":
            return 401, b'{"code":"unauthorized","message":"unauthorized access"}'
        with self.lock:
            match request.method, request.path:
                case _, "/ping":
                    return 204, b""
                case "POST", "/write" if self.major == 1:
                    policy = request.query.get("rp")
                    return self._write(request, request.query["db"] + (f"/{policy}" if policy else ""), "u")
                case "POST", "/api/v2/write" if self.version.lstrip("v") >= "1.8":
                    return self._write(request, request.query["bucket"], "us")
                case _, "/query" if self.major < 3:
                    return self._query(request)
                case "GET", "/api/v3/query_influxql" if self.major == 3:
                    return self._query_v3(request)
                case _, path if path.startswith("/api/v2/") and self.major == 2:
                    return self._manage_v2(request)
                case "POST", "/api/v3/configure/database" if self.major == 3:
                    return self._make_v3(json.loads(request.body))
        return 404, b'{"error":"not found"}'

    def _write(self, request: Request, database: str, precision: str) -> tuple[int, bytes]:
        assert request.query["precision"] == precision
        if self.major == 2 and request.query.get("org") not in self.orgs:
            return 404, b'{"code":"not found","message":"organization name not found"}'
        if self.major == 3:
            self.points.setdefault(database, {})
        if database not in self.points:
            return 404, f'{{"code":"not found","message":"bucket \\"{database}\\" not found"}}'.encode()
        for text in request.body.decode().splitlines():
            try:
                line = read_line(text, 0)
            except InvalidLine as error:
                return 400, json.dumps({"code": "invalid", "message": str(error)}).encode()
            assert line.stamp is not None
            key = (line.head.measurement, line.head.tags["tenant"], line.head.tags["asset_id"], line.stamp)
            fields = {name: value for name, (value, _) in line.fields.items()}
            self.points[database].setdefault(key, {}).update(fields)
        return 204, b""

    def _query(self, request: Request) -> tuple[int, bytes]:
        blocks: list[str] = []
        as_csv = request.headers.get("accept") == "application/csv"
        for statement in request.query["q"].split("; "):
            try:
                blocks.append(self._statement(statement, request.query))
            except LookupError as error:  # an error inside of an answer: JSON tells it, CSV does not
                if as_csv:
                    break
                return 200, json.dumps({"results": [{"statement_id": 0, "error": str(error)}]}).encode()
        if not as_csv:
            return 200, json.dumps({"results": [_as_series(blocks[0])]}).encode()
        return 200, "\n".join(block for block in blocks if block).encode()

    def _query_v3(self, request: Request) -> tuple[int, bytes]:
        if "; " in request.query["q"]:
            return 400, b'{"error":"must provide only one InfluxQl statement per query"}'
        if request.query["db"] not in self.points:
            return 404, b'{"error":"database not found"}'
        return 200, self._statement(request.query["q"], request.query).encode()

    def _statement(self, statement: str, query: dict[str, str]) -> str:
        """Return the answer as CSV."""
        if statement == "SHOW DATABASES":
            return _csv(["name", "tags", "name"], [["databases", "", each] for each in self.points if "/" not in each])
        if made := re.fullmatch(r'CREATE DATABASE "(.+)"', statement):
            self.points.setdefault(made[1], {})
            return ""
        if shown := re.fullmatch(r'SHOW RETENTION POLICIES ON "(.+)"', statement):
            policies = [["", "", "autogen", "0s"]]
            for name, hours in self.retention.items():
                policies.append(["", "", name.removeprefix(f"{shown[1]}/"), f"{hours}h0m0s"])
            return _csv(["name", "tags", "name", "duration"], policies)
        if made := re.fullmatch(r'CREATE RETENTION POLICY "(.+)" ON "(.+)" DURATION (\d+)d REPLICATION 1', statement):
            self.points[f"{made[2]}/{made[1]}"] = {}
            self.retention[f"{made[2]}/{made[1]}"] = int(made[3]) * 24
            return ""
        if shown := re.fullmatch(r"SHOW FIELD KEYS FROM (\S+)", statement):
            return self._field_keys(self._source(shown[1], query))
        if deleted := re.fullmatch(r"DELETE FROM (\S+) WHERE (.+)", statement):
            self._delete(deleted[1].strip('"'), deleted[2], query)
            return ""
        selected = _SELECT.fullmatch(statement)
        assert selected is not None, statement
        return self._select(selected, query)

    def _source(self, source: str, query: dict[str, str]) -> tuple[dict[Key, Point], str]:
        *policy, measurement = re.findall(r'"(.*?)"', source)
        database = "/".join([query["db"], *policy])
        if query["db"] not in self.points:
            raise LookupError(f"database not found: {query['db']}")
        if database not in self.points:
            raise LookupError(f"retention policy not found: {policy[0]}")
        return self.points[database], measurement

    def _field_keys(self, source: tuple[dict[Key, Point], str]) -> str:
        points, measurement = source
        kinds = {
            name: "float" if isinstance(value, float) else "integer"
            for key, point in points.items()
            if key[0] == measurement
            for name, value in point.items()
        }
        head = ["iox::measurement"] if self.major == 3 else ["name", "tags"]
        if not kinds:
            return ""
        rows = [[measurement, *[""] * (len(head) - 1), name, kind] for name, kind in sorted(kinds.items())]
        return _csv([*head, "fieldKey", "fieldType"], rows)

    def _delete(self, measurement: str, where: str, query: dict[str, str]) -> None:
        holds = _conditions(where, json.loads(query["params"]))
        for name, points in self.points.items():
            if name.split("/")[0] == query["db"]:
                for key in [key for key in points if key[0] == measurement and holds(key)]:
                    del points[key]

    def _select(self, selected: re.Match[str], query: dict[str, str]) -> str:
        points, measurement = self._source(selected["source"], query)
        holds = _conditions(selected["where"], json.loads(query["params"]))
        columns = selected["columns"].split(", ")
        fields = [column.strip('"') for column in columns]
        found = sorted((key[3], key[2]) for key in points if key[0] == measurement and holds(key))
        tenant = json.loads(query["params"])["tenant"]
        rows = [(at, asset, points[measurement, tenant, asset, at]) for at, asset in found]
        counts = [_COUNT.fullmatch(column) for column in columns]
        if counts[0]:
            fields = [each[2].strip('"') for each in counts if each]
            kept = _counted(fields, rows)
        else:
            kept = [row for row in rows if any(name in row[2] for name in fields)]
        if selected["order"] == "DESC":
            kept.reverse()
        if selected["group"]:
            kept.sort(key=lambda row: str(row[1]))  # group by group, in each as before
        if selected["limit"] and selected["group"]:
            taken: dict[str, Any] = {}
            for row in kept:
                taken.setdefault(row[1], row)
            kept = list(taken.values())
        elif selected["limit"]:
            kept = kept[: int(selected["limit"])]
        return self._rows(measurement, fields, kept, is_grouped=bool(selected["group"])) if kept else ""

    def _rows(self, measurement: str, fields: list[str], rows: list[Any], *, is_grouped: bool) -> str:
        out = []
        for at, asset, point in rows:
            values = [asset if name == "asset_id" else _written(point.get(name)) for name in fields]
            if self.major == 3:
                moment = (_EPOCH + timedelta(microseconds=at)).isoformat().removesuffix("+00:00")
                out.append([measurement, moment, *([asset] if is_grouped else []), *values])
            else:
                tags = "asset_id=" + re.sub(r"([,= ])", r"\\\1", asset) if is_grouped else ""
                out.append([measurement, tags, str(at * 1000), *values])
        if self.major == 3:
            return _csv(["iox::measurement", "time", *(["asset_id"] if is_grouped else []), *fields], out)
        return _csv(["name", "tags", "time", *fields], out)

    def _manage_v2(self, request: Request) -> tuple[int, bytes]:
        match request.method, request.path:
            case "GET", "/api/v2/orgs":
                found = [{"id": self.orgs[name]} for name in self.orgs if name == request.query["org"]]
                return 200, json.dumps({"orgs": found}).encode()
            case "GET", "/api/v2/buckets":
                name = request.query["name"]
                rules = [{"type": "expire", "everySeconds": self.retention.get(name, 0)}]
                there = [{"id": "1", "retentionRules": rules}] if name in self.points else []
                return 200, json.dumps({"buckets": there}).encode()
            case "POST", "/api/v2/buckets":
                body = json.loads(request.body)
                assert body["orgID"] in self.orgs.values()
                self.points[body["name"]] = {}
                self.retention[body["name"]] = sum(rule["everySeconds"] for rule in body["retentionRules"])
                return 201, b"{}"
            case "POST", "/api/v2/delete":
                body = json.loads(request.body)
                wanted = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', body["predicate"]))
                first, last = (_microseconds(body[name]) for name in ("start", "stop"))
                points = self.points[request.query["bucket"]]
                key = (wanted["_measurement"], wanted["tenant"], wanted["asset_id"])
                for each in [each for each in points if each[:3] == key and first <= each[3] <= last]:
                    del points[each]
                return 204, b""
        return 404, b'{"code":"not found","message":"path not found"}'

    def _make_v3(self, body: dict[str, str]) -> tuple[int, bytes]:
        if body["db"] in self.points:
            return 409, b'{"error":"attempted to create a resource that already exists"}'
        self.points[body["db"]] = {}
        self.retention[body["db"]] = int(body.get("retention_period", "0d").removesuffix("d"))
        return 200, b""


def _counted(fields: list[str], rows: list[tuple[int, str, Point]]) -> list[tuple[int, str, Point]]:
    counts: dict[str, Point] = {}
    for _, asset, point in rows:
        of_asset = counts.setdefault(asset, {})
        for name in point.keys() & set(fields):
            of_asset[name] = of_asset.get(name, 0) + 1
    return [(0, asset, point) for asset, point in sorted(counts.items()) if point]


def _conditions(where: str, parameters: dict[str, Any]) -> Any:
    parts = _CONDITION.findall(where)
    tenant = next(parameters[name] for column, _, name in parts if column == "tenant")
    assets = {parameters[name] for column, _, name in parts if column == "asset_id"}
    first = next(_microseconds(parameters[name]) for column, sign, name in parts if column == "time" and sign == ">=")
    last = next(_microseconds(parameters[name]) for column, sign, name in parts if column == "time" and sign == "<=")
    return lambda key: key[1] == tenant and (not assets or key[2] in assets) and first <= key[3] <= last


def _microseconds(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


def _written(value: Any) -> str:
    if value is None:
        return ""
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def _csv(head: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    return text.getvalue()


def _as_series(block: str) -> dict[str, Any]:
    rows = list(csv.reader(io.StringIO(block)))
    return {"series": [{"columns": rows[0][2:], "values": [row[2:] for row in rows[1:]]}]} if rows else {}


def _handler(fake: FakeInflux) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            request = Request(self.command, parts.path, query, headers, body)
            fake.requests.append(request)
            self._reply(request, fake.take_fault(parts.path))

        do_POST = do_GET  # noqa: N815 — likewise

        def _reply(self, request: Request, fault: Fault | None) -> None:
            if fault is not None:
                time.sleep(fault.seconds)
            if fault is not None and fault.status is not None:
                self._send(fault.status, fault.body, fault.headers)
                return
            status, body = fake.answer(request)
            if fault is not None and fault.drops_answer:
                self.close_connection = True
                return
            self._send(status, body, {}, None if fault is None else fault.cut_at)

        def _send(self, status: int, body: bytes, headers: dict[str, str], cut_at: int | None = None) -> None:
            self.send_response(status)
            for name, value in {"X-Influxdb-Version": fake.version, **headers}.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if cut_at is not None:
                self.close_connection = True
                body = body[:cut_at]
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
