"""The files that something is made of, with imports as those of one package."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from zoo.sharing.eject.sources import Outside, Sources

MAIN = '''
"""What it does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from ours import helping
from ours.helping import (
    double as twice,
    triple,
)
from zoo.recipes import Run, predict_batches

if TYPE_CHECKING:
    from elsewhere import Thing


def train(run: Run) -> None:
    from sklearn.svm import SVC

    helping.one(math.pi, twice, triple, predict_batches, torch, SVC)
'''
REWRITTEN = '''
"""What it does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from . import helping
from .helping import double as twice, triple
from .runtime.rows import predict_batches
from .runtime.run import Run

if TYPE_CHECKING:
    from elsewhere import Thing


def train(run: Run) -> None:
    from sklearn.svm import SVC

    helping.one(math.pi, twice, triple, predict_batches, torch, SVC)
'''
TEXTS = {
    "__init__": "",
    "main": MAIN,
    "helping": "import numpy\n\nfrom ours.inner.base import START\n",
    "drawing": "class Drawing:\n    size = 1\n\n    def sample(self):\n        pass\n",
    "inner/__init__": "",
    "inner/base": "START = 1\n",
    "whole": "import zoo\n",
    "reporting": "def report():\n    from zoo.evaluation import plots\n",
    "metadata": "from ours import SPECS\n",
}


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sources]:
    """
    The sources of a plugin `ours`, of which nothing was reached yet.
    """
    for name, text in TEXTS.items():
        file = tmp_path / "ours" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip("\n"), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Sources({"ours"})
    for name in [name for name in sys.modules if name.partition(".")[0] == "ours"]:
        del sys.modules[name]


def test_imports_become_those_of_one_package(ours: Sources) -> None:
    """
    All else stays as it is, and a name of a facade is imported from where it is
    defined.
    """
    ours.add("ours.main")

    files = dict(ours.files())
    assert files["main.py"] == REWRITTEN.lstrip("\n")
    assert files["helping.py"] == "import numpy\n\nfrom .base import START\n"
    assert files["base.py"] == TEXTS["inner/base"]


def test_what_is_imported_comes_along(ours: Sources) -> None:
    """
    Modules of the plugin and of the runtime, in its folder; other libraries are named,
    but for those that only type checkers read.
    """
    ours.add("ours.main")

    files = dict(ours.files())
    assert set(files) == {
        *("main.py", "helping.py", "base.py"),
        *("runtime/__init__.py", "runtime/rows.py", "runtime/run.py"),
    }
    assert "from . import DataError" in files["runtime/rows.py"]
    assert "from .rows import" in files["runtime/run.py"]
    assert ours.libraries == {"numpy", "sklearn", "torch"}


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("ours.whole", "ours.whole imports 'zoo'"),
        ("ours.reporting", "ours.reporting imports 'plots' from 'zoo.evaluation'"),
        ("ours.metadata", "ours.metadata imports 'SPECS' from 'ours'"),
    ],
)
def test_what_cannot_come_along(module: str, message: str, ours: Sources) -> None:
    """
    The rest of the zoo, also where a function imports it, and a plugin's metadata.
    """
    with pytest.raises(Outside) as told:
        ours.add(module)

    assert str(told.value) == message


def test_names_that_a_module_has(ours: Sources) -> None:
    """
    What it defines and what it imports.
    """
    assert {"train", "twice", "Run", "math"} <= ours.names("ours.main")


def test_methods_that_the_classes_of_a_module_have(ours: Sources) -> None:
    """
    Without their attributes, and without the functions beside them.
    """
    assert ours.methods("ours.drawing") == {"sample"}
    assert ours.methods("ours.main") == set()
