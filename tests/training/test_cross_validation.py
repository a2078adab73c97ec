"""Cross-validation: folds of the training rows, and a fresh model for each."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from ad_hoc import NAME, Settings, recipe, table
from torch import nn

import zoo
from zoo import Run
from zoo.cli import main
from zoo.datasets.in_memory import Fold, TensorRows
from zoo.errors import CheckpointError, DataError, SettingsError, TrainingError

__all__ = ["recipe"]

Recipe = Callable[..., None]


class Kept:
    """A training that remembers the rows and the weights it was given."""

    def __init__(self, rows: TensorRows) -> None:
        self.rows = rows
        self.parts: list[tuple[TensorRows, TensorRows]] = []
        self.models: list[nn.Module] = []

    def train(self, settings: Settings, run: Run) -> nn.Module:
        fitting, held = run.split(self.rows, 0.1)
        self.parts.append((fitting, held))
        self.models.append(run.build())
        for epoch in run.epochs(settings.epochs):
            share = held.target.float().mean().item()
            run.log({"accuracy": epoch / 10, "share": share}, best="accuracy")
        return self.models[-1]


def numbers(rows: TensorRows) -> set[int]:
    return set(rows.input[:, 0].int().tolist())


@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize(("count", "folds"), [(20, 4), (23, 5), (5, 5)])
def test_folds_part_the_rows(
    recipe: Recipe, count: int, folds: int, stratified: bool
) -> None:
    """
    Each row is held back once; no fold is fitted on rows that it is measured on.
    """
    kept = Kept(table(count))
    recipe(train=kept.train)
    found = zoo.crossval(NAME, folds=folds, stratified=stratified)

    held = [numbers(held) for _, held in kept.parts]
    assert sum(map(len, held)) == count
    assert set().union(*held) == set(range(count))
    for fitting, back in kept.parts:
        assert numbers(fitting) == set(range(count)) - numbers(back)
    assert [part.held_back for part in found.parts] == list(map(len, held))
    assert max(map(len, held)) - min(map(len, held)) <= 1


def test_stratified_folds_keep_the_proportions(recipe: Recipe) -> None:
    """
    A quarter of the rows have the second label, in the whole and in each fold.
    """
    kept = Kept(table(40))
    recipe(train=kept.train)
    found = zoo.crossval(NAME, folds=5, stratified=True)

    assert [part.figures["share"] for part in found.parts] == [0.25] * 5
    assert found.deviation["share"] == 0


def test_the_seed_shuffles_the_folds(recipe: Recipe) -> None:
    """
    The same seed parts the rows in the same way, another one differently.
    """
    seen = []
    for seed in (0, 0, 1):
        kept = Kept(table())
        recipe(train=kept.train)
        zoo.crossval(NAME, folds=4, settings={"seed": seed})
        seen.append([numbers(held) for _, held in kept.parts])

    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def test_each_fold_starts_from_a_fresh_model(recipe: Recipe) -> None:
    """
    Every fold has a model of its own, from the same first weights.
    """
    kept = Kept(table())
    recipe(train=kept.train)
    zoo.crossval(NAME, folds=2)
    first, second = kept.models

    assert first is not second
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_figures_are_of_the_best_epoch(recipe: Recipe, tmp_path: Path) -> None:
    """
    Mean and sample standard deviation over the folds, on paper as in Python.
    """
    given = iter([0.1, 0.9, 0.5, 0.3, 0.6, 0.7])

    def train(settings: Settings, run: Run) -> Any:
        model = run.build()
        run.split(table(), 0.5)
        for _ in run.epochs(2):
            run.log({"accuracy": next(given)}, best="accuracy")
        return run.best(model)

    recipe(train=train)
    found = zoo.crossval(NAME, tmp_path / "c", folds=3)
    held = json.loads((tmp_path / "c" / "crossval.json").read_text())

    assert [part.figures["accuracy"] for part in found.parts] == [0.9, 0.5, 0.7]
    assert found.mean["accuracy"] == pytest.approx(0.7)
    assert found.deviation["accuracy"] == pytest.approx(0.2)
    assert held["mean"] == found.mean
    assert held["figure"] == "accuracy"
    assert held["settings"]["epochs"] == 2


def test_a_shipped_recipe_twice() -> None:
    """
    Real training, twice: the same figures to the last digit.
    """
    one, again = (
        zoo.crossval("mlp-mnist", folds=2, smoke=True, settings={"batch_size": 64})
        for _ in range(2)
    )

    assert [p.figures for p in one.parts] == [p.figures for p in again.parts]
    assert one.parts[0].fitted == one.parts[0].held_back == 128


def test_a_recipe_that_holds_nothing_back() -> None:
    """
    It is found out after one epoch, not after all folds.
    """
    with pytest.raises(TrainingError) as caught:
        zoo.crossval("xor-mlp", folds=2, metric="accuracy", smoke=True)

    assert str(caught.value) == (
        "The recipe 'zoo_perceptron.xor_recipe' of 'xor-mlp' holds no rows back with "
        "run.split, so it can't be cross-validated."
    )


def test_a_wrong_metric_is_found_before_the_first_fold(recipe: Recipe) -> None:
    """
    By a row that the recipe logs on noise; without a metric, after one epoch.
    """
    epochs = []

    def mute(settings: Settings, run: Run) -> Any:
        model = run.build()
        run.split(table(), 0.5)
        for epoch in run.epochs(3):
            epochs.append((run.smoke, epoch))
            run.log({"accuracy": 0.5})
        return model

    recipe(train=mute)
    with pytest.raises(SettingsError) as wrong:
        zoo.crossval(NAME, folds=2, metric="acuracy")
    with pytest.raises(SettingsError) as none:
        zoo.crossval(NAME, folds=2)

    assert str(wrong.value) == (
        "No figure 'acuracy'. Did you mean 'accuracy'? Figures: accuracy."
    )
    assert str(none.value) == (
        "The recipe does not say which figure is the best one; say it with --metric. "
        "Figures: accuracy."
    )
    assert epochs == [(True, 1), (False, 1)]


@pytest.mark.parametrize("folds", [1, 0, -2])
def test_too_few_folds(recipe: Recipe, folds: int) -> None:
    """
    One fold holds everything back, and has no deviation.
    """
    with pytest.raises(SettingsError) as caught:
        zoo.crossval(NAME, folds=folds)

    assert str(caught.value) == f"folds={folds} can't be compared; give at least 2."


def test_more_folds_than_rows(recipe: Recipe) -> None:
    """
    A fold without rows measures nothing.
    """
    with pytest.raises(DataError) as caught:
        zoo.crossval(NAME, folds=21)

    assert str(caught.value) == "made/train: 20 rows can't be parted into 21 folds."


def test_stratified_folds_of_several_labels() -> None:
    """
    Rows that have several labels at once have no proportion to keep.
    """
    many = replace(table(), target=torch.zeros(20, 3))
    with pytest.raises(DataError) as caught:
        Fold(number=0, count=2, stratified=True).split(many, seed=0)

    assert str(caught.value) == (
        "made/train: stratified folds need one label a row, and these rows have 3."
    )


def test_the_command(
    recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A line for each fold, then mean and deviation; `--json` gives the file's content.
    """
    folder = str(tmp_path / "c")
    status = main(["crossval", NAME, "--folds", "2", "--out", folder])
    lines = capsys.readouterr().out.splitlines()

    assert status == 0
    assert lines[0].split() == [
        *("fold", "train", "rows", "validation", "rows"),
        *("accuracy", "epochs", "seconds"),
    ]
    assert lines[1].split()[:5] == ["0", "10", "10", "0.8200", "2"]
    assert lines[3].split() == ["mean", "0.8200"]
    assert lines[4].split() == ["deviation", "0.0000"]

    assert main(["crossval", NAME, "--folds", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mean"] == {
        "accuracy": pytest.approx(0.82)
    }


def test_an_earlier_result_is_not_replaced(tmp_path: Path) -> None:
    """
    It is seen before a fold is trained.
    """
    (tmp_path / "crossval.json").write_text("mine")

    with pytest.raises(CheckpointError) as caught:
        zoo.crossval("mlp-diabetes", tmp_path, folds=2, smoke=True)
    assert str(caught.value) == (
        f"{tmp_path} holds crossval.json already; nothing was trained. Name another "
        "folder (--out), or move the file."
    )
    assert (tmp_path / "crossval.json").read_text() == "mine"
