"""`zoo train`: a recipe, its settings and its folder."""

import json
from pathlib import Path

import pytest
from command_line import FLOWER, Run

import zoo
from zoo.training import train


def test_train(run: Run, tmp_path: Path) -> None:
    """
    A recipe runs with changed settings, and its folder answers.
    """
    folder = tmp_path / "iris"

    ended = run("train", "perceptron-iris", "-o", str(folder), "--smoke", "--seed", "7")

    assert ended.status == 0
    first, *_, last = ended.out.splitlines()
    assert first.startswith("accuracy 0.5000 on iris test")
    assert last.startswith(f"{folder} (")
    assert json.loads((folder / "run.json").read_text())["settings"]["seed"] == 7
    assert run("predict", str(folder), FLOWER).status == 0


@pytest.mark.parametrize(
    ("arguments", "status", "problem"),
    [
        (["--set", "epoch=3"], 1, "No setting 'epoch'. Did you mean 'epochs'? "),
        (["--set", "epochs=many"], 1, "Setting 'epochs': 'many' should be a whole "),
        (["--set", "epochs"], 1, "'epochs' should be KEY=VALUE, such as lr=0.001."),
        (["--device", "toaster"], 1, "Device 'toaster' can't be used: Expected one "),
        (["--seed", "x"], 2, "Invalid value for '--seed': 'x' is not a valid int"),
    ],
    ids=["unknown", "type", "word", "device", "seed"],
)
def test_train_with_a_wrong_option(
    run: Run,
    arguments: list[str],
    status: int,
    problem: str,
    tmp_path: Path,
) -> None:
    """
    A setting that can't be meant stops a run before it begins.
    """
    folder = tmp_path / "run"

    ended = run("train", "perceptron-iris", "-o", str(folder), *arguments)

    assert (ended.status, ended.out) == (status, "")
    assert ended.err.startswith(f"error: {problem}")
    assert not folder.exists()


def test_train_into_a_folder_of_others(run: Run, tmp_path: Path) -> None:
    """
    A folder with other files in it is left alone.
    """
    (tmp_path / "thesis.tex").touch()

    ended = run("train", "perceptron-iris", "-o", str(tmp_path), "--smoke")

    assert ended.status == 1
    assert "holds other files and no checkpoint; nothing was written" in ended.err


def test_train_a_recipe_file(run: Run, tmp_path: Path) -> None:
    """
    `zoo train ./my_recipe.py --model NAME` prints what `zoo train NAME` does.
    """
    source = train.recipe_of(zoo.get_spec("perceptron-iris")).__file__
    path = tmp_path / "my_recipe.py"
    path.write_bytes(Path(str(source)).read_bytes())
    folder = tmp_path / "out"

    ended = run("train", path, "--model", "perceptron-iris", "-o", folder, "--smoke")

    assert ended.status == 0
    assert ended.out.splitlines()[0].startswith("accuracy 0.5000 on iris test")
    assert json.loads((folder / "run.json").read_text())["recipe"] == "my_recipe.py"


def test_train_a_missing_recipe_file(run: Run) -> None:
    """
    The error is one line, with status 1.
    """
    assert run("train", "./no_recipe.py") == (
        1,
        "",
        "error: There is no recipe file no_recipe.py. Check the path; 'zoo train NAME' "
        "runs the recipe of an installed model.\n",
    )
