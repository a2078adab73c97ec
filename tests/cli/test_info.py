"""`zoo info` and `zoo card`: what is known about a model before it is loaded."""

import json
from pathlib import Path

import pytest
from command_line import Ended, Run

import zoo
from zoo.artifacts import changelog
from zoo.specs import ClassOutput


def test_info(run: Run) -> None:
    """
    What is known before loading stands in named lines.
    """
    lines = run("info", "perceptron-iris").out.splitlines()

    facts = {line[:13].strip(): line[13:] for line in lines}
    assert facts["parameters"] == "3"
    assert facts["weights"] == "172 bytes, in the plugin"
    assert facts["input"] == "sepal_length 4.3 to 7 cm; petal_length 1 to 5.1 cm"
    assert facts["labels"] == "setosa, versicolor"
    assert facts["chapters"] == "perceptron"
    assert facts["recipe"] == "zoo_perceptron.iris_recipe"
    assert facts["metrics"].startswith("accuracy 1.0000 on iris test (nearest class")


def test_info_names_the_file_of_the_architecture(run: Run) -> None:
    """
    A path that an editor opens, and the function in it; a model without a recipe says
    so.
    """
    lines = run("info", "resnet50").out.splitlines()

    (line,) = [one for one in lines if one.startswith("architecture ")]
    file, function = line.removeprefix("architecture ").split(", ")
    assert Path(file).name == "resnet.py"
    assert f"def {function.removesuffix(')')}" in Path(file).read_text(encoding="utf-8")
    assert "recipe       none" in lines


def test_info_says_when_weights_changed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The changelog of the plugin has a line about the model: it is shown with its
    version.
    """
    monkeypatch.setattr(changelog, "package_folder", lambda package: tmp_path)
    entry = "## 0.2.0\n\n* `lenet5-mnist`: trained again.\n"
    (tmp_path / "CHANGELOG.md").write_text(entry, encoding="utf-8")
    lines = run("info", "lenet5-mnist").out.splitlines()

    assert "changes      0.2.0: trained again." in lines


def test_info_as_json(run: Run) -> None:
    """
    `--json` gives the whole spec.
    """
    found = json.loads(run("info", "perceptron-iris", "--json").out)

    assert found["license"] == {"code": "mit", "weights": "mit", "data": "cc-by-4.0"}


def test_card(run: Run) -> None:
    """
    The card is printed as it stands on the Hub.
    """
    ended = run("card", "perceptron-iris")

    assert ended == Ended(0, zoo.card("perceptron-iris"), "")


def test_a_checkpoint_folder_is_taken_as_a_name_is(run: Run, tmp_path: Path) -> None:
    """
    Its spec, where its weights are, and the card that lies in it.
    """
    folder = zoo.train("xor-mlp", tmp_path / "run", smoke=True)
    lines = run("info", folder).out.splitlines()
    card = run("card", folder)

    assert lines[0] == "name         xor-mlp"
    assert f"weights      348 bytes, in {folder}" in lines
    assert json.loads(run("info", folder, "--json").out)["name"] == "xor-mlp"
    assert card == Ended(0, (folder / "README.md").read_text(), "")
    assert zoo.card(folder) == card.out


def test_the_metrics_of_a_checkpoint_folder_are_those_of_its_run(
    run: Run, tmp_path: Path
) -> None:
    """
    A model that was fine-tuned is known by what it reached, and a smoke run by nothing.
    """
    zoo.train("xor-mlp", tmp_path / "smoke", smoke=True)
    zoo.finetune(
        "mlp-breast-cancer", "breast-cancer", tmp_path / "tuned", progress=False
    )

    smoke = run("info", tmp_path / "smoke").out
    tuned = run("info", tmp_path / "tuned").out
    known = json.loads(run("info", tmp_path / "tuned", "--json").out)

    assert "metrics      none measured\n" in smoke
    receipt = json.loads((tmp_path / "tuned" / "run.json").read_text())
    value = receipt["metrics"][0]["value"]
    assert f"metrics      accuracy {value:.4f} on breast-cancer" in tuned
    assert known["metrics"][0]["value"] == pytest.approx(value, abs=1e-6)


def test_a_card_moves_no_terminal(run: Run, tmp_path: Path) -> None:
    """
    Escape codes in the README.md of a stranger are shown, and nothing obeys them.
    """
    folder = zoo.train("xor-mlp", tmp_path / "run", smoke=True)
    (folder / "README.md").write_text("A title\x1b]0;mine\x07 and \u202eturned.\n")

    shown = run("card", folder).out

    assert shown.startswith("A title")
    assert not {"\x1b", "\x07", "\u202e"} & {*shown}


def test_a_folder_without_a_card(run: Run, tmp_path: Path) -> None:
    folder = zoo.save(zoo.load("xor-mlp"), tmp_path / "saved")

    assert run("card", folder).err == (
        f"error: {folder} has no card: README.md is missing. zoo.save writes none; "
        "zoo.train and zoo.finetune do.\n"
    )


def test_a_name_that_is_a_folder_here_too_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The registered model is taken, and the folder by its path.
    """
    monkeypatch.chdir(tmp_path)
    zoo.save(zoo.load("xor-mlp"), "xor-mlp")

    with pytest.warns(UserWarning, match="registered model is taken") as caught:
        zoo.load("xor-mlp")
    assert str(caught[0].message) == (
        "'xor-mlp' is a registered model, and a checkpoint folder here as well. The "
        "registered model is taken; './xor-mlp' is the folder."
    )
    assert zoo.load("./xor-mlp").zoo.spec.name == "xor-mlp"


def test_many_labels_are_counted() -> None:
    """
    A thousand labels do not fill the screen.
    """
    output = ClassOutput(labels=tuple(map(str, range(1000))))

    assert output.facts == {
        "labels": "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... (1,000)"
    }
