from pathlib import Path

import typer
from typer.testing import CliRunner

from pipelines.demo.command import demo

APP = typer.Typer()
APP.command()(demo)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "letters.txt"
    kept.write_text("dear all")
    result = CliRunner().invoke(APP, ["--home", str(tmp_path), "--no-serve"])
    assert result.exit_code == 2
    assert "earlier demonstration" in result.stderr
    assert kept.read_text() == "dear all"
