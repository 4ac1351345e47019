"""The repository's own Python as the architecture tests see it: files, module names, syntax trees, imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("features", "models", "edge_export", "pipelines", "serving", "experiments")


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: its path below the root, its module name and its text."""

    path: str
    module: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, wherever in the file: at the top, inside a function, behind `if TYPE_CHECKING`."""

    module: str
    line: int

    @property
    def package(self) -> str:
        """The top-level name."""
        return self.module.partition(".")[0]


def planted(text: str, module: str = "features.domain.planted") -> Source:
    """Return a source that no file holds, to prove that a check catches what it should."""
    return Source(module.replace(".", "/") + ".py", module, text)


@cache
def code() -> tuple[Source, ...]:
    """Every file of the six packages."""
    return tuple(source for package in PACKAGES for source in _below(package))


@cache
def suite() -> tuple[Source, ...]:
    """Every file of the tests."""
    return tuple(_below("tests"))


def is_in(module: str, owner: str) -> bool:
    """Say whether a module is the owner or lies below it."""
    return module == owner or module.startswith(owner + ".")


def imports(source: Source) -> Iterator[Import]:
    """Yield everything that a file imports, `from a import b` as `a.b`, and modules named to `import_module`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (Import(f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and called_name(node).endswith(("import_module", "__import__")):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield Import(first.value, node.lineno)


def called_name(call: ast.Call) -> str:
    """Return the dotted name of what is called, as far as it is one."""
    return dotted(call.func)


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for a chain of attributes; what is no name becomes an empty part."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _below(folder: str) -> Iterator[Source]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        relative = path.relative_to(ROOT)
        parts = relative.with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield Source(relative.as_posix(), module, path.read_text(encoding="utf-8"))
