"""The part of a program that some functions need, as files of its own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from zoo.sharing.eject.tree_shake import Outside, excerpts

MAIN = '''
"""What it does."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ours import helping
from ours.helping import double as twice
from ours.heavy import picture

# How much is added.
MORE = 2
UNUSED = 3


@dataclass
class Settings:
    seed: int = 0


def train(given: Tensor) -> Tensor:
    """Return it."""
    return twice(given) + MORE + helping.one() + math.pi


def report() -> None:
    picture(UNUSED, nn)
'''
HELPING = '''
"""Helpers."""

from ours.base import START
from elsewhere import known


def one():
    return START


def double(given):
    return 2 * given


def late():
    import numpy

    return numpy


def asks():
    return known()
'''
BASE = "START = 1\n"
HEAVY = "import PIL\n\n\ndef picture(one, other):\n    return PIL\n"
ELSEWHERE = "from ours.base import START as begin\n\n\ndef known():\n    return begin\n"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """
    A package `ours` with some modules, and a module `elsewhere`.
    """
    folder = tmp_path / "ours"
    folder.mkdir()
    texts = {"main": MAIN, "helping": HELPING, "base": BASE, "heavy": HEAVY}
    for name, text in {"__init__": "", **texts}.items():
        (folder / f"{name}.py").write_text(text.lstrip("\n"), encoding="utf-8")
    (tmp_path / "elsewhere.py").write_text(ELSEWHERE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "ours"]:
        del sys.modules[name]


def cut(
    *names: str, module: str = "ours.main", **how: dict[str, str]
) -> dict[str, str]:
    """Return the files for some names of a module."""
    chosen = {"own": {"ours": "", "elsewhere": "far"}, "there": {}, "called": {}}
    return excerpts({module: names}, **{"instead": {}, **chosen, **how})


def test_what_is_not_mentioned_stays_behind(program: Path) -> None:
    """
    A definition comes with its comment and with what it mentions, modules with their
    docstrings, imports in the order of Python, torch and the package.
    """
    files = cut("train", "Settings")

    assert sorted(files) == ["base", "helping", "main"]
    assert files["main"] == (
        '"""What it does."""\n\n'
        "import math\n"
        "from dataclasses import dataclass\n\n"
        "from torch import Tensor\n\n"
        "from . import helping\n"
        "from .helping import double as twice\n\n"
        "# How much is added.\n"
        "MORE = 2\n\n\n"
        "@dataclass\n"
        "class Settings:\n"
        "    seed: int = 0\n\n\n"
        "def train(given: Tensor) -> Tensor:\n"
        '    """Return it."""\n'
        "    return twice(given) + MORE + helping.one() + math.pi\n"
    )
    assert "late" not in files["helping"]
    assert files["base"] == "START = 1\n"


def test_a_file_that_is_there_is_imported_and_not_written(program: Path) -> None:
    """
    Under the name that it has there.
    """
    files = cut("train", there={"ours.helping": "helpers"})

    assert sorted(files) == ["main"]
    assert "from . import helpers as helping\n" in files["main"]
    assert "from .helpers import double as twice\n" in files["main"]


def test_folders_are_imported_from_where_they_lie(program: Path) -> None:
    """
    From the outside by their name, from a folder back to the top by two dots.
    """
    files = cut("asks", module="ours.helping")

    assert sorted(files) == ["base", "far/elsewhere", "helping"]
    assert "from .far.elsewhere import known\n" in files["helping"]
    assert "from ..base import START as begin\n" in files["far/elsewhere"]


def test_another_thing_stands_for_what_is_replaced(program: Path) -> None:
    """
    It keeps the name that the module knows it by.
    """
    files = cut("train", instead={"ours.helping.double": "ours.helping.one"})

    assert "from .helping import one as twice\n" in files["main"]


def test_two_modules_of_one_name_get_two_files(program: Path) -> None:
    """
    The second is called after its package as well.
    """
    files = cut("train", there={"ours.other": "helping"})

    assert sorted(files) == ["base", "main", "ours_helping"]


@pytest.mark.parametrize(
    ("module", "name", "message"),
    [
        ("ours.main", "report", "ours.heavy imports 'PIL'"),
        ("ours.helping", "late", "ours.helping imports 'numpy'"),
    ],
)
def test_what_needs_more_than_torch_ends_it(
    module: str, name: str, message: str, program: Path
) -> None:
    """
    Also where it is imported in a function.
    """
    with pytest.raises(Outside) as told:
        cut(name, module=module)

    assert str(told.value) == message
