"""Whatever a client sends, it gets no 5xx, and what it gets is in our form."""

import gzip
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from serving.app import build_app
from serving.settings import Settings
from tests.serving.conftest import LOOPBACK
from tests.serving.fakes import small_house

PATHS = ("/api/v2/write", "/write", "/v1/telemetry", "/v1/events", "/query")
KINDS = (
    "",
    "application/json",
    "application/x-ndjson",
    "text/csv",
    "text/plain",
    "\xff",
    "application/json; charset=x",
)
ENCODINGS = ("", "gzip", "identity", "br", "gzip, gzip", "\xff")
CLIENT = TestClient(
    build_app(small_house().wiring(Settings(max_write_bytes=1_000_000))),
    base_url="http://localhost",
    client=LOOPBACK,
    raise_server_exceptions=False,
)

MILLION = "1" * 100_000
HOSTILE = [
    b"\0" * 1_000,
    b"[" * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"asset_id": "p-01", "life": ' + MILLION.encode() + b', "signals": {}}',
    b'{"asset_id": "p-01", "life": 1e999999999, "signals": {"a": -1e-999999999}}',
    b'{"asset_id": "' + b"x" * 500_000 + b'", "time": "' + b"9" * 300_000 + b'", "signals": {"\\ud800": NaN}}',
    b'{"asset_id": "p-01", "time": "0001-01-01T00:00:00+23:59", "signals": {"a": 1}}',
    b'{"asset_id": "p-01", "time": "9999-12-31T23:59:59-23:59", "signals": {"a": 1}}',
    b"asset_id,time," + b",".join(b"s%d" % number for number in range(100_000)) + b"\np-01,now\n",
    b'asset_id,life\n"p-01' + b"x" * 200_000,
    b"pump,asset_id=p-01 " + b",".join(b"f%d=1" % number for number in range(5_000)) + b" 1\n",
    b"pump,asset_id=p-01 speed=" + MILLION.encode() + b" " + MILLION.encode() + b"\n",
    b"pump,asset_id=p-01 speed=1 -9223372036854775808\n",
    b"pump,asset_id=p-01 speed=1 9223372036854775807\n",
    b'pump,asset_id=p-01 note="' + b"x" * 100_000,
    b"pump\\" * 10_000,
    b"pump,asset_id=\xff\xfe speed=1\n",
    b"q=CREATE%20DATABASE%00&" * 1_000,
]


def send(path: str, kind: str, encoding: str, body: bytes, query: str = "") -> None:
    headers = [(b"content-type", kind.encode("latin-1")), (b"content-encoding", encoding.encode("latin-1"))]
    answer = CLIENT.post(f"{path}?{query}", content=body, headers=headers)
    assert answer.status_code < 500, (answer.status_code, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
        assert len(answer.content) < 150_000


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_bodies(path: str, number: int) -> None:
    for kind in ("application/json", "application/x-ndjson", "text/csv"):
        send(path, kind, "", HOSTILE[number])
        if path != "/v1/telemetry":
            return


bodies = st.one_of(
    st.binary(max_size=300),
    st.text(alphabet='{}[]",:asetid_mlifgn 0123456789.-+eE\n\\\0', max_size=200).map(str.encode),
    st.binary(max_size=100).map(gzip.compress),
    st.binary(max_size=100).map(lambda body: gzip.compress(body)[:-3]),
    st.binary(max_size=100).map(zlib.compress),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(PATHS),
    st.sampled_from(KINDS),
    st.sampled_from(ENCODINGS),
    bodies,
    st.sampled_from(["", "precision=s", "precision=%FF", "precision=s&precision=x", "db=%00", "q=%ff", "&&=;"]),
)
def test_random_deliveries(path: str, kind: str, encoding: str, body: bytes, query: str) -> None:
    send(path, kind, encoding, body, query)
