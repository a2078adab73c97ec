"""The report of pix2pix: what its model card says of it.

How far the photographs are from the real ones, and what a network that was trained here
on real photographs reads in them, beside those of a colour for each label. The figures
are made from label maps that were drawn for the model: no photograph of the training
data may be shown.
"""

from functools import cache
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from zoo import Run
from zoo.recipes import (
    TensorRows,
    eval_mode,
    images,
    load_or_synthetic,
    predict_batches,
    spec_of,
    to_model_input,
)
from zoo.results import image_grid, png
from zoo_image2image.label_reader import EPOCHS as READER_EPOCHS
from zoo_image2image.label_reader import labels_of, mean_iou, train_reader
from zoo_image2image.pictures import read_pairs
from zoo_image2image.pix2pix_recipe import SMOKE_PICTURES, data, with_photos

__all__ = ["evaluate", "example", "label_colors", "report"]

DRAWN = "house.png", "tower.png", "shop.png"
NOISES = 2  # outputs with dropout, of each drawn label map
ZOOM = 2  # how much larger a picture is shown
MADE = (
    "Drawn label maps, and below each the photograph that the model makes of it; then "
    "two with dropout left on, which is the noise of the training."
)
FAILURES = (
    "Label maps that no training pair is like, and what the model makes of them: "
    "background alone, one window as large as the picture, and stripes of all labels."
)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the mean absolute error of pixels in 0..1, and the mean IoU of the labels
    that are read in made photographs."""
    photo, reader = _photos(model, rows), _reader_of(model, rows)
    return _measured(photo, rows, reader, spec_of(model).input)


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and pictures of the model card."""
    train_rows = data(run, "train")
    test_rows, val_rows = data(run, "test"), data(run, "validation")
    reader, spec = _reader_of(model, test_rows), run.spec.input
    for average in ("mean", "median"):
        colors = label_colors(train_rows, spec, average)
        test, val = (
            _measured(_colored(rows, colors, spec), rows, reader, spec)
            for rows in (test_rows, val_rows)
        )
        run.log_baseline(f"{average} color of each label", **test)
        run.log_summary(
            **{f"validation_{name}_{average}": one for name, one in val.items()}
        )
    val = _measured(_photos(model, val_rows), val_rows, reader, spec)
    label = labels_of(test_rows.input, spec)
    run.log_summary(
        validation_mae=val["mae"],
        validation_iou=val["iou"],
        iou_real=mean_iou(reader, to_model_input(test_rows.target), label),
        noise=_noise(model, test_rows),
    )
    drawn = example(run)
    with_noise = [_with_dropout(model, drawn, seed) for seed in range(NOISES)]
    made = [drawn, predict_batches(model, drawn), *with_noise]
    run.log_figure("made", png(_sheet(torch.cat(made), len(DRAWN))), MADE)
    odd = _odd(spec)
    shown = torch.cat([odd, predict_batches(model, odd)])
    run.log_figure("failures", png(_sheet(shown, len(odd))), FAILURES)


def example(run: Run) -> Tensor:
    """Return the label maps that were drawn for the model, as prepared pixels."""
    spec: Any = run.spec.input
    folder = Path(__file__).with_name("examples")
    opened = [images.open_image(folder / name, spec) for name in DRAWN]
    return torch.stack([images.image_to_tensor(one, spec) for one in opened])


def label_colors(rows: TensorRows, input_spec: Any, average: str) -> Tensor:
    """Return the "mean" or "median" color of each label in photographs, the targets of
    `rows`, in 0..1, (labels, 3); of a label that none has, grey."""
    label, photo = labels_of(rows.input, input_spec), to_model_input(rows.target)
    photo = photo.permute(0, 2, 3, 1)
    found = torch.full((len(input_spec.label_colors), 3), 0.5)
    for number in label.unique().tolist():
        seen = photo[label == number]
        found[number] = seen.mean(0) if average == "mean" else seen.median(0).values
    return found


def _measured(
    photo: Tensor, rows: TensorRows, reader: nn.Module, input_spec: Any
) -> dict[str, float]:
    """Return the metrics of made photographs, pixels in 0..1."""
    return {
        "mae": l1_loss(photo, to_model_input(rows.target)).item(),
        "iou": mean_iou(reader, photo, labels_of(rows.input, input_spec)),
    }


def _photos(model: nn.Module, rows: TensorRows) -> Tensor:
    """Return what the model makes of label maps, as pixels in 0..1."""
    return (predict_batches(model, _given(model, rows), batch_size=50) + 1) / 2


def _given(model: nn.Module, rows: TensorRows) -> Tensor:
    return to_model_input(rows.input, spec_of(model).input)


def _colored(rows: TensorRows, colors: Tensor, input_spec: Any) -> Tensor:
    """Return label maps with a color for each label."""
    return colors[labels_of(rows.input, input_spec)].permute(0, 3, 1, 2)


def _reader_of(model: nn.Module, rows: TensorRows) -> nn.Module:
    """Return a network that reads labels, by the training rows; of a smoke run's few
    `rows`, by as few."""
    few = len(rows) <= SMOKE_PICTURES
    return _reader(spec_of(model), SMOKE_PICTURES if few else None)


@cache
def _reader(spec: Any, first: int | None) -> nn.Module:
    options = {"input_spec": spec.input, "first": first}
    rows = load_or_synthetic(read_pairs, "facades", "train", options, spec)
    epochs = READER_EPOCHS if first is None else 1
    return train_reader(with_photos(rows)[:first], spec.input, epochs=epochs)


def _noise(model: nn.Module, rows: TensorRows) -> float:
    """Return how far two photographs of a label map are from each other with dropout:
    the mean difference of pixels in 0..1."""
    given = _given(model, rows)
    one, other = (_with_dropout(model, given, seed) for seed in range(2))
    return l1_loss(one, other).item() / 2


@torch.inference_mode()
def _with_dropout(model: nn.Module, given: Tensor, seed: int) -> Tensor:
    """Return the output of the model with dropout left on."""
    with eval_mode(model), torch.random.fork_rng():
        for part in model.modules():
            part.training = isinstance(part, nn.Dropout)
        torch.manual_seed(seed)
        return torch.cat([model(part) for part in given.split(50)])


def _odd(input_spec: Any) -> Tensor:
    """Return label maps that no training pair is like, as prepared pixels."""
    colors = torch.tensor([one.color for one in input_spec.label_colors])
    names = [one.label for one in input_spec.label_colors]
    size = input_spec.height, input_spec.width
    plain = torch.full(size, names.index("background"))
    window = plain.clone()
    window[8:-8, 8:-8] = names.index("window")
    stripes = (torch.arange(size[1]) * len(names) // size[1]).expand(size)
    maps = colors[torch.stack([plain, window, stripes])].permute(0, 3, 1, 2)
    return to_model_input(maps.to(torch.uint8), input_spec)


def _sheet(output: Tensor, columns: int) -> Image.Image:
    """Return images in -1..1, (count, 3, height, width), in rows."""
    shown = (output + 1).mul(127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1)
    pictures = [Image.fromarray(one.numpy()) for one in shown]
    sheet = image_grid(pictures, columns=columns)
    size = ZOOM * sheet.width, ZOOM * sheet.height
    return sheet.resize(size, Image.Resampling.NEAREST)
