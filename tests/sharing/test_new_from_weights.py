"""A plugin for somebody else's weights: what their tensors tell is in it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import zoo
from zoo.cli import main
from zoo.errors import ImportWeightsError
from zoo.plugins.scaffold import KINDS
from zoo.sharing.new_from_weights import new_from_weights
from zoo.sharing.sketch import sketch


def sketched(tensors: dict[str, torch.Tensor]) -> nn.Module:
    """Build the module of a sketch."""
    space: dict[str, Any] = {}
    exec(sketch(tensors, title="A sketch."), space)
    made: nn.Module = space["model"]()
    return made


@pytest.mark.parametrize(
    "name", ["lenet5-mnist", "resnet20-cifar10", "gru-imdb", "vit-cifar10", "gpt-mini"]
)
def test_a_sketch_takes_the_weights(name: str) -> None:
    """
    All of them, strictly: names and shapes of convolutions, normalisations, recurrent
    layers, attention and single tensors are the file's.
    """
    tensors = zoo.build(name).state_dict()

    sketched(tensors).load_state_dict(tensors)


def test_layers_are_those_of_torch() -> None:
    """
    Kernel, bias, gates and directions are read from shapes.
    """
    parts = nn.ModuleDict(
        {
            "conv": nn.Conv2d(3, 8, (3, 5), bias=False),
            "norm": nn.BatchNorm2d(8, affine=False),
            "rnn": nn.LSTM(8, 4, num_layers=2, bidirectional=True, batch_first=True),
            "last": nn.Linear(8, 2),
            "scale": nn.LayerNorm(2),
        }
    )
    made = sketched(parts.state_dict())

    for name, layer in parts.items():
        assert repr(made.get_submodule(name)) == repr(layer)
    with pytest.raises(NotImplementedError) as told:
        made(torch.zeros(1))
    assert str(told.value) == "Write how the layers are called, in model.py."


MODEL = """
    def forward(self, given):
        layers = [*self.layers.children()]
        return layers[1](layers[0](given).sigmoid())
"""


def installed(folder: Path) -> dict[str, str]:
    """Return the environment in which a plugin in a folder is found."""
    about = folder / "zoo_mine-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: zoo-mine\nVersion: 0.1.0\n"
    )
    (about / "entry_points.txt").write_text("[zoo]\nmine = zoo_mine\n")
    return {**os.environ, "PYTHONPATH": str(folder)}


def test_weights_become_a_green_plugin_by_commands(tmp_path: Path) -> None:
    """
    After forward is written: imported, measured, shipped and checked; the licence, the
    number of parameters and the file's hash are in the plugin.
    """
    theirs = nn.ModuleDict(
        {"layers": nn.Sequential(nn.Linear(4, 16), nn.Linear(16, 3))}
    )
    file, run = tmp_path / "theirs.pth", tmp_path / "run"
    torch.save({f"module.{n}": t for n, t in theirs.state_dict().items()}, file)
    made = new_from_weights(
        "mine", file, tmp_path / "mine", like="tabular-classification", license="mit"
    )
    model = made.folder / "zoo_mine" / "model.py"
    start, _, rest = model.read_text().partition("    def forward")
    model.write_text(
        f"{start}{MODEL.lstrip(chr(10))}\n\n{rest[rest.index('def model') :]}"
    )
    card = made.folder / "zoo_mine" / "cards" / "mine.md"
    prose = card.read_text()
    card.write_text(prose.replace("(to be written) ", "Known: "))
    environment = installed(made.folder)

    def command(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "zoo", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    for words in (
        ("import-weights", str(file), "--build", made.build, "-o", str(run)),
        ("measure", str(run)),
        ("ship", str(run)),
        ("check", "mine"),
    ):
        status, said = command(*words)
        assert status == 0, said

    assert "parameters=131," in (made.folder / "zoo_mine" / "__init__.py").read_text()
    assert "FAIL" not in said
    shipped = made.folder / "zoo_mine" / "checkpoints" / "mine"
    card_text = (shipped / "README.md").read_text()
    assert "license: mit\n" in card_text
    assert "| file | `theirs.pth` |" in card_text
    assert (made.folder / "zoo_mine" / "measured.json").is_file()


@pytest.mark.parametrize("like", KINDS)
def test_every_kind_is_in_the_house_style(like: str, tmp_path: Path) -> None:
    """
    Without lint; the recipe has what measures, and nothing that trains.
    """
    torch.save(zoo.build("lenet5-mnist").state_dict(), tmp_path / "theirs.pth")
    made = new_from_weights("mine", tmp_path / "theirs.pth", tmp_path / "m", like=like)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "-q", str(made.folder)]
    subprocess.run(ruff, check=True, cwd=tmp_path)

    recipe = (made.folder / "zoo_mine" / "recipe.py").read_text()
    assert '__all__ = ["data", "evaluate"]' in recipe
    assert "def train" not in recipe
    assert "class Settings" not in recipe
    assert (
        "{settings." not in (made.folder / "zoo_mine" / "cards" / "mine.md").read_text()
    )


def test_the_command_says_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    And the commands that follow, to the letter.
    """
    file, folder = tmp_path / "theirs.pth", tmp_path / "mine"
    torch.save(zoo.build("lenet5-mnist").state_dict(), file)

    statuses = [
        main(["new", "mine", str(folder), "--from-weights", str(file)]),
        main(["new", "other", str(tmp_path / "o"), "--license", "mit"]),
    ]

    said = capsys.readouterr()
    assert statuses == [0, 2]
    assert said.out.splitlines() == [
        f"{folder}: a plugin for 10 tensors. Write, in it:",
        "  zoo_mine/model.py     forward: the order of the layers",
        "  zoo_mine/__init__.py  input and output; zoo_mine/recipe.py: data",
        "Then:",
        f"  pip install -e '{folder}[test]'",
        f"  zoo import-weights {file} --build zoo_mine.model:model -o runs/mine",
        "  zoo measure runs/mine",
        "  zoo ship runs/mine",
        f"  zoo check {folder}",
    ]
    assert said.err.startswith("error: --license is that of --from-weights.")


@pytest.mark.parametrize(
    "name", ['a": open("ran", "w"), "b', "back\\", "two\nlines", "🙂‮", '"""']
)
def test_the_name_of_a_tensor_is_no_code(name: str) -> None:
    """
    Whatever a stranger's file calls its tensors, and is called itself, is text.
    """
    tensors = {name: torch.zeros(2), f"{name}.weight": torch.zeros(2, 3)}
    for one, tensor in tensors.items():
        space: dict[str, Any] = {}
        exec(sketch({one: tensor}, title=f'Of {name}"""\nraise SystemExit'), space)
        assert {*space["model"]().state_dict()} == {one}


def test_a_tensor_with_the_name_of_a_module(tmp_path: Path) -> None:
    """
    Both orders are refused, and no plugin is written.
    """
    outer, inner = torch.zeros(2), torch.zeros(3)
    for tensors in ({"a": outer, "a.b": inner}, {"a.b": inner, "a": outer}):
        torch.save(tensors, tmp_path / "theirs.pth")

        with pytest.raises(ImportWeightsError) as caught:
            new_from_weights("mine", tmp_path / "theirs.pth", tmp_path / "mine")

        assert str(caught.value) == (
            'The file has a tensor "a" and one within that name, "a.b": no module can '
            "hold both. Rename one of them in the file."
        )
        assert not (tmp_path / "mine").exists()
