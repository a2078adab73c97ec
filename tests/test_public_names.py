"""A model name, once given, means the same model for ever."""

from importlib.metadata import entry_points, version
from pathlib import Path

import zoo
from zoo.plugins import hookspecs
from zoo.plugins.discovery import HOOKS, installed

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "plugins" / "writing.md").read_text(encoding="utf-8")
FROZEN = (ROOT / "tests" / "model_names.txt").read_text().split("\n")[:-1]


def test_the_names_of_our_models_are_frozen() -> None:
    """
    A new model adds its line to model_names.txt; a line that is gone breaks users.
    """
    ours = {folder.name for folder in (ROOT / "plugins").iterdir()}
    known = installed()
    names = [
        f"{name} {spec.task}"
        for name, spec in sorted(known.models.items())
        if known.providers[name].name in ours
    ]

    assert names == FROZEN


def test_every_plugin_here_is_installed() -> None:
    """
    Tests that run over installed models would pass without it.
    """
    here = {folder.name for folder in (ROOT / "plugins").glob("[!.]*/")}

    assert here <= {entry.name for entry in entry_points(group="zoo")}


def test_every_hook_is_documented() -> None:
    """
    A hook has a docstring, says when it is called, and a plugin may implement it.
    """
    specs = {name for name in vars(hookspecs) if name.startswith("zoo_")}

    assert specs == set(HOOKS)
    for name in specs:
        assert "Called once" in getattr(hookspecs, name).__doc__
    assert "zoo_models" in GUIDE


def test_the_version_is_that_of_the_distribution() -> None:
    """
    As pip knows it.
    """
    assert zoo.__version__ == version("zoo-core")
