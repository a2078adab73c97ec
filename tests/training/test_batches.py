"""Batches a model can learn from: none of one row where it normalises over rows."""

import pytest
import torch
from torch import Tensor

import zoo
from zoo.datasets.in_memory import TensorRows
from zoo.errors import TrainingError
from zoo.training.run import Run, one_row_explained


def batches(name: str, count: int, size: int, **how: object) -> list[Tensor]:
    run = Run(zoo.get_spec(name))
    run.build()
    rows = TensorRows(
        input=torch.arange(count)[:, None], target=torch.zeros(count), source="mine"
    )
    made = [given.flatten() for given, _ in run.batches(rows, size, **how)]
    assert run.steps(rows, size, 3) == 3 * len(made)
    return made


@pytest.mark.parametrize(
    ("name", "count", "size", "sizes"),
    [
        ("cnn-cifar10", 9, 4, [4, 4]),
        ("cnn-cifar10", 10, 4, [4, 4, 2]),
        ("cnn-cifar10", 8, 4, [4, 4]),
        ("cnn-cifar10", 1, 4, [1]),
        ("cnn-cifar10", 3, 1, [1, 1, 1]),
        ("lenet5-mnist", 9, 4, [4, 4, 1]),
    ],
)
def test_a_last_batch_of_one_row(
    name: str, count: int, size: int, sizes: list[int]
) -> None:
    """
    It is left out under batch normalisation alone, and schedules know of it.
    """
    made = batches(name, count, size)

    assert [len(one) for one in made] == sizes
    assert len({*torch.cat(made).tolist()}) == sum(sizes)


def test_the_row_that_is_left_out_is_another_in_each_epoch() -> None:
    """
    It is the last of an order that is drawn afresh; an order of the recipe holds.
    """
    run = Run(zoo.get_spec("cnn-cifar10"))
    run.build()
    rows = TensorRows(
        input=torch.arange(9)[:, None], target=torch.zeros(9), source="mine"
    )
    left = [
        36 - sum(int(given.sum()) for given, _ in run.batches(rows, 4))
        for _ in range(20)
    ]
    ordered = batches("cnn-cifar10", 9, 4, order=lambda drawn, *_: drawn.sort().values)

    assert len({*left}) > 4
    assert torch.cat(ordered).tolist() == [*range(8)]


def test_other_errors_stay_as_they_are() -> None:
    """
    Only what torch says of one row is said in words.
    """
    with pytest.raises(ValueError, match="mine"), one_row_explained():
        raise ValueError("mine")
    norm = torch.nn.BatchNorm1d(2)
    with pytest.raises(TrainingError) as caught, one_row_explained():
        norm(torch.zeros(1, 2))
    assert str(caught.value) == (
        "Batch normalisation learns from the spread of a batch, and a batch of one row "
        "has none. Give a batch_size of 2 or more, and 2 rows for each process."
    )
