from pathlib import Path

import pytest
import typer

from pipelines.promote.command import promote


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"aliases": True, "dry_run": True}, "--aliases and --dry-run"),
        ({"aliases": True, "rollback": True}, "--aliases and --rollback"),
        ({"rollback": True, "dry_run": True}, "--rollback and --dry-run"),
    ],
)
def test_orders_that_exclude_each_other_are_refused_before_anything_is_done(
    tmp_path: Path, asked: dict[str, bool], named: str
) -> None:
    with pytest.raises(typer.BadParameter, match=f"found {named}"):
        promote(home=tmp_path / "home", pack="pump", **asked)  # type: ignore[arg-type]  # only flags
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("warning", [None, "They lag."])
def test_what_has_become_of_the_aliases_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], warning: str | None
) -> None:
    monkeypatch.setattr("pipelines.promote.order.repair", lambda _: warning)
    promote(home=tmp_path, pack="pump", aliases=True)
    told = capsys.readouterr().err
    assert ("MLflow's aliases name what the shelf does." in told) == (warning is None)
    assert ("They lag." in told) == (warning is not None)
