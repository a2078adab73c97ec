"""The report of the colorizer: what its model card says of it.

What answers without a look at the picture reach on the same photographs, and colorized
pictures beside their own colours. The golden and the figure are of pictures that ship
with the model: each photograph of the training data belongs to its photographer.
"""

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

import zoo
from zoo import Run
from zoo.recipes import TensorRows, images
from zoo.recipes.metrics import color_quality
from zoo.results import image_grid, png
from zoo_restoration.colorizer import grey_lightness, lab_to_rgb
from zoo_restoration.colorizer_recipe import data, in_lab
from zoo_restoration.flowers import middle

__all__ = ["example", "mean_colors", "report"]

EXAMPLES = ("flower.jpg", "temple.jpg", "cat.png", "portrait.png")
GOLDEN = EXAMPLES[:2]
LEVELS = 32  # of lightness, each with a mean colour of its own
SHOWN_SIDE = 160  # of each picture of the figure
COLORIZED = (
    "Pictures that were made grey. From left to right: the grey picture, the model, "
    "and the picture's own colours."
)


def example(run: Run) -> Tensor:
    """Return the middle of pictures that ship with the model, in grey, as prepared
    pixels."""
    expected: Any = run.spec.input
    opened = [
        middle(picture, expected.height).convert("L") for picture in _examples(GOLDEN)
    ]
    return torch.stack([images.image_to_tensor(one, expected) for one in opened])


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and pictures of the model card."""
    train_rows, rows = data(run, "train"), data(run, "test")
    for name, levels in (("grey", 0), ("mean colour", 1), ("by lightness", LEVELS)):
        table = mean_colors(train_rows, levels) if levels else torch.zeros(1, 2)
        run.log_baseline(name, **color_quality(colored(rows.input, table), rows.target))
    own = color_quality(rows.target, rows.target)
    run.log_summary(own_chroma=own["chroma"])
    run.log_figure("colorized", png(_colorized(model)), COLORIZED)


def mean_colors(rows: TensorRows, levels: int) -> Tensor:
    """Return the mean a and b of each level of lightness, (levels, 2)."""
    lab = in_lab(rows, rows.target[:, 0, 0, 0].long()).input
    lightness, ab = lab[:, 0].flatten(), lab[:, 1:].movedim(1, -1).reshape(-1, 2)
    level = _level(lightness, levels)
    total = torch.zeros(levels, 2).index_add(0, level, ab)
    return total / torch.bincount(level, minlength=levels).clamp_min(1)[:, None]


def colored(grey: Tensor, table: Tensor) -> Tensor:
    """Return grey bytes, (N, 1, H, W), as bytes in colour, (N, 3, H, W), each pixel of
    the colour that the table, (levels, 2), has for its lightness."""
    lightness = grey_lightness(grey / 255)
    ab = table[_level(lightness[:, 0], len(table))].movedim(-1, 1)
    return lab_to_rgb(torch.cat([lightness, ab], dim=1)).mul(255).round().byte()


def _level(lightness: Tensor, levels: int) -> Tensor:
    return (lightness * levels / 100).long().clamp(0, levels - 1)


def _colorized(model: Any) -> Image.Image:
    """Return each example in grey, colorized, and in its own colours."""
    shown = []
    for picture in _examples(EXAMPLES):
        square = middle(picture, SHOWN_SIDE)
        grey = square.convert("L")
        answer: Any = zoo.predict(model, grey)
        shown += [grey.convert("RGB"), answer.image, square]
    return image_grid(shown, columns=3)


def _examples(names: tuple[str, ...]) -> list[Image.Image]:
    folder = Path(__file__).with_name("examples")
    return [Image.open(folder / name).convert("RGB") for name in names]
