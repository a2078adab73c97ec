"""A zoo of PyTorch models, each one a plugin: `zoo.load(name)` gives a trained one.

Importing this package imports next to nothing; a name is looked up when it is used.
The public names, and the module of each, stand in `__init__.pyi` beside this file,
which type checkers and editors read as well.
"""

import os
import re
from functools import cache
from importlib import import_module
from typing import Any

IMPORT = r"^from (zoo[\w.]*) import (\w+) as (\w+)$"
ALL = r"^from (zoo[\w.]*) import \*$"  # of light modules


@cache
def _public() -> dict[str, tuple[str, str]]:
    """Return the module and the name there of every public name, in order."""
    path = os.path.join(os.path.dirname(__file__), "__init__.pyi")
    with open(path, encoding="utf-8") as file:  # pathlib would take milliseconds
        stub = file.read()
    entries = re.findall(IMPORT, stub, re.MULTILINE)
    names = {public: (home, name) for home, name, public in entries}
    for home in re.findall(ALL, stub, re.MULTILINE):
        names |= {name: (home, name) for name in import_module(home).__all__}
    return names


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return list(_public())
    if name == "__version__":
        return import_module("importlib.metadata").version("zoo-core")
    if name not in _public():
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    home, original = _public()[name]
    found = getattr(import_module(home), original)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return list(_public())
