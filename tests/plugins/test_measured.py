"""measured.json completes the specs of its plugin; a wrong one hurts no other."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from zoo.artifacts import checkpoint_folder, claims
from zoo.errors import PluginError
from zoo.plugins import measured
from zoo.plugins.discovery import Installed, discover
from zoo.plugins.measured import Facts
from zoo.specs import Cost, Metric, Weights

PLUGINS = Path(__file__).parents[2] / "plugins"
PACKAGES = sorted(path.parent for path in PLUGINS.glob("*/zoo_*/checkpoints"))
COST = Cost(
    load_ms=None,
    pass_ms=0.5,
    batch_ms=1.0,
    memory_mib=11.0,
    multiply_adds=416_520,
    hardware="A processor",
    torch="2.15.0",
)
RIGHT = Metric(
    name="accuracy", value=0.9, dataset="d", baseline=0.8, baseline_name="the mean"
)
ALONE = Metric(name="f1", value=1.0, dataset="d")
PIN = Weights(size=12, sha256="0123456789abcdef" * 4)
ALL = Facts(weights=PIN, metrics=(RIGHT, ALONE), costs=COST)
ADVICE = (
    " It is generated: bring back its last good version, or remove it, then ship the "
    "plugin's runs and record its costs anew."
)
BODY = """
from zoo import ClassOutput, Column, License, Metric, ModelSpec, TabularInput, Weights
from zoo import hookimpl

def spec(name, **more):
    values = dict(
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
    return ModelSpec(**values | more)

@hookimpl
def zoo_models():
    return [spec("one", {more}), spec("two")]
"""

Packed = Callable[..., tuple[EntryPoint, Path]]


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packed:
    """Write a plugin that is a package; return its entry point and its file."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(more: str = "") -> tuple[EntryPoint, Path]:
        name = f"packed_{tmp_path.name}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(BODY.replace("{more}", more))
        monkeypatch.delitem(sys.modules, name, raising=False)
        return EntryPoint("mine", name, "zoo"), tmp_path / name / measured.FILE

    return write


def told(seen: Installed) -> str:
    """Return the only failure; nothing of its plugin is there."""
    (failure,) = seen.failures
    assert not seen.models
    return str(failure)


def test_specs_are_completed(packed: Packed) -> None:
    """
    Pin, metrics and costs come from the file; a model that it does not name has none.
    """
    entry, path = packed()
    measured.write(path, {"one": ALL})

    seen = discover([entry])

    assert not seen.failures
    one, two = seen.models["one"], seen.models["two"]
    assert (one.weights, one.metrics, one.costs) == (PIN, (RIGHT, ALONE), COST)
    assert (two.weights, two.metrics, two.costs) == (None, (), None)


def test_a_plugin_without_the_file(packed: Packed) -> None:
    """
    A new plugin has none, and what its specs say themselves is kept.
    """
    entry, _ = packed('metrics=(Metric(name="f1", value=1.0, dataset="d"),)')

    assert discover([entry]).models["one"].metrics == (ALONE,)


def test_what_lies_beside_a_single_module_is_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A plugin of one module shares its folder with all that is installed there.
    """
    monkeypatch.syspath_prepend(tmp_path)
    name = f"alone_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(BODY.replace("{more}", ""))
    (tmp_path / measured.FILE).write_text("{")

    seen = discover([EntryPoint("alone", name, "zoo")])

    assert not seen.failures
    assert set(seen.models) == {"one", "two"}


def test_a_hub_pin_in_python_and_costs_in_the_file(packed: Packed) -> None:
    """
    A person pins weights on the Hub; what they cost is measured all the same.
    """
    commit = "0123456789" * 4
    entry, path = packed(
        f'weights=Weights(size=1, sha256=None, repo="a/b", revision="{commit}")'
    )
    measured.write(path, {"one": Facts(costs=COST)})

    one = discover([entry]).models["one"]

    assert one.weights is not None
    assert (one.weights.repo, one.costs) == ("a/b", COST)


@pytest.mark.parametrize(
    ("part", "more"),
    [
        ("weights", f'weights=Weights(size=12, sha256="{PIN.sha256}")'),
        ("metrics", 'metrics=(Metric(name="f1", value=1.0, dataset="d"),)'),
    ],
)
def test_two_sources_are_refused(packed: Packed, part: str, more: str) -> None:
    """
    What the file holds can't be said in Python as well, be it the same.
    """
    entry, path = packed(more)
    measured.write(path, {"one": ALL})

    assert told(discover([entry])) == (
        f"Plugin 'mine': {path} holds {part} of 'one', and its ModelSpec has {part}= "
        "as well. Remove one of the two: in Python stand only weights on the Hub "
        "(repo=), in the file what was measured."
    )


def test_a_model_that_is_not_registered(packed: Packed) -> None:
    """
    What is left of a model that was renamed is reported, with what comes near.
    """
    entry, path = packed()
    measured.write(path, {"one": ALL, "tow": ALL})

    assert told(discover([entry])) == (
        f"Plugin 'mine': {path} holds figures of 'tow', a model that the plugin does "
        "not register. Did you mean 'two'? Rename the entry, or remove it."
    )


def test_figures_that_the_spec_can_not_have(packed: Packed) -> None:
    """
    A model without a recipe has nothing that measures its metrics again.
    """
    entry, path = packed("recipe=None")
    measured.write(path, {"one": Facts(metrics=(ALONE,))})

    assert told(discover([entry])) == (
        f"Plugin 'mine': {path} does not fit the ModelSpec. Model 'one': recipe=None "
        "should be the module that measures the metrics again."
    )


def given(**parts: Any) -> str:
    return json.dumps({"format": 1, "models": {"one": parts}})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "it is no JSON (it ends too early)"),
        (
            '{"format": 1,\n<<<<<<< ours\n',
            "it is no JSON (object keys must be strings, line 2, column 1)",
        ),
        ("[]", "expected object, got array"),
        ("{}", "no 'format'"),
        ('{"format": 1}', "no 'models'"),
        ('{"format": 2}', "format 2 is not 1; update zoo-core"),
        ('{"format": 1, "models": []}', "models: expected object, got array"),
        (given(sha256="0"), "unknown entry 'sha256' in models[...]"),
        (given(weights={"size": 1}), "no 'sha256' in models[...].weights"),
        (
            given(weights={"size": 0, "sha256": PIN.sha256}),
            "Weights: size=0 should be the file's size in bytes",
        ),
        (
            given(metrics=[{"name": "f1", "value": "1.0", "dataset": "d"}]),
            "models[...].metrics[0].value: expected int | float, got str",
        ),
        (
            given(metrics=[{"name": "f1", "value": 1.0}]),
            "no 'dataset' in models[...].metrics[0]",
        ),
        (
            given(costs={"seconds": 1}),
            "unknown entry 'seconds' in models[...].costs",
        ),
    ],
)
def test_a_malformed_file_is_its_plugins_fault(
    packed: Packed, text: str, problem: str
) -> None:
    """
    The plugin is set aside; the error names the file, what is wrong, and the way out.
    """
    entry, path = packed()
    path.write_text(text)

    said = told(discover([entry]))

    assert said.startswith(f"Plugin 'mine': {path} can't be read: {problem}")
    assert said.endswith(f".{ADVICE}")


def test_the_file_comes_back_as_it_went(tmp_path: Path) -> None:
    """
    Models lie in the order of their names; what was not measured takes no room.
    """
    path = tmp_path / measured.FILE
    known = {"b": ALL, "a": Facts(costs=COST), "none": Facts()}

    measured.write(path, known)

    raw = json.loads(path.read_text())
    assert list(raw["models"]) == ["a", "b"]
    assert list(raw["models"]["a"]) == ["costs"]
    assert raw["models"]["b"]["weights"] == {"size": 12, "sha256": PIN.sha256}
    assert "baseline" not in raw["models"]["b"]["metrics"][1]
    assert measured.read(path, "mine") == {"a": known["a"], "b": ALL}


def test_a_whole_number_will_do_for_a_fraction(tmp_path: Path) -> None:
    """
    Programs that lay JSON out anew write 1 for 1.0.
    """
    path = tmp_path / measured.FILE
    measured.write(path, {"one": ALL})
    path.write_text(path.read_text().replace("11.0", "11").replace("1.0", "1"))

    assert measured.read(path, "mine")["one"] == ALL


def test_one_part_is_recorded_beside_the_others(tmp_path: Path) -> None:
    """
    New costs change neither the claims of the model nor anything of another.
    """
    path = tmp_path / measured.FILE
    measured.write(path, {"one": ALL, "two": ALL})

    measured.record(path, "mine", "one", costs=replace(COST, pass_ms=2.0))
    measured.record(path, "mine", "three", metrics=(ALONE,))

    assert measured.read(path, "mine") == {
        "one": replace(ALL, costs=replace(COST, pass_ms=2.0)),
        "two": ALL,
        "three": Facts(metrics=(ALONE,)),
    }


def test_records_at_once_are_all_kept(tmp_path: Path) -> None:
    """
    Each of several processes puts its model to those of the others.
    """
    script = (
        "import sys; from pathlib import Path; from zoo.plugins import measured\n"
        "from zoo.specs import Weights\n"
        "for number in range(20):\n"
        "    name = f'{sys.argv[2]}-{number}'\n"
        "    pin = Weights(size=number + 1, sha256='0' * 64)\n"
        "    measured.record(Path(sys.argv[1]), 'p', name, weights=pin)\n"
    )
    path = tmp_path / measured.FILE
    processes = [
        subprocess.Popen([sys.executable, "-c", script, path, who]) for who in "ab"
    ]
    assert [process.wait() for process in processes] == [0, 0]

    assert len(measured.read(path, "p")) == 40


def test_a_file_that_can_not_be_read_is_not_overwritten(tmp_path: Path) -> None:
    """
    It may hold a conflict that a person has to settle.
    """
    path = tmp_path / measured.FILE
    path.write_text("<<<<<<< ours\n")

    with pytest.raises(PluginError, match="can't be read"):
        measured.record(path, "mine", "one", costs=COST)

    assert path.read_text() == "<<<<<<< ours\n"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_what_is_claimed_here_is_what_was_measured(
    package: Path, tmp_path: Path
) -> None:
    """
    The pins and metrics of every shipped checkpoint are those of its config.json and
    run.json, no other model has any, and the file is laid out as it is written.
    """
    path = package / measured.FILE
    known = measured.read(path, package.name)
    shipped = {
        checkpoint_folder.read_config(home).name: claims.measured_facts(home)
        for home in sorted((package / "checkpoints").iterdir())
    }

    refresh = "run python scripts/ship.py --refresh"
    claimed = {name: replace(facts, costs=None) for name, facts in known.items()}
    assert {n: f for n, f in claimed.items() if f != Facts()} == shipped, refresh
    measured.write(tmp_path / "same", known)
    assert path.read_bytes() == (tmp_path / "same").read_bytes(), refresh
