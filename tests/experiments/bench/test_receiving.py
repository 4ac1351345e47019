from pathlib import Path

import pytest

from experiments.bench.receiving import Load, count_readings, measure_receiving
from features.domain.arrivals import Arrival, ArrivalForm, Precision
from features.domain.identifiers import DEFAULT_TENANT
from features.domain.time import EPOCH
from features.spool.durable import DurableSpool


def test_readings_in_a_spool_are_counted_one_by_one(tmp_path: Path) -> None:
    body = b"pump,asset_id=a v=1,w=2 1\npump,asset_id=a v=3 2"
    arrival = Arrival(DEFAULT_TENANT, ArrivalForm.LINE_PROTOCOL, "http", EPOCH, body, Precision.SECONDS)
    with DurableSpool(tmp_path / "spool.sqlite") as spool:
        for _ in range(100):
            spool.put([arrival.to_bytes()])
    assert count_readings(tmp_path / "spool.sqlite") == 300


@pytest.mark.integration
def test_what_is_acknowledged_is_in_the_spool(tmp_path: Path) -> None:
    load = Load(lines=5, signals=2, deliveries=4, clients=(1, 2), runs=1)
    told = measure_receiving(load, tmp_path).to_dict()
    assert told["verified_readings"] == {"durable": (8 + 4 + 4) * 10, "volatile": (8 + 4 + 4) * 10}
    assert told["growth_from_to_clients"] == [1, 2]
    assert told["spool_readings_per_second"] > 0
    assert set(told["by_clients"]["volatile"]) == {"1", "2"}
