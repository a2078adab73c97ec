"""A recipe file of the user's: `zoo.train("./my_recipe.py")`."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import zoo
from zoo.errors import ModelNotFound, SettingsError, TrainingError, ZooError
from zoo.training import recipe_file, train

NAME = "perceptron-iris"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a recipe file into an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def write(content: str) -> Path:
        path = Path("my_recipe.py")
        path.write_text(content)
        return path

    return write


def copied(*changes: tuple[str, str]) -> str:
    """Return the recipe of the perceptron, with changes."""
    recipe = train.recipe_of(zoo.get_spec(NAME))
    content = Path(str(recipe.__file__)).read_text()
    for old, new in changes:
        assert old in content
        content = content.replace(old, new)
    return content


def test_a_changed_copy_trains_the_model(write: Write) -> None:
    """
    The file's defaults and functions count; the folder loads and predicts.
    """
    path = write(copied(("epochs: int = 10", "epochs: int = 12")) + f'MODEL = "{NAME}"')

    folder = zoo.train("./my_recipe.py", settings={"lr": "0.2"})

    receipt = json.loads((folder / "run.json").read_text())
    assert folder == Path("runs/my_recipe")
    assert receipt["name"] == NAME
    assert receipt["recipe"] == "my_recipe.py"
    assert receipt["recipe_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert receipt["commit"] is None
    assert receipt["settings"] == {"seed": 0, "epochs": 12, "lr": 0.2}
    assert json.loads((folder / "config.json").read_text())["recipe"] is None
    model = zoo.load(folder)
    assert zoo.predict(model, [[5.0, 1.4]])[0].label == "setosa"


def test_the_card_names_the_file(write: Write) -> None:
    """
    Neither the prose of the installed recipe nor its command is in the card.
    """
    path = write(copied())

    folder = zoo.train(path, model=NAME, smoke=True)

    card = (folder / "README.md").read_text()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"With the recipe file `my_recipe.py` (SHA-256 `{sha256}`)." in card
    how = f"--model {NAME} --set epochs=2 --smoke"
    assert f"`zoo train my_recipe.py {how}` took " in card
    assert f'zoo.load("./{NAME}")' in card
    assert "zoo verify" not in card


def test_its_metrics_are_not_measured_again_by_another_recipe(write: Write) -> None:
    """
    The weights are verified; the metrics need the file.
    """
    folder = zoo.train(write(copied()), model=NAME, smoke=True)

    assert zoo.verify(folder).passed
    with pytest.raises(TrainingError) as caught:
        zoo.verify(folder, metric=True)
    assert str(caught.value) == (
        f"{folder.absolute()} was trained with the recipe file my_recipe.py, which a "
        "checkpoint does not contain, so its metrics can't be measured again. "
        "zoo.evaluate(model, data) measures it on data that you give."
    )


def test_a_dropped_setting_of_the_spec_is_not_missed(write: Write) -> None:
    """
    The spec's settings apply to the fields that the file has.
    """
    spec = zoo.get_spec("mlp-dropout-mnist")
    path = write(
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True)\nclass Settings:\n    seed: int = 0\n"
        "SMOKE_SETTINGS = {}\ndata = train = evaluate = None\n"
    )
    _, file = recipe_file.find(path, spec.name, train.RECIPE)

    _, chosen = train.choose_settings(spec, None, file=file)

    assert spec.settings
    assert vars(chosen) == {"seed": spec.settings.get("seed", 0)}


def test_a_default_that_was_edited_in_the_file_wins_over_the_spec(write: Write) -> None:
    """
    Of the spec's settings those hold whose default in the file is the recipe's own.
    """
    spec = zoo.get_spec("mlp-dropout-mnist")
    own = train.recipe_of(spec).Settings()
    edited, same = [name for name in spec.settings if name != "seed"][:2]
    lines = [
        f"    {edited}: object = 'mine'\n",
        f"    {same}: object = {getattr(own, same)!r}\n",
    ]
    path = write(
        "from dataclasses import dataclass\n"
        f"@dataclass(frozen=True)\nclass Settings:\n{''.join(lines)}"
        "SMOKE_SETTINGS = {}\ndata = train = None\n"
    )
    _, file = recipe_file.find(path, spec.name, train.RECIPE[:4])

    _, chosen = train.choose_settings(spec, None, file=file)

    assert getattr(chosen, edited) == "mine"
    assert getattr(chosen, same) == spec.settings[same]


CONTRACT = "Settings, SMOKE_SETTINGS, train, data"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            "def train(:\n",
            "my_recipe.py, line 1 is not valid Python: invalid syntax.",
        ),
        (
            "import math\nmath.nothing\n",
            "my_recipe.py, line 2: AttributeError: module 'math' has no attribute "
            "'nothing'. Correct the recipe file.",
        ),
        (
            "import zoo_absent.model\n",
            "my_recipe.py, line 1: No module named 'zoo_absent'. Install the plugin or "
            "the package that the recipe file imports.",
        ),
        (
            "from .lenet5 import LeNet5\n",
            "my_recipe.py, line 1: 'from .lenet5 import' is a relative import, and a "
            "recipe file is in no package. Import from the plugin by its full name, as "
            "in 'from zoo_plugin.module import name'.",
        ),
        (
            "SMOKE_SETTINGS = {}\ndata = evaluate = None\n",
            "my_recipe.py does not define Settings, train. A recipe file defines "
            f"{CONTRACT}, as the recipe of a plugin does.",
        ),
        (
            "SMOKE_SETTINGS = {}\nSettings = data = train = evaluate = None\n",
            "my_recipe.py does not say which model it trains. Give --model NAME "
            '(model= in Python), or define MODEL = "NAME" in the file.',
        ),
    ],
    ids=["syntax", "import", "plugin", "relative", "contract", "model"],
)
def test_what_is_wrong_with_a_file(write: Write, content: str, problem: str) -> None:
    """
    The line, the cause and the remedy are named; nothing is written.
    """
    path = write(content)

    with pytest.raises(TrainingError) as caught:
        zoo.train(path)

    assert str(caught.value) == problem
    assert [one.name for one in Path().iterdir()] == ["my_recipe.py"]


def test_the_traceback_of_a_file_is_the_cause(write: Write) -> None:
    """
    From Python, the original error and its traceback are there.
    """
    with pytest.raises(TrainingError) as caught:
        zoo.train(write("def fail():\n    1 / 0\nfail()\n"))

    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert str(caught.value).startswith("my_recipe.py, line 2: ZeroDivisionError: ")


def test_a_file_that_is_not_there(write: Write) -> None:
    """
    A path that ends in .py is a recipe file, also where there is none.
    """
    with pytest.raises(TrainingError) as caught:
        zoo.train("other.py", model=NAME)

    assert str(caught.value) == (
        "There is no recipe file other.py. Check the path; 'zoo train NAME' runs the "
        "recipe of an installed model."
    )


def test_a_model_that_is_not_there(write: Write) -> None:
    """
    It is looked up like any other name.
    """
    with pytest.raises(
        ModelNotFound, match=r"No model named 'perceptron-irs'\. Did you"
    ):
        zoo.train(write(copied()), model="perceptron-irs")


@pytest.mark.parametrize(
    ("call", "error", "problem"),
    [
        (
            lambda: zoo.train(NAME, model="xor-mlp"),
            TrainingError,
            "--model (model=) names the model of a recipe file, and 'perceptron-iris' "
            "is not a .py file.",
        ),
        (
            lambda: zoo.train("my_recipe.py", model=NAME, sweep="runs/sweep"),
            SettingsError,
            "The sweep in runs/sweep is of the installed recipe of 'perceptron-iris', "
            "not of my_recipe.py. Give the settings with --set (settings=).",
        ),
        (
            lambda: zoo.sweep("my_recipe.py", settings={"lr": "0.1,0.2"}),
            SettingsError,
            "A sweep searches the settings of an installed recipe, and my_recipe.py is "
            "a recipe file. Give the name of a model, or compare runs of 'zoo train "
            "my_recipe.py' with --set.",
        ),
    ],
    ids=["name", "--sweep", "sweep"],
)
def test_what_does_not_go_with_a_file(
    write: Write,
    call: Callable[[], object],
    error: type[ZooError],
    problem: str,
) -> None:
    """
    The refusal says what to do instead.
    """
    write(copied())

    with pytest.raises(error) as caught:
        call()

    assert str(caught.value) == problem


def test_a_run_resumes_only_with_the_same_file(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The state of a run is that of the file's bytes.
    """
    monkeypatch.setattr(train.ResumeCheckpoint, "delete", lambda self: None)
    kept: list[dict[str, object]] = []
    made = train.ResumeCheckpoint.__init__

    def init(self: object, path: object, identity: object, **how: object) -> None:
        kept.append(dict(identity))  # type: ignore[call-overload]
        made(self, path, identity, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(train.ResumeCheckpoint, "__init__", init)
    zoo.train(write(copied()), model=NAME, smoke=True)
    zoo.train(write(copied() + "# changed\n"), model=NAME, smoke=True, resume=True)

    first, second = (one["recipe_sha256"] for one in kept if "recipe_sha256" in one)
    assert first != second
    assert re.fullmatch("[0-9a-f]{64}", str(first))


def test_a_file_can_be_cross_validated_if_it_splits_its_rows(write: Write) -> None:
    """
    What a recipe must do for it is the same as in a plugin.
    """
    with pytest.raises(TrainingError) as caught:
        zoo.crossval(write(copied()), model=NAME, smoke=True)

    assert str(caught.value) == (
        "The recipe 'my_recipe.py' of 'perceptron-iris' holds no rows back with "
        "run.split, so it can't be cross-validated."
    )
