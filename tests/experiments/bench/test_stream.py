"""The way from an accepted reading to its vector, small."""

import pytest

from experiments.bench.stream import StreamLoad, measure_stream


@pytest.mark.slow  # a sender in a process of its own, and real seconds
def test_every_reading_of_every_machine_reaches_its_vector() -> None:
    figures = measure_stream(StreamLoad(machines=120, seconds=3))
    assert figures["missing"] == 0
    assert figures["readings"] == 120 * 3 * 15
    latency = figures["latency_p50_seconds"]
    assert isinstance(latency, float)
    assert 0.0 < latency < 60.0
