"""The report of SRResNet: what its model card says of it.

What interpolation reaches on the same faces, both on the photographs that papers
measure by, and enlarged pictures. The golden and the figure are of pictures that ship
with the model: no face of the training data may be shown.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

import zoo
from zoo import Run
from zoo.recipes import TensorRows, images
from zoo.recipes import data as datasets
from zoo.recipes.metrics import image_quality
from zoo.results import image_grid, png
from zoo_restoration.pairs import PHOTOS
from zoo_restoration.srresnet import SCALE
from zoo_restoration.srresnet_recipe import data

__all__ = [
    "brought",
    "example",
    "examples",
    "interpolated",
    "middle_examples",
    "pixels_of",
    "report",
]

EXAMPLES = ("portrait.png", "cat.png")
GOLDEN_SIDE = 32  # of the middle of each example
BASELINES = {
    "nearest pixel": Image.Resampling.NEAREST,
    "bilinear interpolation": Image.Resampling.BILINEAR,
    "bicubic interpolation": Image.Resampling.BICUBIC,
    "Lanczos interpolation": Image.Resampling.LANCZOS,
}
BICUBIC = "bicubic interpolation"
BENCHMARKS = {"set5": "set5", "set14": "set14"}  # by the words of the set's rows
SHOWN_HEIGHT = 224  # of each picture of the figure
COMPARED = (
    "Pictures that were shrunk to half of their size. From left to right: the small "
    "picture, bicubic interpolation, the model, and what was shrunk."
)


def example(run: Run) -> Tensor:
    """Return the middle of each picture that ships with the model, shrunk, as prepared
    pixels."""
    return middle_examples(run)


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and pictures of the model card."""
    rows = data(run, "test")
    for name, resample in BASELINES.items():
        run.log_baseline(name, **_measured(rows, resample))
    _log_photographs(model, run)
    run.log_figure("compared", png(_compared(model)), COMPARED)


def interpolated(picture: Image.Image, resample: Image.Resampling) -> Image.Image:
    """Return a picture at twice its size."""
    size = SCALE * picture.width, SCALE * picture.height
    return picture.resize(size, resample)


def _measured(rows: TensorRows, resample: Image.Resampling) -> dict[str, float]:
    """Return the metrics of interpolation on rows of pairs."""
    enlarged = [
        pixels_of(interpolated(Image.fromarray(one.permute(1, 2, 0).numpy()), resample))
        for one in rows.input
    ]
    return image_quality(torch.cat(enlarged), rows.target, border=SCALE)


def _log_photographs(model: Any, run: Run) -> None:
    """Log PSNR and SSIM on Set5 and Set14, and those of bicubic interpolation."""

    def by_model(small: Image.Image) -> Image.Image:
        answer: Any = zoo.predict(model, small)
        image: Image.Image = answer.image
        return image

    def by_bicubic(small: Image.Image) -> Image.Image:
        return interpolated(small, Image.Resampling.BICUBIC)

    for benchmark, pictures in _photographs(run).items():
        for ending, enlarge in (("", by_model), ("_bicubic", by_bicubic)):
            measured = _mean_quality(pictures, enlarge)
            run.log_summary(
                **{
                    f"{benchmark}_{metric}{ending}": value
                    for metric, value in measured.items()
                }
            )


def _mean_quality(
    pictures: list[Image.Image], enlarge: Callable[[Image.Image], Image.Image]
) -> dict[str, float]:
    """Return the mean metrics of pictures that are shrunk and enlarged again."""
    measured = []
    for picture in pictures:
        small, large = images.shrink(picture, SCALE)
        made = pixels_of(enlarge(small))
        measured.append(image_quality(made, pixels_of(large), border=SCALE))
    return {
        name: sum(one[name] for one in measured) / len(measured) for name in measured[0]
    }


def _photographs(run: Run) -> dict[str, list[Image.Image]]:
    """Return the test photographs by the benchmark that they are of."""
    if run.smoke:  # the examples stand in for them
        return {benchmark: examples() for benchmark in BENCHMARKS}
    found: dict[str, list[Image.Image]] = {benchmark: [] for benchmark in BENCHMARKS}
    for row in datasets.load_dataset(PHOTOS, "test"):
        found[row["origin"].lower()].append(row["image"].convert("RGB"))
    return found


def _compared(model: Any) -> Image.Image:
    """Return each example shrunk, interpolated, enlarged by the model, and whole."""
    shown = []
    for picture in examples():
        small, large = images.shrink(picture, SCALE)
        answer: Any = zoo.predict(model, small)
        bicubic = interpolated(small, Image.Resampling.BICUBIC)
        shown += [small, bicubic, answer.image, large]
    return image_grid([brought(one) for one in shown], columns=4)


def brought(picture: Image.Image) -> Image.Image:
    """Return a square of a picture, as large as all of the figure, by whole pixels."""
    side = min(picture.size)
    square = picture.crop((0, 0, side, side))
    return square.resize((SHOWN_HEIGHT, SHOWN_HEIGHT), Image.Resampling.NEAREST)


def middle_examples(run: Run) -> Tensor:
    """Return the middle of each shrunk example, (examples, 3, 32, 32), as prepared."""
    expected: Any = run.spec.input
    return torch.stack(
        [
            images.image_to_tensor(_middle(images.shrink(one, SCALE)[0]), expected)
            for one in examples()
        ]
    )


def _middle(picture: Image.Image) -> Image.Image:
    left, top = ((side - GOLDEN_SIDE) // 2 for side in picture.size)
    return picture.crop((left, top, left + GOLDEN_SIDE, top + GOLDEN_SIDE))


def examples() -> list[Image.Image]:
    """Return the pictures that ship with the models of this package."""
    folder = Path(__file__).with_name("examples")
    return [Image.open(folder / name).convert("RGB") for name in EXAMPLES]


def pixels_of(picture: Image.Image) -> Tensor:
    """Return a picture as bytes, (1, 3, height, width)."""
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
