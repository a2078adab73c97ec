"""What the card of the model for digits tells: LeNet-5 on equal cuts, and its errors.

LeNet-5 reads one digit at a time, so a line is cut for it: from its first column with
ink to its last, into parts of one width.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

import zoo
from zoo import Run
from zoo.recipes import (
    TensorRows,
    images,
    normalize,
    predict_batches,
    to_model_input,
)
from zoo.recipes.metrics import read_texts, text_accuracy
from zoo.results import OCRResult, image_grid, png
from zoo_ocr.baselines import true_texts
from zoo_ocr.digit_lines import INK, LENGTHS, join_digits
from zoo_ocr.digits_recipe import DATASET, data
from zoo_ocr.report import with_truth

__all__ = ["cut_line", "equal_cuts", "example", "number_of_digits", "report"]

EXAMPLES = ("31415.png", "2026.png", "907.png")
LENET = "lenet5-mnist"
SIDE = 28  # of what LeNet-5 takes
OTHER_LENGTHS = (1, 2, 7)
MADE, SMOKE_MADE = 500, 4  # lines of each other length
MAX_ERRORS, COLUMNS = 12, 3
ERRORS = (
    "Test lines that are read wrongly, with what was read, digits of a probability "
    "below one half in color, and what they say in brackets."
)
READ = "The examples that ship with the model, and what is read."


def example(run: Run) -> Tensor:
    """Return the examples that ship with the model, as prepared pixels."""
    expected: Any = run.spec.input
    opened = [images.open_image(_example_path(name), expected) for name in EXAMPLES]
    return torch.stack([images.image_to_tensor(one, expected) for one in opened])


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and pictures of the model card."""
    output_spec: Any = run.spec.output
    train_rows, rows = data(run, "train"), data(run, "test")
    lenet = run.load_model(LENET)
    true = true_texts(rows, output_spec)
    pitch = mean_pitch(train_rows.input, true_texts(train_rows, output_spec))
    counted = [number_of_digits(one, pitch) for one in rows.input[:, 0]]
    for name, counts in (
        ("LeNet-5 on equal cuts", counted),
        ("LeNet-5 on equal cuts, told how many", [len(text) for text in true]),
    ):
        read = equal_cuts(lenet, rows.input, counts)
        run.log_baseline(name, **text_accuracy(read, true))
    logits = predict_batches(
        model, to_model_input(rows.input, run.spec.input), batch_size=500
    )
    read = read_texts(logits, output_spec)
    run.log_summary(
        **{f"accuracy_{n}": _of_length(read, true, n) for n in LENGTHS},
        **_other_lengths(model, run),
        **_changed(model, rows, true, run),
    )
    wrong = [n for n, text in enumerate(true) if read[n] != text][:MAX_ERRORS]
    shown = wrong or list(range(min(COLUMNS, len(true))))
    answers: Any = zoo.predict(model, [_picture(rows, n) for n in shown])
    told = [with_truth(one, true[n]) for one, n in zip(answers, shown, strict=True)]
    run.log_figure("errors", png(_grid(told)), ERRORS)
    shipped: Any = [zoo.predict(model, _example_path(name)) for name in EXAMPLES]
    run.log_figure("examples", png(_grid(shipped)), READ)


def mean_pitch(lines: Tensor, texts: Sequence[str]) -> float:
    """Return how many columns a digit takes in the mean, of lines (N, 1, H, W)."""
    wide = [ends[1] - ends[0] for ends in map(_ink, lines[:, 0])]
    return sum(wide) / max(1, sum(map(len, texts)))


def number_of_digits(line: Tensor, pitch: float) -> int:
    """Return how many digits a line (H, W) seems to have, by its length."""
    first, last = _ink(line)
    return min(LENGTHS[-1], max(LENGTHS[0], round((last - first) / pitch)))


def equal_cuts(model: Any, lines: Tensor, counts: Sequence[int]) -> list[str]:
    """Return what a model of single digits reads in lines, (N, 1, H, W), of which each
    is cut into so many parts."""
    known: Any = model.zoo
    spec = known.spec
    cuts = [cut_line(one, n) for one, n in zip(lines[:, 0], counts, strict=True)]
    rows = normalize(to_model_input(torch.cat(cuts)), spec.input)
    labels = predict_batches(model, rows).argmax(dim=1).split(list(counts))
    return ["".join(spec.labels[n] for n in each.tolist()) for each in labels]


def cut_line(line: Tensor, count: int) -> Tensor:
    """Return parts of a line, bytes (H, W), of one width, each in the middle of a
    square: (count, 1, 28, 28)."""
    first, last = _ink(line)
    parts = torch.zeros(count, 1, SIDE, SIDE, dtype=line.dtype)
    for number in range(count):
        left, right = (
            first + round(place * (last - first) / count)
            for place in (number, number + 1)
        )
        part = line[:, left : min(right, left + SIDE)]
        start = (SIDE - part.shape[1]) // 2
        parts[number, 0, :, start : start + part.shape[1]] = part
    return parts


def _ink(line: Tensor) -> tuple[int, int]:
    """Return the first column of a line (H, W) with ink, and the one after the last."""
    columns = (line > INK).any(dim=0).nonzero()[:, 0].tolist()
    return (columns[0], columns[-1] + 1) if columns else (0, line.shape[1])


def _of_length(read: Sequence[str], true: Sequence[str], length: int) -> float:
    pairs = [(a, b) for a, b in zip(read, true, strict=True) if len(b) == length]
    return sum(a == b for a, b in pairs) / max(1, len(pairs))


def _other_lengths(model: nn.Module, run: Run) -> dict[str, float]:
    """Return the accuracy on lines of more and of fewer digits than in training."""
    digits = run.load_rows(DATASET, "test")
    measured = {}
    for length in OTHER_LENGTHS:
        lines, texts = join_digits(
            digits.input[:, 0],
            digits.target,
            SMOKE_MADE if run.smoke else MADE,
            seed=length,
            lengths=[length],
        )
        measured[f"accuracy_{length}"] = _accuracy(model, lines, texts, run)
    return measured


def _changed(
    model: nn.Module, rows: TensorRows, true: Sequence[str], run: Run
) -> dict[str, float]:
    """Return the accuracy on lines that were changed."""
    random = torch.Generator().manual_seed(0)
    noise = 60 * torch.randn(rows.input.shape, generator=random)
    bolder = torch.nn.functional.max_pool2d(rows.input.float(), 3, 1, 1)
    lines = {
        "noisy": (rows.input + noise).clamp(0, 255).byte(),
        "shifted": rows.input.roll(4, dims=2),
        "bold": bolder.byte(),
        "upside_down": rows.input.flip(2, 3),
    }
    return {
        f"accuracy_{name}": _accuracy(model, changed, true, run)
        for name, changed in lines.items()
    }


def _accuracy(model: nn.Module, lines: Tensor, true: Sequence[str], run: Run) -> float:
    logits = predict_batches(
        model, to_model_input(lines, run.spec.input), batch_size=500
    )
    output_spec: Any = run.spec.output
    return text_accuracy(read_texts(logits, output_spec), true)["string_accuracy"]


def _grid(results: Sequence[OCRResult]) -> Image.Image:
    drawn = [result.render() for result in results]
    return image_grid([one for one in drawn if one is not None], columns=COLUMNS)


def _picture(rows: TensorRows, row: int) -> Image.Image:
    return Image.fromarray(rows.input[row, 0].numpy())


def _example_path(name: str) -> Path:
    return Path(__file__).with_name("examples") / name
