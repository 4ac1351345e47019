"""Files and functions stay readable. The exemption list is empty and stays so."""

import ast
from collections.abc import Iterable

from tests.architecture.source_tree import Source, code, planted, suite

FILE_CEILING = 400
FUNCTION_CEILING = 60
EXEMPT: frozenset[str] = frozenset()
"""Paths, or path::function, that may be longer. It only shrinks."""


def too_long(sources: Iterable[Source]) -> list[str]:
    return [
        f"{name}: {lines} lines"
        for source in sources
        for name, lines, ceiling in _lengths(source)
        if lines > ceiling and name not in EXEMPT
    ]


def _lengths(source: Source) -> Iterable[tuple[str, int, int]]:
    yield source.path, len(source.text.splitlines()), FILE_CEILING
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{source.path}::{node.name}", (node.end_lineno or 0) - node.lineno + 1, FUNCTION_CEILING


def test_files_and_functions_stay_below_their_ceilings() -> None:
    assert too_long([*code(), *suite()]) == []


def test_planted_long_file_and_function_are_found() -> None:
    body = "    pass\n" * FUNCTION_CEILING
    assert len(too_long([planted(f"async def long():\n{body}")])) == 1
    assert len(too_long([planted("x = 1\n" * (FILE_CEILING + 1))])) == 1


def test_exemptions_only_shrink() -> None:
    assert len(EXEMPT) == 0
