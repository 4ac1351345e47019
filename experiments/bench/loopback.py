"""A loopback server that answers as InfluxDB 1.x (InfluxQL, CSV) and 2.x (Flux, annotated CSV) do about one table.

It is no database: the answers are made once for each list of columns and then served from memory, so that what is
timed is the reading of an answer, not the making of one. It runs as a process of its own and ends when its standard
input does: `python -m experiments.bench.loopback TABLE`, which prints the port it listens on.
"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import polars as pl

DATABASE = "bench"
_TAGS = {"asset_id": "asset"}
_GROUPED = ' GROUP BY "asset_id"'
_END = b"name,tags,name\ndatabases,,bench\n"
_FLUX_HEAD = """#datatype,string,long,dateTime:RFC3339,string,{kinds}
#group,false,false,false,true,{groups}
#default,_result,,,,{empties}
,result,table,_time,asset_id,{names}
"""


class Answers:
    """Answers about a wide table (`asset`, `time`, signals), each made once."""

    def __init__(self, table: pl.DataFrame) -> None:
        self._table = table
        self._made: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def to_influxql(self, statement: str) -> bytes:
        """Answer a SELECT as InfluxDB 1.8 does with `Accept: application/csv`.

        Times are nanoseconds since 1970. Rows come by time; with a group by asset they come asset by asset, each
        named in the column of the tags.
        """
        columns = re.findall(r'"([^"]+)"', statement.split(" FROM ")[0])
        with self._lock:
            if statement not in self._made:
                self._made[statement] = self._influxql(columns, is_grouped=_GROUPED in statement)
            return self._made[statement]

    def to_flux(self, query: str) -> bytes:
        """Answer a query as InfluxDB 2.x does.

        With a pivot it is one table for each asset and one column for each signal; without, one table for each asset
        and signal and one row for each reading.
        """
        form = self._pivoted if "pivot(" in query else self._plain
        with self._lock:
            if form.__name__ not in self._made:
                self._made[form.__name__] = form()
            return self._made[form.__name__]

    def _influxql(self, columns: list[str], *, is_grouped: bool) -> bytes:
        rows = self._table.sort(("asset", "time") if is_grouped else ("time", "asset"), maintain_order=True)
        tags = pl.format("asset_id={}", "asset") if is_grouped else pl.lit("")
        stored = [_TAGS.get(name, name) for name in columns]
        cells = [
            (pl.col(name) if name in rows.columns else pl.lit(None, dtype=pl.String)).alias(column)
            for name, column in zip(stored, columns, strict=True)
        ]
        nanoseconds = (pl.col("time").cast(pl.Int64) * 1_000).alias("time")
        name = pl.lit("pump").alias("name")
        return (
            rows.select(name, tags.alias("tags"), nanoseconds, *cells).write_csv(quote_style="never").encode()
            + b"\n"
            + _END
        )

    def _pivoted(self) -> bytes:
        signals = [name for name in self._table.columns if name not in {"asset", "time"}]
        return _flux(self._table, ["asset"], dict.fromkeys(signals, "double"))

    def _plain(self) -> bytes:
        long = self._table.unpivot(index=["asset", "time"], variable_name="_field", value_name="_value")
        rows = long.sort("asset", "_field", "time")
        return _flux(rows, ["asset", "_field"], {"_field": "string", "_value": "double"})


def _flux(rows: pl.DataFrame, group: list[str], kinds: dict[str, str]) -> bytes:
    """Write rows, sorted by group and time, as annotated CSV with these columns beside time and asset."""
    head = _FLUX_HEAD.format(
        kinds=",".join(kinds.values()),
        groups=",".join("true" if name in group else "false" for name in kinds),
        empties="," * (len(kinds) - 1),
        names=",".join(kinds),
    )
    empty = pl.lit("")
    table = pl.struct(group).rank("dense").sub(1).alias("table")
    time = pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    cells = rows.select(empty.alias("annotation"), empty.alias("result"), table, time, "asset", *kinds)
    return (head + cells.write_csv(include_header=False, quote_style="never")).replace("\n", "\r\n").encode()


def handler_of(answers: Answers) -> type[BaseHTTPRequestHandler]:
    """Return what handles requests with these answers."""

    class Handler(BaseHTTPRequestHandler):
        """Answers as InfluxDB does, as far as the benchmark asks."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer `/ping`, and questions in InfluxQL."""
            if self.path.startswith("/ping"):
                self._send(b"", "text/plain", 204)
                return
            statement = parse_qs(urlsplit(self.path).query).get("q", [""])[0]
            if statement.startswith("SELECT"):
                self._send(answers.to_influxql(statement), "text/csv")
            else:
                self._send(_series(statement), "application/json")

        def do_POST(self) -> None:
            """Answer questions in Flux, and commands."""
            asked = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if self.path.startswith("/api/v2/query"):
                self._send(answers.to_flux(asked), "text/csv; charset=utf-8")
            else:
                self.do_GET()

        def log_message(self, format: str, *_args: object) -> None:
            """Say nothing."""

        def _send(self, content: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("X-Influxdb-Version", "1.8.10")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


def _series(statement: str) -> bytes:
    """Answer what a store asks about places before it reads."""
    shows_policies = statement.startswith("SHOW RETENTION")
    row = ["autogen", "0s", "168h0m0s", 1, True] if shows_policies else [DATABASE]
    return json.dumps({"results": [{"statement_id": 0, "series": [{"values": [row]}]}]}).encode()


def main(path: Path) -> None:
    """Serve a table until standard input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(Answers(pl.read_ipc(path))))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
