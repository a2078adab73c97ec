"""The text of a module: what it defines, what it imports, what it mentions.

Knows source text, and imports packages only, to find modules; does not know torch.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

__all__ = [
    "Import",
    "Module",
    "defines",
    "imported",
    "imports",
    "is_module",
    "mentioned",
    "path_of",
]


@dataclass(frozen=True)
class Import:
    """A name that a module has from elsewhere: a module, or something in one."""

    origin: str
    name: str | None = None  # None: the module itself
    alias: str | None = None

    @property
    def full(self) -> str:
        return f"{self.origin}.{self.name}" if self.name else self.origin


def imported(path: Path, package: str) -> Iterator[str]:
    """Yield the modules that a file imports, those of its package in full."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == package:
            yield from (f"{package}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def path_of(module: str) -> Path:
    """Return the file of a module of Python source."""
    spec = find_spec(module)
    assert spec is not None, "a module that is imported somewhere"
    assert spec.origin is not None, "a module of Python source"
    return Path(spec.origin)


@dataclass
class Module:
    """A module's text, and where in it each name is defined or imported."""

    name: str
    kept: set[str] = field(default_factory=set)

    @cached_property
    def lines(self) -> list[str]:
        return path_of(self.name).read_text(encoding="utf-8").splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse("\n".join(self.lines))

    @cached_property
    def defined(self) -> dict[str, ast.stmt]:
        found = {}
        for node in self.tree.body:
            for name in defines(node):
                found[name] = node
        return found

    @cached_property
    def imports(self) -> dict[str, Import]:
        return dict(imports(self.tree.body))

    def text_of(self, node: ast.stmt) -> list[str]:
        """Return a statement's lines, with the comment right above it."""
        first = min([node.lineno, *(d.lineno for d in _decorators(node))]) - 1
        while first and self.lines[first - 1].startswith("#"):
            first -= 1
        return self.lines[first : node.end_lineno]


def defines(node: ast.stmt) -> tuple[str, ...]:
    """Return the names that a statement of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return (node.name,)
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    inner = (part for target in targets for part in ast.walk(target))
    return tuple(part.id for part in inner if isinstance(part, ast.Name))


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return (
        node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    )


def imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, Import]]:
    """Yield the name that each import binds, and what it stands for."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                origin = alias.name if alias.asname else bound
                yield bound, Import(origin, None, alias.asname)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                bound = alias.asname or alias.name
                yield bound, Import(node.module, alias.name, alias.asname)


def mentioned(node: ast.stmt) -> dict[str, set[str]]:
    """Return the names that a statement mentions, each with the attributes asked."""
    found: dict[str, set[str]] = {}
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.setdefault(part.id, set())
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            found.setdefault(part.value.id, set()).add(part.attr)
    return found


def is_module(full: str) -> bool:
    """Return whether a dotted name is a module, and not something in one."""
    above = find_spec(full.rpartition(".")[0])
    package = above is not None and above.submodule_search_locations is not None
    return package and find_spec(full) is not None
