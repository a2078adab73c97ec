"""Weights that no recipe trained: imported, measured and shipped by commands alone."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import zoo
from zoo.artifacts import checked_file, checkpoint_folder, weight_store
from zoo.cards.render import SECTIONS
from zoo.cli import main
from zoo.errors import CheckpointError
from zoo.plugins import measured

NAME = "xor-mlp"
PROSE = "".join(
    f"## {section}\n\nIt reaches {{accuracy:.0%}}.\n" for section in SECTIONS
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a plugin's package whose recipe has no `train`."""
    home = shutil.copytree(
        weight_store.package_folder("zoo_perceptron"), tmp_path / "zoo_perceptron"
    )
    monkeypatch.setattr(weight_store, "package_folder", lambda package: home)
    monkeypatch.setattr("zoo.cards.render.check_prose", lambda spec: PROSE)
    for part in ("train", "Settings", "SMOKE_SETTINGS"):
        monkeypatch.delattr(f"zoo_perceptron.xor_recipe.{part}")
    return home


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    """The model's own weights, as somebody else's file gave them."""
    torch.save(zoo.load(NAME).state_dict(), tmp_path / "theirs.pth")
    words = ["--build", zoo.get_spec(NAME).build, "--model", NAME, "-o"]
    folder = tmp_path / "own"
    main(["import-weights", str(tmp_path / "theirs.pth"), *words, str(folder)])
    return folder


def test_foreign_weights_are_measured_and_shipped(
    imported: Path, package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Receipt, golden, pin and metrics land in the plugin; the card says where the weights
    came from, and the commands say what comes next.
    """
    path, target = package / measured.FILE, package / "checkpoints" / NAME
    costs = measured.read(path, "perceptron")[NAME].costs
    shutil.rmtree(target)
    capsys.readouterr()

    statuses = [main(["measure", str(imported)]), main(["ship", str(imported)])]

    assert statuses == [0, 0]
    config = checkpoint_folder.read_config(target)
    assert capsys.readouterr().out.splitlines() == [
        "accuracy 1.0000",
        "f1 1.0000",
        f"zoo ship {imported}",
        f"{NAME}: {target} ({config.weights.size:,} bytes)",
        f"zoo benchmark {NAME} --threads 1 --record",
        f"zoo check {NAME}",
    ]
    facts = measured.read(path, "perceptron")[NAME]
    assert facts.weights is not None
    assert facts.weights.sha256 == config.weights.sha256
    assert {one.name: one.value for one in facts.metrics} == {"accuracy": 1, "f1": 1}
    assert facts.costs == costs
    receipt = json.loads((target / "run.json").read_text())
    sha256 = checked_file.sha256_of(imported.parent / "theirs.pth")
    assert receipt["origin"] == {"file": "theirs.pth", "SHA-256": sha256}
    card = (target / "README.md").read_text()
    assert card.startswith("---\n")
    assert f"| SHA-256 | `{sha256}` |" in card
    assert "It reaches 100%." in card
    assert zoo.verify(target).matches
    assert zoo.verify(target, metric=True).passed


def test_weights_that_were_not_measured_are_not_shipped(
    imported: Path, package: Path
) -> None:
    """
    The message has the command that measures them; nothing is written.
    """
    before = (package / measured.FILE).read_bytes()

    with pytest.raises(CheckpointError) as told:
        zoo.ship(imported)

    assert str(told.value) == (
        f"{imported} was not measured. 'zoo measure {imported}' measures weights that "
        "were imported."
    )
    assert (package / measured.FILE).read_bytes() == before


def test_a_run_has_been_measured_already() -> None:
    """
    Its receipt would be lost.
    """
    folder = weight_store.shipped_checkpoint(zoo.get_spec(NAME))

    with pytest.raises(CheckpointError) as told:
        zoo.measure(folder)

    assert str(told.value) == (
        f"{folder} was trained by a recipe, which has measured it. 'zoo verify "
        f"{folder} --metric' measures it again."
    )


def test_a_model_that_nobody_registers_is_not_measured(
    imported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    No recipe is its own.
    """
    monkeypatch.setattr(
        "zoo.sharing.measure.installed", lambda: SimpleNamespace(models={})
    )

    with pytest.raises(CheckpointError) as told:
        zoo.measure(imported)

    assert str(told.value) == (
        f"{imported} is of 'xor-mlp', which no installed plugin registers, so no "
        "recipe measures it. zoo.evaluate(model, data) measures it on data that you "
        "give."
    )


def test_a_model_without_forward_is_not_measured(
    imported: Path, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    As a sketch of weights is; what it says itself is passed on.
    """

    def forward(*_: object) -> None:
        raise NotImplementedError("Write how the layers are called, in model.py.")

    monkeypatch.setattr("zoo_perceptron.xor.XorMLP.forward", forward)

    with pytest.raises(CheckpointError) as told:
        zoo.measure(imported)

    assert str(told.value) == (
        "What 'zoo_perceptron.xor:xor_mlp' builds computes nothing yet: Write how the "
        "layers are called, in model.py."
    )


@pytest.mark.parametrize("kind", ["file", "folder", "loop", "pipe"])
def test_a_link_out_of_a_checkpoint_is_not_shipped(
    imported: Path, package: Path, tmp_path: Path, kind: str
) -> None:
    """
    A folder from somebody else may hold links to what is the user's own: the plugin,
    which is published, must not take that in.
    """
    zoo.measure(imported)
    target = package / "checkpoints" / NAME
    before = sorted(path.name for path in target.rglob("*"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "key").write_text("secret")
    place = imported / "figure.png"
    if kind == "pipe":
        os.mkfifo(place)
    else:
        home = tmp_path / "home"
        place.symlink_to({"file": home / "key", "folder": home, "loop": imported}[kind])

    for act in (zoo.ship, zoo.measure):
        with pytest.raises(CheckpointError, match=str(place)):
            act(imported)
    assert sorted(path.name for path in target.rglob("*")) == before
