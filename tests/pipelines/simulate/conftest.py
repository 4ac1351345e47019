"""One fleet for many questions: it is made once."""

import pytest

from pipelines.simulate.fleet import SimulatedFleet, simulate_fleet
from pipelines.simulate.settings import FleetSettings


@pytest.fixture(scope="session")
def fleet() -> SimulatedFleet:
    return simulate_fleet(FleetSettings())
