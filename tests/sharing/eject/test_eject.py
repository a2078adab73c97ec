"""Models as files of your own: torch alone runs them, to the same numbers."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

import zoo
from zoo.cli import main
from zoo.errors import EjectError, NoWeights
from zoo.models import safetensors_io as weights

EJECTED = [  # one that stands alone, one with several files beside it, one of text
    "lenet5-mnist",
    "xor-mlp.hand-set",
    "lsa-mlp-20news",
]
ALONE = """
import sys
from importlib.abc import MetaPathFinder

class Without(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        first = name.partition(".")[0]
        if first in ("zoo", "safetensors") or first.startswith("zoo_"):
            raise ImportError(name)

sys.meta_path.insert(0, Without())
import torch, mine
given = torch.load("given.pt")
with torch.inference_mode():
    torch.save(mine.load()(given), "output.pt")
"""


def alone(folder: Path, given: Tensor) -> Tensor:
    """Run the package `mine` in `folder` where nothing but torch can be imported."""
    torch.save(given, folder / "given.pt")
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ALONE], cwd=folder, check=True
    )
    output: Tensor = torch.load(folder / "output.pt")
    return output


@pytest.mark.parametrize("name", EJECTED)
def test_an_ejected_model_answers_without_the_zoo(name: str, tmp_path: Path) -> None:
    """
    Where neither the zoo nor a plugin can be imported, the golden's input gives the
    golden's output.
    """
    kept = weights.tensors(zoo.fetch(name)[0].with_name("golden.safetensors"))

    zoo.eject(name, tmp_path / "mine")

    output = alone(tmp_path, kept["input"].clone())
    assert torch.allclose(output, kept["output"], atol=kept["tolerance"].item())


def test_an_ejected_folder_is_a_checkpoint_as_well(tmp_path: Path) -> None:
    """
    `zoo.load` takes it, with its labels, and the same tensors.
    """
    folder = zoo.eject("lenet5-mnist", tmp_path / "mine")

    again, first = zoo.load(folder), zoo.load("lenet5-mnist")
    assert again.zoo.labels == first.zoo.labels
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])


def test_what_lies_in_an_ejected_folder(tmp_path: Path) -> None:
    """
    The architecture, the recipe with its frame, the weights and the card.
    """
    folder = zoo.eject("lenet5-mnist", tmp_path / "mine")

    names = {path.name for path in folder.iterdir()}
    assert {"__init__.py", "lenet5.py", "recipe.py", "frame", "README.md"} <= names
    assert {"model.safetensors", "config.json"} <= names
    recipe = (folder / "recipe.py").read_text(encoding="utf-8")
    assert recipe.startswith("# From zoo-cnn 0.1.0.")
    assert "from .frame.run import Run" in recipe
    assert "def report" not in recipe


def test_a_recipe_that_needs_the_zoo_says_so(tmp_path: Path) -> None:
    """
    It is copied as it is, and both it and the package tell what it needs.
    """
    folder = zoo.eject("lsa-mlp-20news", tmp_path / "mine")

    recipe = (folder / "recipe.py").read_text(encoding="utf-8")
    package = (folder / "__init__.py").read_text(encoding="utf-8")
    assert "pip install zoo-core zoo-text-retrieval" in recipe.partition('"""')[0]
    told = "as zoo_text_retrieval.recipe imports 'zoo.training.train_tokenizer'."
    assert f"recipe.py goes on needing the zoo, {told}" in " ".join(package.split())
    assert "def train(" not in package
    assert not (folder / "frame").exists()


def test_a_fine_tuned_head_is_ejected_with_its_options(tmp_path: Path) -> None:
    """
    A checkpoint folder of one's own, with three classes, gives three scores.
    """
    own = zoo.build("lenet5-mnist", labels=["a", "b", "c"])
    zoo.save(own, tmp_path / "own")

    zoo.eject(tmp_path / "own", tmp_path / "mine")

    assert alone(tmp_path, torch.zeros(2, 1, 28, 28)).shape == (2, 3)


@pytest.mark.parametrize(
    ("name", "folder", "message"),
    [
        (
            "lenet5-mnist",
            "5-mine",
            "'5-mine' can't be imported: it is to be the name of a Python package. "
            "Take letters, digits and '_', such as 'mine'.",
        ),
        (
            "lenet5-mnist",
            "full",
            "full is there already; nothing was written. Name a new folder.",
        ),
        (
            "efficientnet-lite0",
            "mine",
            "'efficientnet-lite0' can't be ejected: zoo_timm.models imports 'timm', so "
            "its architecture is not a file of its own. Depend on 'zoo-timm' instead.",
        ),
    ],
)
def test_what_cannot_be_ejected(
    name: str,
    folder: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Said in one sentence, and nothing is written.
    """
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full", "notes.txt").write_text("mine")

    with pytest.raises(EjectError) as told:
        zoo.eject(name, folder)

    assert str(told.value) == message
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "notes.txt"]


def test_a_model_without_weights_is_not_ejected(tmp_path: Path) -> None:
    """
    The error is that of a load, and no folder is left behind.
    """
    with pytest.raises(NoWeights):
        zoo.eject("mlp-california", tmp_path / "mine")

    assert not list(tmp_path.iterdir())


def test_the_command_says_how_to_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The folder, and the line of Python that loads the model.
    """
    status = main(["eject", "xor-mlp", str(tmp_path / "mine")])

    assert status == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [str(tmp_path / "mine"), "import mine; model = mine.load()"]
