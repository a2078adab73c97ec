"""Handwritten digits joined to lines, as they are made of a set of single ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zoo import OCROutput
from zoo.recipes import TensorRows, load_rows
from zoo.recipes import data as datasets
from zoo.recipes.metrics import encode_texts

__all__ = ["LENGTHS", "WIDTH", "join_digits", "read_rows"]

HEIGHT, WIDTH = 28, 176  # of a line
STEPS = WIDTH // 4  # of the model
LINES = {"train": 12_000, "validation": 1_000, "test": 2_000}
SEEDS = {"train": 1, "validation": 2, "test": 3}
LENGTHS = range(3, 7)
HELD_OUT = 5_000  # of the last training digits, of which the validation lines are
INK = 40  # of 255: what is darker is the ground
GAPS = range(-2, 7)  # pixels between two digits, of which some touch
UP_AND_DOWN = range(-2, 3)  # pixels that a digit is moved by

Array = np.ndarray[Any, Any]


def read_rows(
    name: str, split: str, *, output_spec: OCROutput, first: int | None, **_spec: Any
) -> TensorRows:
    """Return lines as bytes, (N, 1, 28, 176), and their digits as class ids."""
    digits = load_rows(name, "test" if split == "test" else "train")
    if split != "test":
        border = len(digits) - HELD_OUT
        digits = digits[border:] if split == "validation" else digits[:border]
    lines, texts = join_digits(
        digits.input[:, 0], digits.target, first or LINES[split], seed=SEEDS[split]
    )
    source = f"{name}/{split}"
    content = {
        "image": (f"uint8{tuple(lines.shape)}", lines.numpy().tobytes()),
        "text": (f"str{len(texts)}", "\n".join(texts).encode()),
    }
    return TensorRows(
        input=lines,
        target=encode_texts(texts, output_spec, source=source, steps=STEPS),
        source=source,
        fingerprint=datasets.fingerprint(content),
    )


def join_digits(
    digits: Tensor,
    labels: Tensor,
    count: int,
    *,
    seed: int,
    lengths: Sequence[int] = LENGTHS,
) -> tuple[Tensor, list[str]]:
    """Return lines of digits as bytes, (count, 1, 28, 176), and what they say.

    `digits` are bytes, (N, 28, 28). No digit is taken twice before all were taken.
    """
    random = np.random.default_rng(seed)
    wanted = random.choice(lengths, size=count)
    rounds = -(-int(wanted.sum()) // len(digits))
    order = np.concatenate([random.permutation(len(digits)) for _ in range(rounds)])
    pixels, names = digits.numpy(), labels.tolist()
    lines = np.zeros((count, 1, HEIGHT, WIDTH), dtype=np.uint8)
    texts, start = [], 0
    for line, length in zip(lines[:, 0], wanted, strict=True):
        rows = order[start : start + length]
        start += length
        _write(line, [_ink(pixels[row]) for row in rows], random)
        texts.append("".join(str(names[row]) for row in rows))
    return torch.from_numpy(lines), texts


def _ink(digit: Array) -> Array:
    """Return the columns from the first with ink to the last."""
    columns = np.flatnonzero((digit > INK).any(axis=0))
    return digit[:, columns[0] : columns[-1] + 1] if len(columns) else digit


def _write(line: Array, digits: Sequence[Array], random: np.random.Generator) -> None:
    """Draw digits into a line, with random gaps, wherever there is room for them."""
    gaps = random.choice(GAPS, size=len(digits) - 1)
    wide = sum(one.shape[1] for one in digits) + int(gaps.sum())
    left = int(random.integers(0, max(1, line.shape[1] - wide + 1)))
    for digit, gap in zip(digits, [*gaps, 0], strict=True):
        moved = np.roll(digit, random.choice(UP_AND_DOWN), axis=0)
        part = line[:, left : left + digit.shape[1]]
        np.maximum(part, moved[:, : part.shape[1]], out=part)
        left += digit.shape[1] + int(gap)
