"""Data never becomes code; nothing on a page comes from another host; the import path is left alone."""

import ast
import re
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.source_tree import ROOT, Source, called_name, code, imports, planted, suite

CODE_IN_DATA = frozenset({"pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"})
FORBIDDEN_CALLS = frozenset(
    {"eval", "exec", "os.system", "os.popen", "tempfile.mktemp", "yaml.load", "yaml.unsafe_load"}
)
FOREIGN_RESOURCE = re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//|@import\s|url\(\s*["']?(?:https?:)?//""")
PAGE_SUFFIXES = frozenset({".html", ".j2", ".jinja", ".jinja2", ".css", ".js"})


def unsafe(sources: Iterable[Source]) -> list[str]:
    return [f"{source.path}:{line}: {what}" for source in sources for line, what in _findings(source)]


def _findings(source: Source) -> Iterator[tuple[int, str]]:
    for found in imports(source):
        if found.package in CODE_IN_DATA:
            yield found.line, f"{found.package} turns data into code"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, reason) for reason in _reasons(node))
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "relative import"
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path":
            yield node.lineno, "sys.path is left alone"


def _reasons(call: ast.Call) -> Iterator[str]:
    name = called_name(call)
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if name in FORBIDDEN_CALLS:
        yield f"{name} is not used"
    if given.get("shell") == "True":
        yield "no shell between us and a program"
    if given.get("allow_pickle") == "True":
        yield "allow_pickle turns data into code"
    if name == "torch.load" and given.get("weights_only") != "True":
        yield "torch.load needs weights_only=True"
    if "code_paths" in given:
        yield "code_paths puts code into an artefact"


def test_data_never_becomes_code() -> None:
    assert unsafe(code()) == []


def test_tests_leave_the_import_path_alone() -> None:
    assert [each for each in unsafe(suite()) if each.endswith(("sys.path is left alone", "relative import"))] == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "def late():\n    from joblib import load",
        "eval('1')",
        "import yaml\nyaml.load(text)",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import torch\ntorch.load('weights.pt')",
        "numpy.load('x.npy', allow_pickle=True)",
        "import sys\nsys.path.insert(0, '.')",
        "from . import neighbour",
        "mlflow.onnx.log_model(model, code_paths=['models'])",
    ],
)
def test_planted_danger_is_found(text: str) -> None:
    assert len(unsafe([planted(text)])) == 1


def test_a_network_may_still_be_put_into_evaluation() -> None:
    assert unsafe([planted("network.eval()\nyaml.safe_load(text)\ntorch.load('w.pt', weights_only=True)")]) == []


def test_pages_take_nothing_from_another_host() -> None:
    pages = [path for path in (ROOT / "serving").rglob("*") if path.suffix in PAGE_SUFFIXES]
    foreign = [path.name for path in pages if FOREIGN_RESOURCE.search(path.read_text(encoding="utf-8"))]
    assert foreign == []


@pytest.mark.parametrize(
    "text",
    ['<script src="https://cdn.example/x.js">', "<link href='//fonts.example/a.css'>", "a{background:url(http://x/y)}"],
)
def test_planted_foreign_resource_is_found(text: str) -> None:
    assert FOREIGN_RESOURCE.search(text)
    assert not FOREIGN_RESOURCE.search('<a href="/assets/p-01"><script src="/static/chart.js">')
