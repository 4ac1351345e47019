import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.packs.loader import load_pack
from pipelines.pack import app
from tests.features.packs.packs_on_disk import PACK, changed, write_pack


def test_a_good_pack_is_summed_up(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(write_pack(tmp_path))])
    assert result.exit_code == 0
    for words in ("Press (press 1.2.0)", "oil_temperature", "clutch_wear", "500, 5000 parts"):
        assert words in result.stdout


def test_a_bad_pack_is_refused_with_every_finding_on_a_line(tmp_path: Path) -> None:
    pack = changed(changed(PACK, "id: press", "id: Press"), "tolerance: 0.1", "tolerance: 2")
    result = CliRunner().invoke(app, ["check", str(write_pack(tmp_path, pack=pack))])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{tmp_path / 'pack.yaml'}:2: id: must be lower-case letters")
    assert "; found 'Press'; do: " in lines[0]
    assert "2 findings" in result.stderr


def test_json_is_one_object_on_standard_output(tmp_path: Path) -> None:
    good = CliRunner().invoke(app, ["check", str(write_pack(tmp_path)), "--json"])
    assert good.exit_code == 0
    assert json.loads(good.stdout)["summary"]["failure_modes"] == ["clutch_wear"]
    write_pack(tmp_path, pack=changed(PACK, "tolerance: 0.1", "tolerance: 2"))
    bad = CliRunner().invoke(app, ["check", str(tmp_path), "--json"])
    assert bad.exit_code == 1
    document = json.loads(bad.stdout)
    assert document["ok"] is False
    assert document["findings"][0]["key"] == "regimes.tolerance"
    assert document["findings"][0]["line"] == 39


def test_shipped_packs_are_listed() -> None:
    assert "turbofan" in CliRunner().invoke(app, ["list"]).stdout
    document = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    assert [pack["id"] for pack in document["packs"]] == ["pump", "turbofan"]


def test_show_prints_the_knowledge_of_a_pack() -> None:
    result = CliRunner().invoke(app, ["show", "pump"])
    assert result.exit_code == 0
    assert "Leak of the mechanical seal (seal_leak, ISO 14224 ELP/1.1)" in result.stdout
    document = json.loads(CliRunner().invoke(app, ["show", "pump", "--json"]).stdout)
    assert [signal["id"] for signal in document["signals"]] == [signal.id for signal in load_pack("pump").signals]


@pytest.mark.parametrize("command", ["check", "show"])
def test_an_unknown_pack_is_refused_with_a_suggestion(command: str) -> None:
    result = CliRunner().invoke(app, [command, "turbofun"])
    assert result.exit_code == 1
    assert "Did you mean turbofan?" in result.stdout


def test_square_brackets_in_a_pack_are_shown_as_they_are(tmp_path: Path) -> None:
    pack = changed(PACK, "unit: kN", "unit: '[/kN]'")
    result = CliRunner().invoke(app, ["check", str(write_pack(tmp_path, pack=pack))])
    assert result.exit_code == 0
    assert "[/kN]" in result.stdout
