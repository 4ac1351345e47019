from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from features.domain.arrivals import Arrival, ArrivalForm, Precision
from features.domain.identifiers import DEFAULT_TENANT
from features.telemetry.line_protocol.layout import LineFault
from features.telemetry.line_protocol.reader import read_lines
from pipelines.ingest.origin import Origin
from pipelines.receiving.plain_bodies import is_plain, read_plain_bodies
from tests.pipelines.receiving.conftest import NOW

BODIES = [
    b"pump,asset_id=a flow=1 10\npump,asset_id=a flow=2 20",
    b"\n# a comment\npump,asset_id=b flow=3i,speed=4\r\n\n",
    b"pump,asset_id=c flow=5 30\n",
    b"",
    b"cpu,asset_id=a idle=t",
]


def arrivals(bodies: list[bytes]) -> list[tuple[Arrival, Origin]]:
    found = []
    for place, body in enumerate(bodies):
        at = NOW + timedelta(seconds=place)
        arrival = Arrival(DEFAULT_TENANT, ArrivalForm.LINE_PROTOCOL, "http", at, body, Precision.SECONDS)
        found.append((arrival, Origin(f"http:{place}", at, "http", place + 1)))
    return found


def alone(given: list[tuple[Arrival, Origin]]) -> pl.DataFrame:
    tables = [
        origin.stamped(read_lines(arrival.body, arrival.precision, arrival.arrived_at).table)
        for arrival, origin in given
    ]
    return pl.concat(tables, how="diagonal_relaxed")


def test_reading_together_gives_what_reading_alone_gives() -> None:
    given = arrivals(BODIES)
    ((read, _),) = list(read_plain_bodies(given))
    assert_frame_equal(read.table, alone(given), check_column_order=False)


@pytest.mark.parametrize("place", range(5))
def test_a_bad_line_is_told_of_its_own_delivery_and_spoils_no_other(place: int) -> None:
    bodies = [*BODIES]
    bodies[place] = b"pump,asset_id=z flow=7 70\nno line\n"
    given = arrivals(bodies)
    found = list(read_plain_bodies(given))
    together = pl.concat([read.table for read, _ in found if read.table.height], how="diagonal_relaxed")
    assert_frame_equal(together, alone(given), check_column_order=False)
    faults: list[tuple[Origin, LineFault]] = [(origin, fault) for read, origin in found for fault in read.faults]
    assert [(origin.source, fault.line) for origin, fault in faults] == [(f"http:{place}", 2)]


def test_a_body_whose_line_might_go_on_is_not_plain() -> None:
    assert all(map(is_plain, BODIES))
    assert not any(map(is_plain, [b'pump note="x', b"pump\\ a flow=1", b"\xef\xbb\xbfpump flow=1"]))
