"""Heads on features that are taken a block at a time."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from zoo.finetuning import linear_solver, row_blocks
from zoo.finetuning.row_blocks import SelectedRows

FEATURES = torch.randn(50, 6, generator=torch.Generator().manual_seed(0))
TARGET = (FEATURES[:, 0] > 0).long()
ROWS = torch.randperm(50, generator=torch.Generator().manual_seed(1))[:33]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_blocks, "BLOCK_ROWS", 8)
    monkeypatch.setattr(linear_solver, "BLOCK_ROWS", 8)


def test_blocks_give_the_output_and_the_gradients_of_all_rows_at_once() -> None:
    """Rows in any order, the last block smaller than the others."""
    weight = torch.randn(3, 6, requires_grad=True)
    bias = torch.randn(3, requires_grad=True)
    output = row_blocks.linear_of_rows(SelectedRows(FEATURES, ROWS), weight, bias)
    expected = FEATURES[ROWS] @ weight.T + bias
    assert torch.allclose(output, expected)
    factor = torch.randn(33, 3)
    found = torch.autograd.grad((output * factor).sum(), (weight, bias))
    known = torch.autograd.grad((expected * factor).sum(), (weight, bias))
    for one, other in zip(found, known, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_a_head_solved_on_blocks_is_that_of_copied_rows() -> None:
    """The penalty makes the problem one with a single answer."""
    start = torch.zeros(2, 6), torch.zeros(2)
    blocks = linear_solver.solve(
        start, SelectedRows(FEATURES, ROWS), TARGET[ROWS], cross_entropy, l2=0.01
    )
    copied = linear_solver.solve(
        start, FEATURES[ROWS], TARGET[ROWS], cross_entropy, l2=0.01
    )
    assert torch.allclose(blocks[0], copied[0], atol=1e-4)
    assert torch.allclose(blocks[1], copied[1], atol=1e-4)


def test_choices_on_blocks_are_those_on_copied_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Starts, scores and their order."""

    def chosen() -> list[tuple[str, float, float]]:
        tried = linear_solver.choose(
            lambda _: {"zeros": (torch.zeros(2, 6), torch.zeros(2))},
            *(FEATURES, TARGET, cross_entropy),
            lambda output, target: (output.argmax(1) == target).double().mean().item(),
            seed=0,
            stratified=True,
        )
        return [(one.start, one.l2, one.score) for one in tried]

    blocks = chosen()
    monkeypatch.setattr(linear_solver, "BLOCK_ROWS", 1000)
    assert blocks == chosen()


def test_every_block_is_copied_to_the_same_memory() -> None:
    """New memory for each would leave holes, and a process grow by the search."""
    selected = SelectedRows(FEATURES, ROWS)
    places = {block.data_ptr() for _ in range(2) for _, block in selected.blocks()}
    assert len(places) == 1
    seen = torch.cat([block.clone() for _, block in selected.blocks()])
    assert torch.equal(seen, FEATURES[ROWS])
