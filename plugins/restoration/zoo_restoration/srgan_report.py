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
from zoo_restoration.srgan_recipe import (
    JUDGE,
    PARENT,
    FeatureDistance,
    data,
    judge_features,
)
from zoo_restoration.srresnet import SCALE
from zoo_restoration.srresnet_report import (
    brought,
    examples,
    interpolated,
    middle_examples,
    pixels_of,
)

__all__ = ["evaluate", "example", "report", "two_pixel_patterns"]

BICUBIC = "bicubic interpolation"
BATCH_ROWS = 64
WHITE = 255
COMPARED = (
    "Pictures that were shrunk to half of their size. From left to right: bicubic "
    "interpolation, srresnet-face, this model, and what was shrunk."
)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the mean distance in the features of the judge, PSNR and SSIM."""
    distance = FeatureDistance(judge_features(zoo.load(JUDGE)), rows.target)
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
    distance = FeatureDistance(judge_features(zoo.load(JUDGE)), rows.target)
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
    made, made_before = enlarged(model, rows), enlarged(parent, rows)
    for ending, pictures in (
        ("", made),
        ("_parent", made_before),
        ("_original", original),
    ):
        patterns = two_pixel_patterns(pictures)
        run.log_summary(**{f"{name}{ending}": patterns[name] for name in patterns})
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


def two_pixel_patterns(pictures: Tensor) -> dict[str, float]:
    """Return how strong patterns of two pixels are in pictures in -1..1, (N, C, H, W)
    with even H and W: the amplitude at the Nyquist frequency in levels of 255, as a
    root mean square over pictures.

    checkerboard: mean of (-1)^(x + y) p(x, y)
    stripes: of (-1)^x p(x, y) or (-1)^y p(x, y), whichever is larger

    A layer that treats even and odd pixels unlike leaves such a pattern everywhere.
    """
    spectrum = torch.fft.fft2(pictures.double(), norm="forward").abs() * WHITE / 2
    amplitude = spectrum.square().mean(dim=(0, 1)).sqrt()
    row, column = pictures.shape[-2] // 2, pictures.shape[-1] // 2
    return {
        "checkerboard": float(amplitude[row, column]),
        "stripes": float(max(amplitude[row, 0], amplitude[0, column])),
    }


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
