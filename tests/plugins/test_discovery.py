"""Discovery: every plugin is asked, and a broken one hurts nobody else."""

import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, PathDistribution
from pathlib import Path

import pytest

import zoo
from zoo.artifacts import cache, weight_store
from zoo.errors import ModelNotFound
from zoo.plugins import discovery
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


def test_a_model_of_a_broken_plugin(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where a name is unknown, the plugins that could not be loaded are named.
    """
    found = discover([plug("bad", body="def broken(:"), plug("good", "fine", "other")])
    for module in ("plugins.catalog", "artifacts.resolve", "artifacts.cache"):
        monkeypatch.setattr(f"zoo.{module}.installed", lambda: found)

    assert found.broken() == ("bad",)
    for verb in (zoo.get_spec, zoo.load, lambda name: list(cache.verify([name]))):
        with pytest.raises(ModelNotFound) as caught:
            verb("wanted")
        assert str(caught.value) == (
            "No model named 'wanted'. Run 'zoo list' to see the models you have. "
            "Plugin 'bad' could not be loaded: 'zoo doctor' says why."
        )


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


def test_a_name_that_was_taken_over_is_said_where_it_is_used(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A plugin that sorts first has it: who asks for the name is told of both.
    """
    known = discover([plug("b", "same", "other"), plug("a", "same")])
    monkeypatch.setattr("zoo.plugins.catalog.installed", lambda: known)

    with pytest.warns(UserWarning, match="already provided") as caught:
        zoo.get_spec("same")

    assert [str(one.message) for one in caught] == [
        "Plugin 'b': model 'same' is already provided by plugin 'a'. Rename one of the "
        "two, or uninstall one of the plugins."
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zoo.get_spec("other")


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

    assert "registers no models, datasets, namespaces or commands" in str(
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


RAISES = {
    "sys.exit()": ("import sys; sys.exit('bye')", "SystemExit: bye ("),
    "an interruption of its own": ("raise KeyboardInterrupt", "KeyboardInterrupt ("),
    "a group": (
        "raise BaseExceptionGroup('two', [SystemExit()])",
        "BaseExceptionGroup: two (1 sub-exception) (",
    ),
    "an error without a text": (
        "class E(Exception):\n    def __str__(self):\n        return 1 / 0\nraise E",
        "E: its text raises ZeroDivisionError (",
    ),
}


@pytest.mark.parametrize("kind", RAISES)
def test_a_plugin_may_raise_anything(plug: Plug, kind: str) -> None:
    """
    No exception of a plugin ends the command, and each is named.
    """
    body, problem = RAISES[kind]

    found = discover([plug("bad", body=body), plug("good", "fine")])

    assert set(found.models) == {"fine"}
    assert f"Plugin 'bad': {problem}" in str(found.failures[0])


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C means what it does at a terminal; a job in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_the_users_own_interruption_ends_the_search(plug: Plug) -> None:
    """
    Ctrl-C while a plugin is imported is no failure of the plugin.
    """
    body = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)"

    with pytest.raises(KeyboardInterrupt):
        discover([plug("slow", body=body)])


def test_an_entry_point_with_extras_and_spaces(plug: Plug) -> None:
    """
    The package is that of the module, whatever stands behind it.
    """
    plain = plug("a", "one")
    entry = EntryPoint("a", f"{plain.value} [fast, big]", "zoo")

    found = discover([entry])

    assert found.providers["one"].package == plain.value


def test_a_plugin_in_a_namespace_package(
    plug: Plug, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Its package is its own folder, where its card and weights are: not the namespace,
    which other distributions share.
    """
    name = f"space_{tmp_path.name}"
    for place, module in (("one", "other"), ("two", "zoo_net")):
        folder = tmp_path / place / name / module
        folder.mkdir(parents=True)
        text = BODY.replace("{models!r}", repr([module])).replace(
            "nowhere:nothing", f"{name}.{module}.model:build"
        )
        (folder / "__init__.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path / place)
    text = (tmp_path / "two" / name / "zoo_net" / "__init__.py").read_text()
    (tmp_path / "two" / name / "zoo_net" / "__init__.py").write_text(
        text.replace("['zoo_net']", "['net']")
    )

    found = discover([EntryPoint("net", f"{name}.zoo_net", "zoo")])

    assert found.providers["net"].package == f"{name}.zoo_net"
    assert found.models["net"].package == f"{name}.zoo_net"
    folder = weight_store.package_folder(found.models["net"].package)
    assert folder == tmp_path / "two" / name / "zoo_net"


@pytest.mark.parametrize("metadata", [None, "", "Metadata-Version: 2.1\n"])
def test_a_distribution_with_damaged_metadata(
    plug: Plug, tmp_path: Path, metadata: str | None
) -> None:
    """
    Its models are found, under the name of the entry point.
    """
    home = tmp_path / "dist" / "zoo_a-1.dist-info"
    home.mkdir(parents=True)
    plain = plug("a", "one")
    (home / "entry_points.txt").write_text(f"[zoo]\na = {plain.value}\n")
    if metadata is not None:
        (home / "METADATA").write_text(metadata)
    (entry,) = PathDistribution(home).entry_points

    found = discover([entry])

    assert set(found.models) == {"one"}
    assert found.providers["one"].distribution == "a"
    assert found.providers["one"].version == "unknown"


def test_what_pip_left_of_another_version_is_no_plugin(
    plug: Plug, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    pip renames what it can't remove: the plugin is there once.
    """
    plain = plug("a", "one")
    for name in ("zoo_a-2.dist-info", "~oo_a-1.dist-info"):
        home = tmp_path / "dist" / name
        home.mkdir(parents=True)
        (home / "METADATA").write_text("Name: zoo-a\nVersion: 2\n")
        (home / "entry_points.txt").write_text(f"[zoo]\na = {plain.value}\n")
    homes = sorted((tmp_path / "dist").iterdir())
    entries = [e for home in homes for e in PathDistribution(home).entry_points]
    assert len(entries) == 2
    monkeypatch.setattr(discovery, "entry_points", lambda group: entries)

    found = discover()

    assert not found.failures
    assert found.providers["one"].version == "2"


COMMAND = """
from zoo import Command, hookimpl
import click

@click.command("count")
def count():
    "Count."
    click.echo("three")

@hookimpl
def zoo_commands():
    return [Command(name=NAME, summary="Count.", run=RUN)]
"""


def test_a_plugin_may_bring_a_command_alone(plug: Plug) -> None:
    """
    A plugin without models is none to complain of where it has commands.
    """
    body = f"NAME, RUN = 'count', 'zoo_mine:count'\n{COMMAND}"
    found = discover([plug("counting", body=body)])

    assert not found.failures
    assert found.commands["count"][0].summary == "Count."
    assert found.commands["count"][1].name == "counting"
