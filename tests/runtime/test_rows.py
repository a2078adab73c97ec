"""Which rows go where, and in which order they come."""

import pytest
import torch
from torch import nn

import zoo
from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.errors import DataError
from zoo.runtime.bucketing import bucket_by_length
from zoo.runtime.folds import Fold
from zoo.runtime.rows import predict_batches, random_split


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ordered(
    count: int, size: int, random: torch.Generator, length: torch.Tensor
) -> torch.Tensor:
    """Return an order of rows by their lengths, as `run.batches` draws it."""
    return bucket_by_length(length)(
        torch.randperm(count, generator=random), size, random
    )


def days(count: int = 10) -> TensorRows:
    """Return rows that follow each other in time."""
    number = torch.arange(count)
    return TensorRows(
        input=number[:, None].float(),
        target=number,
        source="prices/train",
        fingerprint="none",
        timed=True,
    )


def test_an_order_has_every_row_once() -> None:
    """
    Also where the last batch is not full.
    """
    length = torch.randint(1, 50, (1003,), generator=drawn())

    order = ordered(1003, 8, drawn(), length)

    assert torch.equal(order.sort().values, torch.arange(1003))


def test_rows_of_like_length_share_a_batch() -> None:
    """
    Far less is filled up than in a plain order, and a batch is not always the same.
    """
    length = torch.randint(1, 100, (4000,), generator=drawn())

    def wide(order: torch.Tensor) -> int:
        return sum(int(length[rows].max()) * len(rows) for rows in order.split(16))

    random = drawn(1)
    first, again = (ordered(4000, 16, random, length) for _ in range(2))

    assert wide(first) < 0.6 * wide(torch.randperm(4000, generator=drawn(1)))
    assert wide(first) < 1.1 * int(length.sum())
    assert set(map(tuple, first.view(-1, 16).tolist())).isdisjoint(
        map(tuple, again.view(-1, 16).tolist())
    )


def test_lengths_come_mixed() -> None:
    """
    Short batches do not all come first: the mean length says nothing about when.
    """
    length = torch.arange(1600)

    batches = length[ordered(1600, 16, drawn(), length)].view(-1, 16).float()
    first, second = batches[:50].mean().item(), batches[50:].mean().item()

    assert first == pytest.approx(second, rel=0.3)


def test_batches_of_texts_are_hardly_filled_up() -> None:
    """
    `run.batches` takes the lengths, gives every row once, and cuts what is filling.
    """
    length = torch.randint(1, 60, (1000,), generator=drawn())
    token = torch.ones(1000, 60).int() * (torch.arange(60) < length[:, None])
    number = torch.arange(1000) % 2
    rows = TensorRows(input=token, target=number, source="made", fingerprint="none")
    run = Run(zoo.get_spec("lsa-mlp-20news"))

    plain = [given for given, _ in run.batches(rows, 20)]
    alike = [
        given for given, _ in run.batches(rows, 20, order=bucket_by_length(length))
    ]

    assert sum(int((given != 0).sum()) for given in alike) == int(length.sum())
    assert sum(given.numel() for given in alike) < 1.1 * int(length.sum())
    assert sum(given.numel() for given in plain) > 1.5 * int(length.sum())


def test_an_order_without_lengths_is_what_it_was() -> None:
    """
    The weights of every shipped model depend on it.
    """
    number = torch.arange(20)
    rows = TensorRows(input=number[:, None].float(), target=number % 2, source="made")
    run = Run(zoo.get_spec("lsa-mlp-20news"), seed=7)

    order = torch.cat([given[:, 0] for given, _ in run.batches(rows, 4)])

    assert torch.equal(order.long(), torch.randperm(20, generator=drawn(7)))


def test_rows_in_time_are_held_back_from_the_end() -> None:
    """
    Whatever the seed; other rows are drawn.
    """
    fitting, held = days().split(0.8, seed=3)
    first, second = random_split(10, 0.8, seed=3, source="rows")

    assert fitting.target.tolist() == list(range(8))
    assert held.target.tolist() == [8, 9]
    assert sorted([*first.tolist(), *second.tolist()]) == list(range(10))
    assert first.tolist() != list(range(8))


def test_rows_in_time_make_no_folds() -> None:
    """
    The message says why, and what to do.
    """
    with pytest.raises(DataError) as told:
        Fold(number=0, count=5).split(days(), seed=0)

    assert str(told.value) == (
        "prices/train: rows that follow each other in time make no folds, because a "
        "fold would be forecast from what came after it. Hold the last rows back "
        "instead: `run.split` does."
    )


def test_a_part_in_eval_mode_stays_so_after_predictions() -> None:
    """
    While the rest trains: a frozen normalization must not begin to move.
    """
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2)).train()
    model[0].eval()

    predict_batches(model, torch.randn(4, 3))

    assert [part.training for part in (model, *model)] == [True, False, True]
