"""What only the model for lines of digits promises; the rest is in zoo.testing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from zoo_ocr import digit_lines
from zoo_ocr.crnn import crnn, rows_left
from zoo_ocr.digit_lines import INK, join_digits
from zoo_ocr.digits_report import cut_line, equal_cuts, mean_pitch, number_of_digits

import zoo
from zoo.recipes import TensorRows

NAME = "crnn-digits"
SPEC: Any = zoo.get_spec(NAME)


def bars() -> tuple[torch.Tensor, torch.Tensor]:
    """Return ten digits, each a bar as wide as its label says, and these labels."""
    digits = torch.zeros(10, 28, 28, dtype=torch.uint8)
    for label in range(10):
        digits[label, 6:22, 10 : 11 + label] = 200
    return digits, torch.arange(10)


# Lines


def test_a_line_has_the_ink_of_its_digits_in_their_order() -> None:
    """
    Where they do not touch: bars as wide as the text says, from left to right.
    """
    lines, texts = join_digits(*bars(), 60, seed=0)
    shown = 0
    for line, text in zip(lines[:, 0], texts, strict=True):
        ink = (line > INK).any(dim=0).int()
        edges = torch.diff(torch.nn.functional.pad(ink, (1, 1)))
        wide = (edges == -1).nonzero() - (edges == 1).nonzero()
        if len(wide) == len(text):  # none of them touch
            shown += 1
            assert [n - 1 for n in wide[:, 0].tolist()] == [int(n) for n in text]

    assert lines.shape == (60, 1, 28, 176)
    assert shown > 10


def test_lines_have_three_to_six_digits_and_follow_the_seed() -> None:
    one, other, third = (join_digits(*bars(), 200, seed=seed) for seed in (1, 1, 2))

    assert {len(text) for text in one[1]} == {3, 4, 5, 6}
    assert one[1] == other[1] != third[1]
    assert torch.equal(one[0], other[0])


def test_no_digit_is_taken_twice_before_all_were_taken() -> None:
    """
    Ten digits in two lines of five.
    """
    _, texts = join_digits(*bars(), 2, seed=0, lengths=[5])

    assert sorted("".join(texts)) == list("0123456789")


def test_validation_lines_are_of_digits_that_training_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, int, int]] = []
    digits, labels = (torch.cat([one] * 3) for one in bars())
    rows = TensorRows(input=digits[:, None], target=labels, source="digits")

    def joined(given: Any, labels: Any, count: int, *, seed: int) -> Any:
        asked.append((str(labels.tolist()), count, seed))
        return join_digits(given, labels, count, seed=seed)

    monkeypatch.setattr(digit_lines, "load_rows", lambda *_: rows)
    monkeypatch.setattr(digit_lines, "join_digits", joined)
    monkeypatch.setattr(digit_lines, "HELD_OUT", 10)
    for split in ("train", "validation", "test"):
        read = digit_lines.read_rows("mnist", split, output_spec=SPEC.output, first=4)
        assert read.input.shape == (4, 1, 28, 176)

    assert [labels.count(",") + 1 for labels, _, _ in asked] == [20, 10, 30]
    assert len({seed for _, _, seed in asked}) == 3


# The network, and the baseline


@pytest.mark.parametrize("height", [28, 50, 33, 64])
def test_a_line_of_any_height_becomes_one_row(height: int) -> None:
    """
    That the network was built for: the last convolution takes the rows that are left.
    """
    model = crnn(classes=10, hidden_size=8, height=height, channels=(4, 4, 4, 4)).eval()

    assert model(torch.rand(2, 1, height, 40)).shape == (2, 10, 11)
    assert rows_left(50) == 4


def test_a_line_is_cut_into_equal_parts() -> None:
    """
    From its first ink to its last, each part in the middle of a square.
    """
    line = torch.zeros(28, 176, dtype=torch.uint8)
    line[6:22, 40:58], line[6:22, 58:76] = 100, 200
    parts = cut_line(line, 2)

    assert parts.shape == (2, 1, 28, 28)
    assert parts[0, 0, 10, 5:23].unique().tolist() == [100]
    assert parts[1, 0, 10, 5:23].unique().tolist() == [200]
    assert parts[:, :, :, :5].max() == parts[:, :, :, 23:].max() == 0


def test_the_number_of_digits_is_guessed_by_the_length() -> None:
    line = torch.zeros(28, 176, dtype=torch.uint8)
    line[10, 20:100] = 255

    assert mean_pitch(line[None, None], ["1234"]) == 20
    assert [number_of_digits(line, pitch) for pitch in (20, 16, 5, 70)] == [4, 5, 6, 3]


def test_lenet_reads_single_digits_of_a_line() -> None:
    """
    In which they are equally wide and far apart.
    """
    lenet = zoo.load("lenet5-mnist")
    with Image.open(zoo.example("lenet5-mnist")) as shown:
        seven = np.asarray(shown.convert("L").resize((28, 28)))
    columns = np.flatnonzero((seven > INK).any(axis=0))
    ink = torch.from_numpy(seven[:, columns[0] : columns[-1] + 1].copy())
    line = torch.zeros(1, 1, 28, 176, dtype=torch.uint8)
    for place in range(3):
        start = 30 + place * ink.shape[1]
        line[0, 0, :, start : start + ink.shape[1]] = ink

    assert equal_cuts(lenet, line, [3]) == ["777"]


# The shipped model


@pytest.mark.parametrize("name", SPEC.examples)
def test_the_examples_are_read(name: str) -> None:
    path = zoo.example(NAME).with_name(name)

    assert zoo.predict(zoo.load(NAME), path).text == name.removesuffix(".png")


def test_dark_ink_on_paper_is_read_with_invert() -> None:
    """
    And without it there is a warning that says so.
    """
    model = zoo.load(NAME)
    with Image.open(zoo.example(NAME)) as shown:
        paper = shown.convert("L").point(lambda level: 255 - level)
    with pytest.warns(UserWarning, match="pass invert=True"):
        zoo.predict(model, paper)

    assert zoo.predict(model, paper, invert=True).text == "31415"


def test_an_empty_line_has_no_digits() -> None:
    assert zoo.predict(zoo.load(NAME), Image.new("L", (176, 28))).text == ""


def test_it_is_ahead_of_lenet_on_equal_cuts() -> None:
    """
    By the receipt, on the test lines.
    """
    receipt = zoo.load(NAME).zoo.receipt
    measured = {m["name"]: m["value"] for m in receipt["metrics"]}

    assert measured["string_accuracy"] > 0.94
    for baseline in receipt["baselines"].values():
        assert measured["string_accuracy"] > baseline["string_accuracy"] + 0.1


def test_it_ships_no_more_than_it_needs() -> None:
    path = Path(digit_lines.__file__).with_name("checkpoints") / NAME

    assert (path / "model.safetensors").stat().st_size < 450_000
