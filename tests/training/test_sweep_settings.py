"""A run that trains with what a sweep found, and a card that shows the sweep."""

import json
from pathlib import Path

import pytest

import zoo
from zoo.cli import main
from zoo.errors import SettingsError

SPACE = {"iterations": "1,2", "n_init": "3"}


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small sweep."""
    folder = tmp_path_factory.mktemp("sweeps") / "s"
    zoo.sweep(
        "xor-mlp",
        folder,
        settings=SPACE,
        method="grid",
        metric="accuracy",
        smoke=True,
    )
    return folder


def test_the_best_settings_are_taken(swept: Path, tmp_path: Path) -> None:
    """
    Those that were searched and those that were fixed; what is given by hand wins.
    """
    best = json.loads((swept / "sweep.json").read_text())["trials"][0]["settings"]
    taken, given = (
        zoo.load(zoo.train("xor-mlp", tmp_path / str(n), sweep=swept, **options))
        for n, options in enumerate(
            [{"smoke": True}, {"smoke": True, "settings": {"n_init": 5}}]
        )
    )

    assert taken.zoo.settings["iterations"] == best["iterations"]
    assert (taken.zoo.settings["n_init"], given.zoo.settings["n_init"]) == (3, 5)


def test_the_card_shows_the_sweep(swept: Path, tmp_path: Path) -> None:
    """
    Every trial in the table, what was searched and how, and the picture.
    """
    folder = zoo.train("xor-mlp", tmp_path / "run", sweep=swept, smoke=True)
    card = (folder / "README.md").read_text(encoding="utf-8")
    told = json.loads((folder / "run.json").read_text())["sweep"]

    assert told["table"] == json.loads((swept / "sweep.json").read_text())["table"]
    assert len(told["table"]) == 3
    assert "| trial | iterations | accuracy | epochs | seconds | state |" in card
    assert "(grid, seed 0) over `iterations=1,2`, `n_init=3`. Each\n" in card
    assert (
        "validation rows, after its last epoch; the\n" in card
    )  # it keeps no best one
    assert "![The settings that were tried, and what each trial reached" in card
    assert (folder / "sweep.png").read_bytes() == (swept / "sweep.png").read_bytes()


def test_a_run_knows_whether_it_returned_its_best_epoch() -> None:
    """
    Where a recipe asks for the best weights and has said which those are.
    """
    last, best = (zoo.Run(zoo.get_spec("xor-mlp")) for _ in range(2))
    models = [run.build() for run in (last, best)]
    for _ in last.epochs(1):
        last.log({"accuracy": 0.5})
    for _ in best.epochs(1):
        best.log({"accuracy": 0.5}, best="accuracy")

    assert not best.returned_best
    last.best(models[0])
    best.best(models[1])
    assert (last.returned_best, best.returned_best) == (False, True)


def test_without_a_sweep_the_card_has_none(tmp_path: Path) -> None:
    """
    No heading stands without a table under it.
    """
    folder = zoo.train("xor-mlp", tmp_path / "run", smoke=True)

    assert "zoo sweep" not in (folder / "README.md").read_text(encoding="utf-8")
    assert not (folder / "sweep.png").exists()


def test_the_command(
    swept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `zoo train NAME --sweep FOLDER` does the same.
    """
    words = ["train", "xor-mlp", "--smoke", "--sweep", str(swept)]
    assert main([*words, "--out", str(tmp_path / "run")]) == 0

    capsys.readouterr()
    assert "sweep" in zoo.load(tmp_path / "run").zoo.receipt


def test_what_is_refused(swept: Path, tmp_path: Path) -> None:
    """
    A sweep of another model, one of smoke runs, and a folder without any.
    """
    empty = tmp_path / "empty"
    empty.mkdir()
    asked = [
        ("xor-mlp", empty, True),
        ("mlp-mnist", swept, True),
        ("xor-mlp", swept, False),
    ]
    messages = []
    for name, folder, smoke in asked:
        with pytest.raises(SettingsError) as caught:
            zoo.train(name, tmp_path / "run", sweep=folder, smoke=smoke)
        messages.append(str(caught.value))

    assert messages == [
        f"{empty} holds no finished sweep (FileNotFoundError). Run 'zoo sweep xor-mlp' "
        "first, or finish it with --resume.",
        f"{swept} holds a sweep of 'xor-mlp', not of 'mlp-mnist'.",
        f"{swept} holds a sweep of smoke runs, which tell nothing of settings. Run it "
        "without --smoke.",
    ]
    assert not (tmp_path / "run").exists()
