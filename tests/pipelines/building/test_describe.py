import json
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from features.packs.loader import load_pack
from pipelines.building.command import app
from pipelines.building.describe import describe_features, print_features, unfitted
from tests.features.transforms.leakage import shipped


@pytest.mark.parametrize("name", ["pump", "turbofan"])
def test_what_is_described_is_what_a_fitted_specification_computes(name: str) -> None:
    specification, _ = shipped(name)
    assert unfitted(load_pack(name)).names == specification.names
    assert unfitted(load_pack(name)).lineage == specification.lineage


def test_command_prints_one_object_with_lineage_and_grade() -> None:
    result = CliRunner().invoke(app, ["describe", "--pack", "pump", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    by_name = {each["name"]: each for each in told["features"]}
    of_seal = by_name["seal_temperature__mean_24"]
    assert of_seal["signals"] == ["seal_temperature", "speed", "flow", "running_hours"]
    assert of_seal["grade"] == 2  # speed and flow tell how the machine is run
    assert of_seal["unit"] == "sd"
    assert by_name["age"]["unit"] == "hours"
    assert len(by_name) == len(unfitted(load_pack("pump")).names)


def test_table_for_people_names_every_feature() -> None:
    shown = StringIO()
    print_features(Console(file=shown, width=400), describe_features(load_pack("turbofan")))
    text = shown.getvalue()
    assert all(name in text for name in unfitted(load_pack("turbofan")).names)
