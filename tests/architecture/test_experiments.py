"""Experiments hold readers, protocols and scoring only: no network, no feature function (DESIGN, rule 11)."""

import ast
import re
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.source_tree import Source, called_name, code, dotted, is_in, planted

NETWORK_BASES = ("Module", "Sequential", "LightningModule")
FEATURE_NAME = re.compile(
    r"_?((make|compute|extract|build|engineer|derive|calculate)_\w*features?"
    r"|(rolling|ewma?|z_?scores?|normali[sz]e|standardi[sz]e|window|regime)(_\w+)?)"
)
FEATURE_CALL = re.compile(r"\.(rolling\w*|ewm\w*|group_by_dynamic|sliding_window_view|convolve|gradient|lfilter)$")

PEERS = "experiments.bench.features_peers"
"""Where another library computes what the product is measured against; nothing of it reaches the product."""


def out_of_place(sources: Iterable[Source]) -> list[str]:
    return [
        f"{source.path}:{line}: {what}"
        for source in sources
        if is_in(source.module, "experiments")
        for line, what in _findings(source)
    ]


def _findings(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and any(dotted(base).endswith(NETWORK_BASES) for base in node.bases):
            yield node.lineno, f"network {node.name} belongs in models"
        elif isinstance(node, ast.FunctionDef) and FEATURE_NAME.fullmatch(node.name):
            yield node.lineno, f"feature function {node.name} belongs in features/transforms"
        elif isinstance(node, ast.Call) and FEATURE_CALL.search(called_name(node)) and source.module != PEERS:
            yield node.lineno, f"feature computation {called_name(node)} belongs in features/transforms"


def test_experiments_define_no_network_and_no_feature() -> None:
    assert out_of_place(code()) == []


@pytest.mark.parametrize(
    "text",
    [
        "class Net(torch.nn.Module): ...",
        "def compute_features(rows): ...",
        "def rolling_mean(values): ...",
        "table.with_columns(column.rolling_mean(5))",
    ],
)
def test_planted_network_or_feature_is_found(text: str) -> None:
    assert len(out_of_place([planted(text, "experiments.cmapss.protocol")])) == 1
    assert out_of_place([planted(text, "models.prognosis.network")]) == []


def test_peers_of_a_benchmark_may_call_another_library_and_nothing_more() -> None:
    called = "table.with_columns(column.rolling_mean(5))"
    assert out_of_place([planted(called, PEERS)]) == []
    assert len(out_of_place([planted(called, f"{PEERS}_more")])) == 1
    assert len(out_of_place([planted("def compute_features(rows): ...", PEERS)])) == 1
