"""Names: nobody else claims ours, files are named after what they hold, folders are the agreed ones."""

import ast
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import PurePosixPath

from tests.architecture.source_tree import PACKAGES, ROOT, Source, code, planted, suite

EMPTY_WORDS = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers"})


def emptily_named(sources: Iterable[Source]) -> list[str]:
    return [
        source.path
        for source in sources
        if EMPTY_WORDS & {word for part in PurePosixPath(source.path).with_suffix("").parts for word in part.split("_")}
    ]


def without_docstring(sources: Iterable[Source]) -> list[str]:
    return [source.path for source in sources if not ast.get_docstring(source.tree)]


def test_no_installed_distribution_claims_our_names() -> None:
    claimed = packages_distributions()
    assert {name: claimed[name] for name in (*PACKAGES, "tests") if name in claimed} == {}


def test_no_file_has_an_empty_name() -> None:
    assert emptily_named([*code(), *suite()]) == []


def test_planted_empty_names_are_found() -> None:
    sources = [planted("", "models.data_utils"), planted("", "serving.helpers.page"), planted("", "models.database")]
    assert emptily_named(sources) == ["models/data_utils.py", "serving/helpers/page.py"]


def test_every_folder_of_python_is_a_package() -> None:
    folders = {(ROOT / source.path).parent for source in (*code(), *suite())}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_every_module_says_what_it_is() -> None:
    assert without_docstring(code()) == []
    assert without_docstring([planted("import os")]) == ["features/domain/planted.py"]


def test_no_console_scripts() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"scripts", "gui-scripts", "entry-points"} & project.keys() == set()


def test_no_code_folder_beside_the_agreed_ones() -> None:
    """Only the six packages and the tests hold Python at the top level."""
    ours = {*PACKAGES, "tests"}
    others = (each for each in ROOT.iterdir() if each.is_dir() and each.name not in ours | {"var", "dist", "build"})
    strangers = [each.name for each in others if not each.name.startswith(".") and any(each.rglob("*.py"))]
    assert strangers == []
