"""The part of a program that some of its functions need, as a package of its own.

From the names that are asked for, it follows what each definition mentions, through the
modules of a plugin and of the zoo. What is reached is copied, definition by definition,
and imports become those of one flat package. A definition that needs more than Python
and torch ends it. Knows source text; runs none of it.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from zoo.sharing.eject.source_index import (
    Import,
    Module,
    defines,
    imports,
    is_module,
    mentioned,
)

__all__ = ["ALLOWED", "Outside", "excerpts"]

ALLOWED = {"torch", *sys.stdlib_module_names}
WIDTH = 88


class Outside(Exception):
    """A definition needs what neither Python nor torch has: who, and what."""

    def __init__(self, module: str, needed: str) -> None:
        super().__init__(f"{module} imports {needed!r}")
        self.module, self.needed = module, needed


def excerpts(
    wanted: Mapping[str, Iterable[str]],
    *,
    own: Mapping[str, str],
    instead: Mapping[str, str],
    there: Mapping[str, str],
    called: Mapping[str, str],
) -> dict[str, str]:
    """Return the text of each file, by its name, that `wanted` needs.

    `wanted` holds names by module. `own` names the packages whose definitions are
    copied, each with the folder for their files, "" for none. `instead` tells what is
    taken in place of what, as "package.module.name". `there` has the files of modules
    that lie in the package already and are imported as they are, `called` those that
    should not be called like their modules. Raises Outside.
    """
    files = {**there, **called}
    work = _Work(own=dict(own), instead=dict(instead), there=set(there), files=files)
    for module, names in wanted.items():
        for name in names:
            work.need(module, name)
    return {work.file(module): text for module, text in work.texts()}


@dataclass
class _Work:
    """What was reached so far."""

    own: dict[str, str]
    instead: dict[str, str]
    there: set[str]
    files: dict[str, str]
    modules: dict[str, Module] = field(default_factory=dict)
    imports: dict[str, set[Import]] = field(default_factory=dict)

    def file(self, module: str) -> str:
        """Return the name that a module's file has in the new package."""
        if module not in self.files:
            short, folder = module.rpartition(".")[2], self.own[_root(module)]
            start = f"{folder}/" if folder else ""
            taken = f"{start}{short}" in self.files.values()
            full = f"{_root(module)}_{short}" if taken else short
            self.files[module] = f"{start}{full}"
        return self.files[module]

    def need(self, module: str, name: str) -> None:
        """Keep what a name of a module stands for, and all that it mentions."""
        if module not in self.modules:
            self.modules[module] = Module(module)
            self.imports[module] = set()
        held = self.modules[module]
        if name in held.imports:
            self._follow(module, held.imports[name], set())
        if name in held.kept or name not in held.defined:
            return
        node = held.defined[name]
        held.kept |= set(defines(node))
        inside = dict(imports(ast.walk(node)))
        for one in inside.values():
            self._inside(module, one)
        for word, attributes in mentioned(node).items():
            if word in held.imports and word not in inside:
                self._follow(module, held.imports[word], attributes)
            else:
                self.need(module, word)

    def _inside(self, module: str, one: Import) -> None:
        """Refuse an import in a function, but of what is there anyway."""
        if _root(one.origin) not in ALLOWED:
            raise Outside(module, one.origin)

    def _follow(self, module: str, one: Import, attributes: set[str]) -> None:
        """Keep what an import brings, and remember the import."""
        one = self._replaced(one)
        if _root(one.origin) in ALLOWED:
            self.imports[module].add(one)
            return
        if _root(one.origin) not in self.own or one.name is None:
            raise Outside(module, one.full)
        try:
            one = self._brought(module, one, attributes)
        except Outside as exc:  # told from where the reader knows it
            if _root(one.origin) == _root(module):
                raise
            raise Outside(module, one.full) from exc
        if one.origin != module:
            self.imports[module].add(one)

    def _brought(self, module: str, one: Import, attributes: set[str]) -> Import:
        """Keep what an import of ours brings; return it as from where it is defined."""
        if is_module(one.full):
            if one.full not in self.there:
                for name in attributes:
                    self._reach(module, one.full, name)
        elif one.origin not in self.there:
            one = self._home(module, one)
            self.need(one.origin, one.name or "")
        return one

    def _reach(self, module: str, other: str, name: str) -> None:
        home = self._home(module, Import(other, name))
        if home.origin != other:  # what it imports itself is not followed any further
            raise Outside(module, f"{other}.{name}")
        self.need(other, name)

    def _replaced(self, one: Import) -> Import:
        if one.full not in self.instead:
            return one
        origin, _, name = self.instead[one.full].rpartition(".")
        return Import(origin, name, one.alias)

    def _home(self, module: str, one: Import) -> Import:
        """Return an import from where the name is defined. Raises Outside."""
        assert one.name is not None, "a name of a module"
        held = Module(one.origin)
        if one.name in held.defined:
            return one
        again = held.imports.get(one.name)
        if again is None or again.name is None:
            raise Outside(module, one.full)
        again = self._replaced(Import(again.origin, again.name, one.alias or one.name))
        return self._home(module, again)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield every module of which something is used, and what its file holds."""
        for name, held in self.modules.items():
            if held.kept or self.imports[name]:
                yield name, self._text(held)

    def _text(self, held: Module) -> str:
        docstring = ast.get_docstring(held.tree, clean=False)
        parts = [f'"""{docstring}"""'] if docstring else []
        parts += list(self._import_lines(held))
        before, text = None, "\n".join(parts) + "\n" if parts else ""
        for node in held.tree.body:
            if not held.kept & set(defines(node)):
                continue
            plain = isinstance(node, ast.Assign | ast.AnnAssign)
            text += "\n" if plain and before is None else ""
            text += "\n\n" if not plain or before is False else ""
            text += "\n".join(held.text_of(node)) + "\n"
            before = plain
        return text.lstrip("\n")

    def _import_lines(self, held: Module) -> Iterator[str]:
        """Yield imports as they are grouped here: Python's, torch's, the package's."""
        found = self.imports[held.name]
        future = [i for i in imports(held.tree.body) if i[1].origin == "__future__"]
        if future:
            yield "\nfrom __future__ import annotations"
        python = {one for one in found if _root(one.origin) != "torch"}
        beside = {one for one in python if _root(one.origin) in self.own}
        for group in (python - beside, found - python, beside):
            lines = list(_grouped(group, self, held.name))
            if lines:
                yield "\n" + "\n".join(lines)


def _grouped(group: set[Import], work: _Work, module: str) -> Iterator[str]:
    """Yield import statements, one for all names of a module."""
    yield from (
        f"import {name}" for name in sorted(i.full for i in group if not i.name)
    )
    by_origin: dict[str, set[str]] = {}
    for one in group:
        if one.name is not None:
            origin, name = _place(one, work, module)
            bound = one.alias or one.name
            told = name if name == bound else f"{name} as {bound}"
            by_origin.setdefault(origin, set()).add(told)
    for origin, names in sorted(by_origin.items()):
        line = f"from {origin} import {', '.join(sorted(names))}"
        if len(line) > WIDTH:
            listed = "".join(f"    {name},\n" for name in sorted(names))
            line = f"from {origin} import (\n{listed})"
        yield line


def _place(one: Import, work: _Work, module: str) -> tuple[str, str]:
    """Return where a name is imported from, and what it is called there."""
    assert one.name is not None, "whole modules come from Python and torch"
    if _root(one.origin) not in work.own:
        return one.origin, one.name
    inner = is_module(one.full)
    file = work.file(one.full if inner else one.origin)
    folder = work.own[_root(module)]
    near = not folder or file.startswith(f"{folder}/")
    place = ("." if near else "..") + file.removeprefix(f"{folder}/").replace("/", ".")
    if not inner:
        return place, one.name
    name = place.rpartition(".")[2]
    origin = place.removesuffix(name)
    return origin.rstrip(".") or origin, name


def _root(module: str) -> str:
    return module.partition(".")[0]
