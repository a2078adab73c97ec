"""The report of SRGAN: what its model card says of it.

`evaluate` is here and not in the recipe, because it needs another model of the zoo: the
judge. Interpolation and `srresnet-face`, which the generator began with, are measured
on the same faces. The golden and the figure are of pictures that ship with the model:
no face of the training data may be shown.
"""

from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

import zoo
from zoo import Run
from zoo.recipes import TensorRows, images, predict_batches
from zoo.recipes.metrics import evaluate_enlarged, image_quality
from zoo.results import image_grid, png
from zoo_restoration.srgan_recipe import JUDGE, PARENT, FeatureDistance, data
from zoo_restoration.srresnet import SCALE
from zoo_restoration.srresnet_report import (
    brought,
    examples,
    interpolated,
    middle_examples,
    pixels_of,
)

__all__ = ["checkerboard", "evaluate", "example", "report"]

BICUBIC = "bicubic interpolation"
BATCH_ROWS = 64
COMPARED = (
    "Pictures that were shrunk to half of their size. From left to right: bicubic "
    "interpolation, srresnet-face, this model, and what was shrunk."
)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the mean distance in the features of the judge, PSNR and SSIM."""
    distance = FeatureDistance(zoo.load(JUDGE), rows.target)
    return {
        "feature_distance": distance(model, rows.input),
        **evaluate_enlarged(model, rows),
    }


def example(run: Run) -> Tensor:
    """Return the middle of each picture that ships with the model, shrunk, as prepared
    pixels."""
    return middle_examples(run)


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and pictures of the model card."""
    rows = data(run, "test")
    distance = FeatureDistance(zoo.load(JUDGE), rows.target)
    parent = zoo.load(PARENT)
    of_parent = evaluate_enlarged(parent, rows)
    run.log_baseline(PARENT, feature_distance=distance(parent, rows.input), **of_parent)
    bicubic = bicubic_pixels(rows)
    run.log_baseline(
        BICUBIC,
        feature_distance=distance.of_pictures(bicubic / 127.5 - 1),
        **image_quality(bicubic, rows.target, border=SCALE),
    )
    original = rows.target / 127.5 - 1
    run.log_summary(
        checkerboard=checkerboard(enlarged(model, rows) - original),
        checkerboard_parent=checkerboard(enlarged(parent, rows) - original),
    )
    run.log_figure("compared", png(_compared(model, parent)), COMPARED)


def bicubic_pixels(rows: TensorRows) -> Tensor:
    """Return the small pictures of rows enlarged by bicubic interpolation, as bytes."""
    enlarged = [
        interpolated(
            Image.fromarray(one.permute(1, 2, 0).numpy()), Image.Resampling.BICUBIC
        )
        for one in rows.input
    ]
    return torch.cat([pixels_of(one) for one in enlarged])


def checkerboard(difference: Tensor) -> float:
    """Return how much a pattern of two pixels stands out in a difference of pictures,
    (N, C, H, W) with even H and W: 1 where it does not.

    It is the power at the Nyquist frequency, of columns, of rows and of both, divided
    by the mean power at the frequencies around each: a layer that treats even and odd
    pixels unlike gives the same pattern all over a picture, and so a peak there.
    """
    power = torch.fft.fft2(difference.double()).abs().square().mean(dim=(0, 1))
    height, width = power.shape
    ratios = []
    for row, column in ((0, width // 2), (height // 2, 0), (height // 2, width // 2)):
        around = power.roll((1 - row, 1 - column), dims=(0, 1))[:3, :3]
        peak = around[1, 1]
        ratios.append(float(peak / ((around.sum() - peak) / 8)))
    return max(ratios)


def enlarged(model: nn.Module, rows: TensorRows) -> Tensor:
    """Return what a model makes of the small pictures of rows, in -1..1."""
    return predict_batches(model, rows.input / 127.5 - 1, batch_size=BATCH_ROWS)


def _compared(model: Any, parent: Any) -> Image.Image:
    """Return each example interpolated, enlarged by both models, and whole."""
    shown = []
    for picture in examples():
        small, large = images.shrink(picture, SCALE)
        answers: list[Any] = [zoo.predict(one, small) for one in (parent, model)]
        bicubic = interpolated(small, Image.Resampling.BICUBIC)
        shown += [bicubic, *(one.image for one in answers), large]
    return image_grid([brought(one) for one in shown], columns=4)
