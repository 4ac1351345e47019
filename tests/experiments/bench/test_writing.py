import pytest

from experiments.bench.errors import OutputsDiffer
from experiments.bench.fleet import fleet_signals, fleet_table
from experiments.bench.writing import measure_writing, require_equal
from features.telemetry.line_protocol.writer import write_wide_lines


@pytest.mark.slow
def test_all_ways_are_compared_and_timed() -> None:
    told = measure_writing(200, 3, 1).to_dict()
    assert (told["rows"], told["signals"], told["equal_outputs"]) == (200, 3, True)
    assert set(told["timings"]) == {"ours", "ours_long", "point", "dataframe"}
    assert told["point_ratio"] > 0
    assert told["dataframe_cpu_ratio"] > 0


def test_a_body_that_says_something_else_is_found() -> None:
    table = fleet_table(3, fleet_signals(1))
    body = write_wide_lines(table, measurement="pump")
    require_equal(table, body, "the same")
    for wrong in (body + b"\nbad", body.rsplit(b"\n", 1)[0], body.replace(b"=", b"=1", 2)):
        with pytest.raises(OutputsDiffer, match="must give the same"):
            require_equal(table, wrong, "another")
