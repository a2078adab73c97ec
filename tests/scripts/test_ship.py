"""A run becomes the checkpoint that a plugin ships, and measured.json follows."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import ship

import zoo
from zoo.artifacts import weight_store
from zoo.errors import PluginError
from zoo.plugins import measured
from zoo.plugins.discovery import installed
from zoo.plugins.measured import Facts
from zoo.specs import Metric

NAME = "xor-mlp"
PLUGINS = Path(__file__).parents[2] / "plugins"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the plugin's package, which is where everything is shipped to."""
    home = shutil.copytree(
        weight_store.package_folder("zoo_perceptron"),
        tmp_path / "plugins" / "perceptron" / "zoo_perceptron",
    )
    monkeypatch.setattr(weight_store, "package_folder", lambda package: home)
    return home


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of the model that was better, and whose weights are others."""
    shipped = weight_store.shipped_checkpoint(zoo.get_spec(NAME))
    folder = shutil.copytree(shipped, tmp_path / "run")
    for name, old, new in (
        ("config.json", zoo.get_spec(NAME).weights.sha256, "ab" * 32),
        ("run.json", '"value": 1.0', '"value": 1.5'),
    ):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))
    return folder


def test_a_run_is_shipped(run: Path, package: Path) -> None:
    """
    The folder is copied, the model's pin and metrics are those of the run, its costs
    stay, and so does all of the other models; no Python is written.
    """
    path = package / measured.FILE
    before = measured.read(path, "perceptron")
    sources = {file: file.read_bytes() for file in package.glob("*.py")}

    ship.main([str(run)])

    after = measured.read(path, "perceptron")
    one = after.pop(NAME)
    assert one.weights == replace(before[NAME].weights, sha256="ab" * 32)
    assert [m.value for m in one.metrics] == [1.5, 1.5]
    assert one.costs == before.pop(NAME).costs
    assert after == before
    copied = package / "checkpoints" / NAME
    assert (copied / "run.json").read_bytes() == (run / "run.json").read_bytes()
    assert {file: file.read_bytes() for file in package.glob("*.py")} == sources


def test_a_metric_that_stands_in_python(
    run: Path, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It would be a second source: nothing is written before it is gone.
    """
    path = package / measured.FILE
    facts = measured.read(path, "perceptron")
    measured.write(path, facts | {NAME: replace(facts[NAME], metrics=())})
    before = path.read_bytes()
    known, typed = (
        installed(),
        Metric(name="accuracy", value=1.0, dataset="logic-gates"),
    )
    models = {**known.models, NAME: replace(known.models[NAME], metrics=(typed,))}
    monkeypatch.setattr(
        "zoo.plugins.catalog.installed", lambda: replace(known, models=models)
    )

    with pytest.raises(SystemExit) as caught:
        ship.main([str(run)])

    assert str(caught.value) == (
        "error: The ModelSpec of 'xor-mlp' has metrics= in Python. Remove it there "
        f"first: {path} is to hold what was measured."
    )
    assert path.read_bytes() == before


def test_a_smoke_run_is_not_shipped(run: Path, package: Path) -> None:
    """
    What it measured is nothing to claim.
    """
    receipt = json.loads((run / "run.json").read_text()) | {"smoke": True}
    (run / "run.json").write_text(json.dumps(receipt))

    with pytest.raises(SystemExit, match="was a smoke run"):
        ship.main([str(run)])


def test_refreshing_follows_the_checkpoints(package: Path) -> None:
    """
    Pins and metrics of what is shipped are written anew, those of a checkpoint that is
    gone are dropped, and costs stay.
    """
    path = package / measured.FILE
    right = measured.read(path, "perceptron")
    wrong = replace(right[NAME], weights=None, metrics=right[NAME].metrics[1:])
    measured.write(path, right | {NAME: wrong})
    shutil.rmtree(package / "checkpoints" / "neuron-or")

    ship.refresh(package.parents[1])

    gone = Facts(costs=right["neuron-or"].costs)
    assert measured.read(path, "perceptron") == right | {"neuron-or": gone}


def test_refreshing_starts_from_nothing(package: Path) -> None:
    """
    A file that was lost comes back, but for the costs.
    """
    path = package / measured.FILE
    right = measured.read(path, "perceptron")
    path.unlink()

    ship.refresh(package.parents[1])

    bare = {name: replace(facts, costs=None) for name, facts in right.items()}
    assert measured.read(path, "perceptron") == bare


def test_refreshing_stops_at_a_conflict(package: Path) -> None:
    """
    The costs in it are nowhere else: a person settles which are kept.
    """
    (package / measured.FILE).write_text("<<<<<<< ours\n")

    with pytest.raises(PluginError, match="bring back its last good version"):
        ship.refresh(package.parents[1])


@pytest.mark.parametrize("words", [[], ["run", "--refresh"]])
def test_one_thing_at_a_time(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Folders or --refresh.
    """
    with pytest.raises(SystemExit):
        ship.main(words)

    assert "name run folders, or --refresh alone" in capsys.readouterr().err
