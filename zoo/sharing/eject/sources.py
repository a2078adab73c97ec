"""Collect the source files of a model or a recipe, and rewrite their imports.

A file is copied unchanged, except for its imports: those of the plugin's own modules
and of `zoo.runtime` become relative. Does not know torch.
"""

import ast
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

__all__ = ["Outside", "Sources"]

CORE, RUNTIME = "zoo", "zoo.runtime"


class Outside(Exception):
    """A module imports something that an ejected package can't contain."""

    def __init__(self, module: str, imported: str) -> None:
        super().__init__(f"{module} imports {imported}")


class Place(NamedTuple):
    """Where a name is defined: a module, and the name there; or the module itself."""

    module: str
    name: str | None
    alias: str


@dataclass
class Sources:
    """The source files of a package, and the libraries that they import.

    `plugins` are the packages whose modules are copied.
    """

    plugins: Collection[str]
    modules: dict[str, str] = field(default_factory=dict)  # and their text
    libraries: set[str] = field(default_factory=set)

    def add(self, module: str) -> None:
        """Add a module and all that it imports, but for libraries. Raises Outside."""
        if module in self.modules:
            return
        text = _path(module).read_text(encoding="utf-8")
        self.modules[module] = text
        for node in _imports(ast.parse(text)):
            for place in self._places(module, node):
                self.add(place.module)

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each file in the new package, and its text."""
        for module, text in self.modules.items():
            yield f"{_file(module).replace('.', '/')}.py", self._rewritten(module, text)

    def names(self, module: str) -> set[str]:
        """Return the names that a module defines or imports."""
        names: set[str] = set()
        for node in ast.parse(_path(module).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names |= {alias.asname or alias.name for alias in node.names}
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
        return names

    def methods(self, module: str) -> set[str]:
        """Return the names of the methods that the classes of a module define."""
        tree = ast.parse(_path(module).read_text(encoding="utf-8"))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        inside = [node for definition in classes for node in definition.body]
        return {node.name for node in inside if isinstance(node, ast.FunctionDef)}

    def attributes(self, module: str) -> set[str]:
        """Return the names of attributes that a module uses, such as methods."""
        tree = ast.parse(_path(module).read_text(encoding="utf-8"))
        return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}

    def _places(self, module: str, node: ast.stmt) -> list[Place]:
        """Return the copied modules and names of an import. Raises Outside."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._library(module, alias.name)
            return []
        assert isinstance(node, ast.ImportFrom), "there are no other imports"
        origin = node.module or ""
        if _root(origin) not in {CORE, *self.plugins}:
            self._library(module, origin)
            return []
        places = []
        for alias in node.names:
            place = _place(origin, alias.name, alias.asname or alias.name)
            if not self._copied(place.module):
                raise Outside(module, f"{alias.name!r} from {origin!r}")
            places.append(place)
        return places

    def _copied(self, module: str) -> bool:
        own = _root(module) in self.plugins and "." in module
        return own or f"{module}.".startswith(f"{RUNTIME}.")

    def _library(self, module: str, name: str) -> None:
        root = _root(name)
        if root in {CORE, *self.plugins}:
            raise Outside(module, repr(name))
        if root not in sys.stdlib_module_names:
            self.libraries.add(root)

    def _rewritten(self, module: str, text: str) -> str:
        """Return a text with relative imports of the copied modules."""
        lines = text.splitlines(keepends=True)
        for node in sorted(_imports(ast.parse(text)), key=lambda node: -node.lineno):
            places = self._places(module, node)
            if places:
                indent = " " * node.col_offset
                new = [f"{indent}{line}\n" for line in _statements(module, places)]
                lines[node.lineno - 1 : node.end_lineno] = new
        return "".join(lines)


def _statements(module: str, places: list[Place]) -> Iterator[str]:
    """Yield an import statement for each file that names are imported from."""
    by_origin: dict[str, list[str]] = {}
    for place in places:
        file, inside = _file(place.module), _file(module).startswith("runtime.")
        origin = f".{file}" if not inside else f".{file.removeprefix('runtime.')}"
        name = place.name
        if file == "runtime.__init__":
            origin = "." if inside else ".runtime"
        elif name is None:
            head, _, name = origin.rpartition(".")
            origin = head or "."
        clause = name or ""
        clause += f" as {place.alias}" if place.alias != clause else ""
        by_origin.setdefault(origin, []).append(clause)
    for origin, names in sorted(by_origin.items()):
        yield f"from {origin} import {', '.join(names)}"


def _place(origin: str, name: str, alias: str) -> Place:
    """Return where a name of a module is defined, through re-exports."""
    if _path(f"{origin}.{name}").is_file():
        return Place(f"{origin}.{name}", None, alias)
    for node in ast.parse(_path(origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and _root(origin) == CORE:
            for imported in node.names:
                if name == (imported.asname or imported.name):
                    return _place(node.module or "", imported.name, alias)
    return Place(origin, name, alias)


def _imports(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield all imports except those for type checkers."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        waiting += ast.iter_child_nodes(node)


def _file(module: str) -> str:
    """Return the name that a module has in the new package."""
    if module == RUNTIME:
        return "runtime.__init__"
    if module.startswith(f"{RUNTIME}."):
        return module.removeprefix(f"{CORE}.")
    return module.rpartition(".")[2]


def _path(module: str) -> Path:
    """Return the file of a module, without importing its package."""
    root, *inner = module.split(".")
    spec = find_spec(root)
    assert spec is not None, "a package that is imported somewhere"
    assert spec.origin is not None, "a package of Python source"
    place = Path(spec.origin).parent.joinpath(*inner)
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _root(module: str) -> str:
    return module.partition(".")[0]
