from datetime import datetime

import pytest

from pipelines.simulate.errors import InvalidFleetSettings
from pipelines.simulate.settings import FleetSettings


def test_rows_and_stations_follow_from_the_settings() -> None:
    settings = FleetSettings(pumps=9, days=10)
    assert (settings.rows, settings.stations) == (120, 3)
    assert settings.time_at(26.5).isoformat() == "2025-01-02T02:30:00+00:00"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pumps", 0),
        ("days", 0),
        ("interval_minutes", 0),
        ("seed", -1),
        ("instrument_fault_rate", -0.1),
        ("path_fault_rate", float("nan")),
        ("operation_change_rate", -1.0),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(name: str, value: int) -> None:
    with pytest.raises(InvalidFleetSettings, match=name):
        FleetSettings(**{name: value})  # type: ignore[arg-type] # names come from the table above


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(InvalidFleetSettings, match="zone"):
        FleetSettings(start=datetime(2025, 1, 1))


def test_an_unknown_fault_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidFleetSettings, match="bearing_wear"):
        FleetSettings(fault_kinds=("bearing_ware",))


def test_unknown_kinds_of_measurement_faults_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidFleetSettings, match="unit_changed"):
        FleetSettings(instrument_kinds=("stuck", "unit_change"))
    with pytest.raises(InvalidFleetSettings, match="clock_off"):
        FleetSettings(path_kinds=("clock",))
    with pytest.raises(InvalidFleetSettings, match="recipe"):
        FleetSettings(operation_kinds=("receipt",))
