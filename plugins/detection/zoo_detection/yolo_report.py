"""The report of YOLO: what its model card says of it.

What color alone finds, the precision of each kind of cell, how well cells are counted,
how changed pictures are answered, and pictures of what was found.
"""

from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

import zoo
from zoo import Run
from zoo.recipes import TensorRows, images, predict_batches, to_model_input
from zoo.recipes.boxes import Found, find, hits, precisions
from zoo.recipes.metrics import detection_metrics
from zoo.results import image_grid, png
from zoo_detection.cells import data
from zoo_detection.color_baseline import find_by_color, fit_thresholds

__all__ = ["example", "report"]

EXAMPLE = "smear.jpg"
FITTED_EVERY = 3  # training row, to which the color thresholds are fitted
SHOWN, COLUMNS, FACTOR = 4, 2, 2  # pictures in a figure, and how much larger
NAMES = ("red", "white", "platelet")  # of the labels, in the names of measurements
TRUE_COLOR = "white"
DETECTED = "Pictures of the test rows, with what was found at the default threshold."
WORST = (
    "The pictures of the test rows with the most mistakes: what was found, and in "
    "white the annotated cells that were not."
)


def example(run: Run) -> Tensor:
    """Return the picture that ships with the model, as prepared pixels."""
    expected: Any = run.spec.input
    picture = images.open_image(
        Path(__file__).with_name("examples") / EXAMPLE, expected
    )
    return images.image_to_tensor(picture, expected)[None]


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and pictures of the model card."""
    train_rows, rows = data(run, "train"), data(run, "test")
    output_spec: Any = run.spec.output
    image = to_model_input(rows.input, run.spec.input)
    output = predict_batches(model, image)
    thresholds = fit_thresholds(train_rows[::FITTED_EVERY])
    by_color = precisions(find_by_color(rows.input, thresholds), rows.target, 3)
    run.log_baseline("color thresholds", **_mean(by_color))
    each = precisions(find(output, output_spec, threshold=0.01), rows.target, 3)
    found = find(output, output_spec)
    run.log_summary(
        **{f"ap_50_{name}": ap for name, ap in _by_label(each)},
        **{f"ap_50_{name}_by_color": ap for name, ap in _by_label(by_color)},
        **_counts(found, rows.target),
        **_of_changed(model, image, rows.target, output_spec),
        **_without_cells(model, rows.input, run.spec),
    )
    mistakes = [
        _mistakes(one, true) for one, true in zip(found, rows.target, strict=True)
    ]
    order = sorted(range(len(rows)), key=lambda row: -mistakes[row])
    for name, shown, caption in (
        ("detected", range(0, len(rows), max(1, len(rows) // SHOWN)), DETECTED),
        ("worst", order, WORST),
    ):
        drawn = [_drawn(model, rows, row, name == "worst") for row in [*shown][:SHOWN]]
        run.log_figure(name, png(image_grid(drawn, columns=COLUMNS)), caption)


def _real(target: Tensor) -> Tensor:
    return target[target[:, 0] >= 0]


def _mean(each: Tensor) -> dict[str, float]:
    known = each[~each.isnan().any(dim=1)]
    return {"map_50": known[:, 0].mean().item(), "map": known.mean().item()}


def _by_label(each: Tensor) -> list[tuple[str, float]]:
    return list(zip(NAMES, each[:, 0].nan_to_num().tolist(), strict=True))


def _counts(found: list[Found], target: Tensor) -> dict[str, float]:
    """Return precision and recall at the default threshold, and by how many cells of
    each kind the counts of a picture are off."""
    right = met = sure = true = 0
    off = torch.zeros(len(NAMES))
    for one, padded in zip(found, target, strict=True):
        cells = _real(padded)
        ours, theirs = hits(one, cells)
        right, met = right + int(ours.sum()), met + int(theirs.sum())
        sure, true = sure + len(ours), true + len(theirs)
        for number in range(len(NAMES)):
            count = int((one.labels == number).sum())
            off[number] += abs(count - int((cells[:, 0] == number).sum()))
    measured = {"precision": right / max(1, sure), "recall": met / max(1, true)}
    means = zip(NAMES, (off / len(found)).tolist(), strict=True)
    return measured | {f"count_off_{name}": mean for name, mean in means}


def _of_changed(
    model: nn.Module, image: Tensor, target: Tensor, output_spec: Any
) -> dict[str, float]:
    """Return the precision on pictures that were changed."""
    coarse = torch.nn.functional.interpolate(image, scale_factor=0.5, mode="area")
    changed = {
        "upside_down": image.flip(2),
        "grayscale": image.mean(dim=1, keepdim=True).expand_as(image),
        "low_resolution": torch.nn.functional.interpolate(
            coarse, scale_factor=2.0, mode="bilinear"
        ),
    }
    turned = target.clone()
    turned[..., [2, 4]] = 1 - target[..., [4, 2]]
    measured = {}
    for name, pixels in changed.items():
        true = turned if name == "upside_down" else target
        output = predict_batches(model, pixels.contiguous())
        measured[f"map_50_{name}"] = detection_metrics(output, true, output_spec)[
            "map_50"
        ]
    return measured


def _without_cells(model: nn.Module, pixels: Tensor, spec: Any) -> dict[str, float]:
    """Return how many objects are found where none are: on the ground of each picture
    alone, and in noise."""
    ground = pixels.flatten(2).float().quantile(0.9, dim=2).round().byte()
    empty = ground[..., None, None].expand_as(pixels)
    random = torch.Generator().manual_seed(0)
    noise = torch.randint(256, pixels.shape, generator=random, dtype=torch.uint8)
    counts = {}
    for name, rows in (("empty", empty), ("noise", noise)):
        output = predict_batches(model, to_model_input(rows.contiguous(), spec.input))
        found = find(output, spec.output)
        counts[f"found_in_{name}"] = sum(len(o.labels) for o in found) / len(found)
    return counts


def _mistakes(found: Found, target: Tensor) -> int:
    right, met = hits(found, _real(target))
    return int((~right).sum() + (~met).sum())


def _drawn(model: Any, rows: TensorRows, row: int, missed: bool) -> Image.Image:
    """Return a picture with what is found in it, and with what is not if `missed`."""
    small = Image.fromarray(rows.input[row].permute(1, 2, 0).numpy())
    size = FACTOR * small.width, FACTOR * small.height
    large = small.resize(size, Image.Resampling.BICUBIC)
    answer: Any = zoo.predict(model, large)
    drawn: Image.Image = answer.render()
    if not missed:
        return drawn
    frame = torch.tensor([*size, *size])
    found = Found(
        answer.to_tensors()["boxes"] / frame,
        answer.to_tensors()["labels"],
        answer.to_tensors()["scores"],
    )
    true = _real(rows.target[row])
    _, met = hits(found, true)
    pen = ImageDraw.Draw(drawn)
    for box in (true[~met][:, 1:] * frame).round().int().tolist():
        pen.rectangle(box, outline=TRUE_COLOR, width=2)
    return drawn
