"""The report of Mask R-CNN: what its model card says of it.

What one threshold a picture finds, each kind of picture by itself, how well nuclei are
counted, how changed pictures are answered, and pictures of what was found.
"""

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

import zoo
from zoo import Run
from zoo.recipes import TensorRows, images, predict_batches, to_model_input
from zoo.recipes import data as datasets
from zoo.recipes.instances import FoundInstances, find, hits
from zoo.recipes.metrics import detection_metrics, instance_metrics
from zoo.results import image_grid, png
from zoo_detection.mask_rcnn import boxes_of_maps
from zoo_detection.nuclei import DATASET, data
from zoo_detection.otsu_baseline import find_by_threshold, metrics_of_maps

__all__ = ["example", "report"]

EXAMPLE = "nuclei.png"
KINDS = ("fluorescence", "stained", "grey")  # of pictures, as the set numbers them
SHOWN, SIDE = 6, 192  # pictures in a figure, and their pixels
DETECTED = (
    "Pictures of the test rows of each kind, what was found in them at the default "
    "threshold, and what is annotated."
)
WORST = (
    "The pictures of the test rows with the most mistakes, what was found in them, and "
    "what is annotated."
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
    rows = data(run, "test")
    output_spec: Any = run.spec.output
    image = to_model_input(rows.input, run.spec.input)
    output = predict_batches(model, image)
    by_threshold = find_by_threshold(rows.input)
    run.log_baseline(
        "Otsu's threshold", **metrics_of_maps(by_threshold, rows.target[:, 0])
    )
    found = find(output, output_spec)
    kind = torch.tensor(datasets.load_dataset(DATASET, "test")["kind"])[: len(rows)]
    run.log_summary(
        **_by_kind(output, by_threshold, rows, kind, output_spec),
        **_counts(found, rows.target),
        **_of_changed(model, image, rows.target, output_spec),
        **_without_nuclei(model, rows.input, run.spec),
        map_50_boxes=_of_boxes(output, rows.target, output_spec),
    )
    pairs = zip(found, rows.target, strict=True)
    mistakes = torch.tensor([_mistakes(*pair) for pair in pairs])
    varied = [int(row) for n in range(len(KINDS)) for row in (kind == n).nonzero()[:2]]
    for name, order, caption in (
        ("detected", varied, DETECTED),
        ("worst", mistakes.argsort(descending=True).tolist(), WORST),
    ):
        drawn = [one for row in order[:SHOWN] for one in _drawn(model, rows, row)]
        run.log_figure(name, png(image_grid(drawn, columns=6)), caption)


def _by_kind(
    output: Tensor, by_threshold: Tensor, rows: TensorRows, kind: Tensor, spec: Any
) -> dict[str, float]:
    """Return the F1 of each kind of picture, of the model and of the threshold."""
    measured = {}
    for number, name in enumerate(KINDS):
        own = kind == number
        ours = theirs = {"f1_50": 0.0}  # where no picture is of the kind
        if own.any():
            ours = instance_metrics(output[own], rows.target[own], spec)
            theirs = metrics_of_maps(by_threshold[own], rows.target[own][:, 0])
        measured[f"f1_50_{name}"] = ours["f1_50"]
        measured[f"f1_50_{name}_by_threshold"] = theirs["f1_50"]
        measured[f"pictures_{name}"] = float(own.sum())
    return measured


def _of_boxes(output: Tensor, target: Tensor, output_spec: Any) -> float:
    """Return the mean average precision of the boxes alone, at an overlap of a half."""
    boxes = zoo.BoxOutput(
        labels=output_spec.labels,
        threshold=output_spec.threshold,
        max_objects=output_spec.max_objects,
    )
    height, width = target.shape[2:]
    true = boxes_of_maps(target) / torch.tensor([1, width, height, width, height])
    return detection_metrics(output[..., :6], true, boxes)["map_50"]


def _counts(found: list[FoundInstances], target: Tensor) -> dict[str, float]:
    """Return precision and recall at the default threshold, the share of pixels that
    are right of what is found, and by how many nuclei the count of a picture is off."""
    right = met = sure = true = 0
    off = []
    for one, objects in zip(found, target, strict=True):
        ours, theirs = hits(one, objects)
        right, met = right + int(ours.sum()), met + int(theirs.sum())
        sure, true = sure + len(ours), true + len(theirs)
        off.append(abs(len(ours) - len(theirs)) / max(1, len(theirs)))
    return {
        "precision": right / max(1, sure),
        "recall": met / max(1, true),
        "count_off": sum(off) / len(off),
    }


def _of_changed(
    model: nn.Module, image: Tensor, target: Tensor, output_spec: Any
) -> dict[str, float]:
    """Return the F1 on pictures that were changed."""
    coarse = nn.functional.interpolate(image, scale_factor=0.5, mode="area")
    blurred = nn.functional.interpolate(coarse, scale_factor=2.0, mode="bilinear")
    measured = {}
    for name, pixels, maps in (
        ("upside_down", image.flip(2), target.flip(2)),
        ("low_resolution", blurred, target),
        ("negative", -image, target),
    ):
        output = predict_batches(model, pixels.contiguous())
        metrics = instance_metrics(output, maps.contiguous(), output_spec)
        measured[f"f1_50_{name}"] = metrics["f1_50"]
    return measured


def _without_nuclei(model: nn.Module, pixels: Tensor, spec: Any) -> dict[str, float]:
    """Return how many nuclei are found where none are: on the ground of each picture
    alone, and in noise."""
    ground = pixels.flatten(2).float().median(dim=2).values.byte()
    empty = ground[..., None, None].expand_as(pixels)
    random = torch.Generator().manual_seed(0)
    noise = torch.randint(256, pixels.shape, generator=random, dtype=torch.uint8)
    counts = {}
    for name, rows in (("empty", empty), ("noise", noise)):
        output = predict_batches(model, to_model_input(rows.contiguous(), spec.input))
        found = find(output, spec.output)
        counts[f"found_in_{name}"] = sum(len(o.labels) for o in found) / len(found)
    return counts


def _mistakes(found: FoundInstances, target: Tensor) -> int:
    right, met = hits(found, target)
    return int((~right).sum() + (~met).sum())


def _drawn(model: Any, rows: TensorRows, row: int) -> list[Image.Image]:
    """Return a picture, what is found in it, and what is annotated."""
    picture = Image.fromarray(rows.input[row].permute(1, 2, 0).numpy())
    answer: Any = zoo.predict(model, picture)
    numbers = rows.target[row, 0].long()
    shades = torch.rand(
        int(numbers.max()) + 1, 3, generator=torch.Generator().manual_seed(0)
    )
    shades = (64 + 191 * shades).byte()
    shades[0] = 0
    true = Image.fromarray(shades[numbers].numpy())
    return [one.resize((SIDE, SIDE)) for one in (picture, answer.render(), true)]
