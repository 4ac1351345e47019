"""Every package's errors stand in one file, drawn as a tree in its docstring, and share one root."""

import ast
import builtins
from collections.abc import Iterable

from tests.architecture.source_tree import Source, code, planted


def undrawn_errors(sources: Iterable[Source]) -> list[str]:
    return [
        f"{source.path}: {node.name}"
        for source in sources
        if source.module.endswith(".errors")
        for node in source.tree.body
        if isinstance(node, ast.ClassDef) and node.name not in (ast.get_docstring(source.tree) or "")
    ]


def rootless_errors(sources: Iterable[Source]) -> list[str]:
    """Errors with built-in bases alone; the root may, and so may a private signal that never leaves its module."""
    return [
        f"{source.path}: {node.name}"
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and node.name != "ServiceError"
        and _only_built_in(node)
    ]


def _only_built_in(node: ast.ClassDef) -> bool:
    found = [getattr(builtins, base.id, None) if isinstance(base, ast.Name) else None for base in node.bases]
    return bool(found) and all(isinstance(each, type) and issubclass(each, BaseException) for each in found)


def test_every_error_is_drawn_in_its_tree() -> None:
    assert undrawn_errors(code()) == []


def test_every_error_has_our_root() -> None:
    assert rootless_errors(code()) == []


def test_planted_errors_are_found() -> None:
    source = planted('"""The tree."""\nclass Lost(ValueError): ...\n', "models.errors")
    assert undrawn_errors([source]) == ["models/errors.py: Lost"]
    assert rootless_errors([source]) == ["models/errors.py: Lost"]
