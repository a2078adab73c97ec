"""What every task, every kind of input and every kind of output has to know."""

from dataclasses import replace
from typing import Any

import pytest
import torch

import zoo
from zoo.errors import SettingsError, SpecError
from zoo.finetuning.strategies import Settings
from zoo.preprocessing.preprocessor import Preprocessor, preprocessor
from zoo.runtime.rows import to_model_input
from zoo.specs import (
    ClassOutput,
    Column,
    ImageInput,
    Input,
    NoiseInput,
    Output,
    SeriesInput,
    TabularInput,
    TextInput,
)
from zoo.tasks import Task, get_task, list_tasks, task_of
from zoo.tasks.targets.base import Targets, targets_of

COLUMNS = (Column(name="a", low=-1, high=1), Column(name="b", low=5, high=6))
INPUTS = [
    ImageInput(height=4, width=6),
    NoiseInput(latent_dim=3),
    SeriesInput(columns=COLUMNS, length=4),
    TabularInput(columns=COLUMNS),
    TextInput(max_length=9, vocab_size=50),
]
KINDS = pytest.mark.parametrize("expected", INPUTS, ids=lambda one: one.kind)


@pytest.mark.parametrize("tag", list_tasks())
def test_a_task_says_what_its_models_take_and_give(tag: str) -> None:
    """
    By classes of specs; what can be taught has right answers, and can be measured.
    """
    doing = get_task(tag)

    assert isinstance(doing, Task)
    assert all(issubclass(kind, Input) for kind in doing.input_types)
    assert all(issubclass(kind, Output) for kind in doing.output_types)
    taught = doing.own_loss or type(doing).loss is not Task.loss
    measured = (
        type(doing).compute_metrics is not Task.compute_metrics
        or type(doing).measure_output is not Task.measure_output
    )
    own_choice = type(doing).selection_metric is not Task.selection_metric
    assert taught == (doing.metric is not None or own_choice)
    assert measured or not taught


@pytest.mark.parametrize("tag", list_tasks())
def test_a_task_makes_results_of_one_pass_or_of_several(tag: str) -> None:
    """
    One of the two ways is its own at least; pictures of several sizes need both.
    """
    kind = type(get_task(tag))

    assert kind.postprocess is not Task.postprocess or kind.predict is not Task.predict


@pytest.mark.parametrize("name", zoo.list_models())
def test_the_task_of_a_model_fits_its_spec(name: str) -> None:
    """
    What a registered model takes and gives is what its task has.
    """
    spec = zoo.get_spec(name)

    assert task_of(spec).signature(spec) == (spec.input, spec.output)


def test_a_spec_that_does_not_fit_its_task_is_told() -> None:
    """
    With what the task has instead.
    """
    spec = replace(zoo.get_spec("mlp-mnist"), input=NoiseInput(latent_dim=3))

    with pytest.raises(SpecError) as told:
        get_task(spec.task).signature(spec)

    assert str(told.value) == (
        "Model 'mlp-mnist': input=NoiseInput(kind='noise', latent_dim=3) should be "
        "one that 'image-classification' has (ImageInput)."
    )


def test_a_metric_is_what_a_task_measures() -> None:
    """
    With balance, and without.
    """
    output, target = torch.eye(3), torch.arange(3)
    meaning = ClassOutput(labels=("a", "b", "c"))
    doing = get_task("tabular-classification")

    found = doing.compute_metrics(output, target, meaning)
    assert found[doing.selection_metric(balance=False)] == 1
    assert found[doing.selection_metric(balance=True)] == 1
    assert doing.selection_metric(balance=False) == doing.metric


def test_only_pictures_are_augmented() -> None:
    """
    A model of tables says what it takes instead.
    """
    spec = zoo.get_spec("perceptron-iris")

    with pytest.raises(SettingsError, match="takes rows of a table: leave it out"):
        get_task(spec.task).check_finetuning(spec, Settings(augment="flip"))


def test_every_kind_of_input_and_output_is_known() -> None:
    """
    The class that a spec names is there, and is of the right sort.
    """
    readers = {kind: preprocessor(made) for kind, made in Input.kinds.items()}
    answers = {kind: targets_of(made) for kind, made in Output.kinds.items()}

    assert {one.kind for one in INPUTS} == {*readers}
    assert all(isinstance(one, Preprocessor) for one in readers.values())
    assert all(isinstance(one, Targets) for one in answers.values())


@KINDS
def test_stand_in_rows_are_prepared(expected: Any) -> None:
    """
    Rows of a kind are floats or token numbers once prepared, and the same by the seed.
    """
    read = preprocessor(expected)
    first, again, other = (
        read.synthetic(expected, 5, torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    )

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert read.prepared(first, expected).dtype in (torch.float32, torch.int64)
    assert len(read.benchmark(expected, 7)) == 7


@KINDS
def test_two_kinds_of_rows_differ(expected: Any) -> None:
    """
    Every row is nearer to all of its own kind than to any of the other.
    """
    read = preprocessor(expected)
    drawn = to_model_input(
        read.synthetic(expected, 8, torch.Generator().manual_seed(0))
    )
    second = torch.arange(8) % 2 == 1
    rows = read.contrast(drawn, second, expected).float().flatten(start_dim=1)

    distance = torch.cdist(rows, rows)
    within, between = distance[second][:, second], distance[second][:, ~second]
    assert within.max() < between.min()
