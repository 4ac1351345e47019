import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from experiments.bench.command import app
from experiments.bench.errors import OutputsDiffer
from experiments.bench.forecast import compare
from features.domain.forecasts import ForecastStatus
from tests.models.prognosis.forecasts import forecast_of

SAID = forecast_of(lambda life: 0.9)


def test_ways_that_differ_are_not_timed() -> None:
    compare([SAID], [replace(SAID, id="another")])
    with pytest.raises(OutputsDiffer, match="other numbers"):
        compare([SAID], [replace(SAID, horizons=SAID.horizons[:1])])
    with pytest.raises(OutputsDiffer, match="stale"):
        compare([replace(SAID, status=ForecastStatus.STALE)], [SAID])


@pytest.mark.slow  # an export
def test_bench_tells_forecasts_a_second_and_core() -> None:
    done = CliRunner().invoke(app, ["forecast", "--assets", "60", "--runs", "1", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert set(found["per_second_and_core"]) == {"runtime_one", "runtime_many", "issued_one", "issued_many"}
    assert all(speed > 0 for speed in found["per_second_and_core"].values())
