"""Discovery: every plugin is asked, and a broken one hurts nobody else."""

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from zoo.plugins.discovery import discover

Plug = Callable[..., EntryPoint]

BODY = """
from zoo import ClassOutput, Column, DatasetSpec, License, ModelSpec, TabularInput
from zoo import hookimpl

def spec(name):
    return ModelSpec(
        name=name,
        summary="For a test.",
        task="tabular-classification",
        build="nowhere:nothing",
        recipe="nowhere",
        card="card.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=0,
        input=TabularInput(columns=(Column(name="a", low=0, high=1),)),
        output=ClassOutput(labels=("no", "yes")),
        trained_on=(),
    )

@hookimpl
def zoo_models():
    return [spec(name) for name in {models!r}]
"""


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plug:
    """Write a plugin's module and return its entry point."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, *models: str, more: str = "", body: str = BODY) -> EntryPoint:
        module = f"plug_{name.replace('-', '_')}_{tmp_path.name}"
        text = body.replace("{models!r}", repr(models)) + more
        (tmp_path / f"{module}.py").write_text(text)
        monkeypatch.delitem(sys.modules, module, raising=False)
        return EntryPoint(name, module, "zoo")

    return write


def test_models_are_found(plug: Plug) -> None:
    """
    Every model of every plugin is there, with who provides it.
    """
    found = discover([plug("a", "one", "two"), plug("b", "three")])

    assert set(found.models) == {"one", "two", "three"}
    assert found.providers["three"].name == "b"
    assert not found.failures


def test_a_plugin_that_raises_at_import_does_not_hide_the_others(plug: Plug) -> None:
    """
    Working plugins are found; the failure names the broken one and the line.
    """
    bad = plug("bad", body="raise RuntimeError('out of order')")
    found = discover([bad, plug("good", "fine")])

    assert set(found.models) == {"fine"}
    assert "Plugin 'bad': RuntimeError: out of order (" in str(found.failures[0])
    assert str(found.failures[0]).endswith(".py:1)")


def test_a_plugin_that_is_not_there(plug: Plug) -> None:
    """
    An entry point left behind by an uninstalled package is reported as such.
    """
    found = discover(
        [EntryPoint("gone", "no_such_module", "zoo"), plug("good", "fine")]
    )

    assert set(found.models) == {"fine"}
    assert "Plugin 'gone': ModuleNotFoundError" in str(found.failures[0])


def test_two_plugins_with_one_model_name(plug: Plug) -> None:
    """
    The first in alphabetical order keeps the name; the clash is reported, not hidden.
    """
    found = discover([plug("b", "same", "other"), plug("a", "same")])

    assert found.providers["same"].name == "a"
    assert found.providers["other"].name == "b"
    assert str(found.failures[0]) == (
        "Plugin 'b': model 'same' is already provided by plugin 'a'. "
        "Rename one of the two, or uninstall one of the plugins."
    )


def test_a_misspelt_hook(plug: Plug) -> None:
    """
    pluggy would pass over it in silence; the plugin is reported, with the right name.
    """
    more = "\n@hookimpl\ndef zoo_model():\n    return []\n"
    found = discover([plug("typo", "lost", more=more), plug("good", "fine")])

    assert set(found.models) == {"fine"}
    assert (
        "Plugin 'typo': LookupError: unknown hook 'zoo_model'. "
        "Did you mean 'zoo_models'?" in str(found.failures[0])
    )


def test_a_plugin_without_anything(plug: Plug) -> None:
    """
    A plugin that registers nothing is a mistake somebody wants to hear of.
    """
    found = discover([plug("empty")])

    assert "registers no models, no datasets and no namespaces" in str(
        found.failures[0]
    )


def test_a_plugin_that_returns_something_else(plug: Plug) -> None:
    """
    What is not a spec is refused before anybody reads a field of it.
    """
    body = "from zoo import hookimpl\n@hookimpl\ndef zoo_models():\n    return ['a']\n"
    found = discover([plug("odd", body=body), plug("good", "fine")])

    assert set(found.models) == {"fine"}
    assert "Plugin 'odd': TypeError: 'a' is not a ModelSpec" in str(found.failures[0])


def test_a_bad_name_is_blamed_on_its_plugin(plug: Plug) -> None:
    """
    A spec that can't be meant breaks its own plugin, with the field named.
    """
    found = discover([plug("loud", "LeNet")])

    assert "Plugin 'loud': SpecError: Model 'LeNet': name='LeNet'" in str(
        found.failures[0]
    )


def test_a_plugin_that_imports_torch_is_told(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Its models are usable, and its author hears why every command is slow.
    """
    monkeypatch.delitem(sys.modules, "torch")
    more = "\nimport sys\nsys.modules['torch'] = sys\n"
    found = discover([plug("heavy", "big", more=more)])

    assert set(found.models) == {"big"}
    assert "Plugin 'heavy': imports torch" in str(found.failures[0])


def test_a_thousand_plugins(plug: Plug) -> None:
    """
    Discovery does not mind how many there are: each is asked once.
    """
    found = discover([plug(f"p{n}", f"model-{n}") for n in range(1000)])

    assert len(found.models) == 1000
    assert not found.failures
