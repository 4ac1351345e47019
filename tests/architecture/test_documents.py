"""The README knows every target, command and setting; CHANGELOG and constraints are in order."""

import importlib
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import typer
from packaging.requirements import Requirement
from pydantic_settings import BaseSettings

from tests.architecture.source_tree import ROOT, code

README = (ROOT / "README.md").read_text(encoding="utf-8")
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
MAIN_TARGETS = frozenset({"setup", "demo", "serve", "test", "check", "bench"})


def missing_from(text: str, wanted: Iterable[str]) -> list[str]:
    """Return what the text does not name as a whole word: `make test` is not named by `make test-unit`."""
    return [each for each in wanted if not re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", text)]


def commands(command: Any, path: str) -> Iterator[str]:  # Any: typer carries a click of its own beside the real one
    """Yield the full line of every command below, through groups that load when they are asked."""
    if not hasattr(command, "list_commands"):
        yield path
        return
    context = typer.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None and not found.hidden:
            yield from commands(found, f"{path} {name}")


def settings_classes() -> list[type[BaseSettings]]:
    modules = [source.module for source in code() if source.module.endswith(".settings")]
    found = [getattr(importlib.import_module(module), "Settings", None) for module in modules]
    return [each for each in found if isinstance(each, type) and issubclass(each, BaseSettings)]


def environment_names(settings: type[BaseSettings]) -> list[str]:
    prefix = settings.model_config.get("env_prefix", "")
    return [f"{prefix}{name}".upper() for name in settings.model_fields]


def test_make_has_the_agreed_targets_and_the_readme_lists_them_all() -> None:
    targets = TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    assert set(targets) >= MAIN_TARGETS
    assert missing_from(README, (f"make {target}" for target in targets)) == []


@pytest.mark.parametrize("package", ["pipelines", "experiments"])
def test_readme_lists_every_command(package: str) -> None:
    app = importlib.import_module(f"{package}.__main__").app
    root = typer.main.get_command(app) if isinstance(app, typer.Typer) else app
    assert missing_from(README, commands(root, f"python -m {package}")) == []


def test_both_roots_have_settings() -> None:
    assert {each.__module__.partition(".")[0] for each in settings_classes()} >= {"pipelines", "serving"}


def test_readme_lists_every_setting() -> None:
    names = [name for settings in settings_classes() for name in environment_names(settings)]
    assert [name for name in names if f"`{name}`" not in README] == []


def test_every_setting_says_what_it_is() -> None:
    silent = [
        f"{settings.__module__}.{name}"
        for settings in settings_classes()
        for name, field in settings.model_fields.items()
        if not field.description
    ]
    assert silent == []


def test_settings_refuse_unknown_keys() -> None:
    assert [each.__module__ for each in settings_classes() if each.model_config.get("extra") != "forbid"] == []


def test_planted_gaps_are_found() -> None:
    app = typer.Typer()
    group = typer.Typer()
    app.command("ingest")(lambda: None)
    group.command("check")(lambda: None)
    group.command("show")(lambda: None)
    app.add_typer(group, name="pack")
    lines = list(commands(typer.main.get_command(app), "python -m pipelines"))
    text = "`python -m pipelines pack check` and `python -m pipelines ingest-all`"
    assert missing_from(text, lines) == ["python -m pipelines ingest", "python -m pipelines pack show"]


def test_changelog_keeps_what_is_unreleased() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_constraints_pin_every_requirement_once_and_without_local_label() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [Requirement(each) for each in (*project["project"]["dependencies"], *project["dependency-groups"]["dev"])]
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pins = dict(line.split("==") for line in lines)
    assert len(pins) == len(lines)
    assert lines == sorted(lines)
    assert [line for line in lines if "+" in line or "@" in line or "/" in line] == []
    assert [str(each) for each in wanted if pins.get(each.name, "missing") not in each.specifier] == []
