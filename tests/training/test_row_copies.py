"""Test rows that a recipe has learned from, found by their content."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

import zoo
from zoo.artifacts.checkpoint_folder import read_receipt
from zoo.datasets.in_memory import TensorRows
from zoo.training.row_copies import copy_notes

PIXELS = zoo.get_spec("lenet5-mnist").input
TEXT = zoo.get_spec("gru-nsmc").input
XOR = (
    "logic-gates/train: 4 of 4 test rows are copies of training rows, so the test "
    "metrics say less about new rows."
)


def rows(given: Tensor, source: str = "mine/test") -> TensorRows:
    return TensorRows(input=given, target=torch.zeros(len(given)), source=source)


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32, torch.int64])
def test_copies_are_the_same_to_the_byte(kind: torch.dtype) -> None:
    """
    Of pictures, numbers and series; one that differs in a pixel is none.
    """
    training = torch.arange(5 * 1 * 2 * 3).view(5, 1, 2, 3).to(kind)
    test = training[[3, 0, 1]].clone()
    test[2, 0, 1, 2] += 1

    notes = copy_notes(PIXELS, rows(training), {"test": rows(test)})

    assert notes == [
        "mine/test: 2 of 3 test rows are copies of training rows, so the test metrics "
        "say less about new rows."
    ]
    assert copy_notes(PIXELS, rows(training), {"test": rows(test[2:])}) == []


def test_texts_are_compared_without_their_padding() -> None:
    """
    The longest text of a split decides how far the others are filled up.
    """
    padding = TEXT.pad_token_id
    training = torch.tensor([[5, 6, 7], [5, 6, padding]])
    test = torch.tensor([[5, 6], [6, 5]])

    (note,) = copy_notes(TEXT, rows(training), {"validation": rows(test, "mine/train")})

    assert note == (
        "mine/train: 1 of 2 validation rows is a copy of training rows, so the "
        "validation metrics say less about new rows."
    )


def test_rows_that_are_not_in_memory_are_not_compared() -> None:
    """
    Nothing is read a second time for it.
    """
    assert copy_notes(PIXELS, object(), {"test": rows(torch.zeros(1, 1))}) == []
    assert copy_notes(PIXELS, None, {"test": None}) == []


def test_a_training_says_so_in_its_receipt_and_card(tmp_path: Path) -> None:
    """
    The four rows of XOR are all there are, so they are measured on as well.
    """
    zoo.train("xor-mlp", tmp_path / "xor", smoke=True)

    (note,) = read_receipt(tmp_path / "xor")["notes"]
    card = (tmp_path / "xor" / "README.md").read_text(encoding="utf-8")
    assert note == XOR
    assert note in card
