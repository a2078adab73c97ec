"""What tasks share whose models learn from pictures alone, as a whole.

A model is shown what was made of a picture, and what it should give is the picture.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo.errors import DataError, InputError, SettingsError
from zoo.runtime import image_generation
from zoo.specs import Input, ModelSpec, Output
from zoo.tasks._task import FinetuneSettings, Picture
from zoo.tasks.results.rendering import image_grid, png

__all__ = ["check_settings", "mirror", "opened", "pixel_bytes", "worst_rows"]

SHOWN, SIDE = 8, 96  # rows that are drawn, and pixels of each picture


def check_settings(spec: ModelSpec, chosen: FinetuneSettings) -> None:
    """Refuse settings of heads and classes. Raises SettingsError."""
    odd = {
        f"freeze={chosen.freeze!r} keeps what lies before a head": (
            chosen.freeze != "none"
        ),
        f"head_init={chosen.head_init!r} is of a new head": (
            chosen.head_init != "probe"
        ),
        "balance=True lets classes count alike": chosen.balance,
        "invert=True exchanges dark and light": chosen.invert,
        "augment='flip-crop' resizes pictures": chosen.augment == "flip-crop",
    }
    for what in (what for what, asked in odd.items() if asked):
        setting = what.partition("=")[0]
        raise SettingsError(
            f"{what}, and {spec.name!r} learns as a whole from pictures as they "
            f"are: leave {setting} out."
        )


def opened(
    load_item: Callable[[Any, Any], Any], item: Any, name: str, input_spec: Input
) -> Image.Image:
    """Return a picture of a user's data. Raises DataError with its name."""
    try:
        picture: Image.Image = load_item(item, input_spec)
    except InputError as exc:
        raise DataError(f"{name}: {exc.problem}") from exc
    return picture


def pixel_bytes(picture: Image.Image) -> np.ndarray[Any, Any]:
    """Return the pixels of a picture, (channels, height, width)."""
    pixels = np.array(picture)
    return pixels.reshape(*pixels.shape[:2], -1).transpose(2, 0, 1).copy()


def mirror(
    batch: Tensor, target: Tensor, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return rows of which half are mirrored, with their originals."""
    mirrored = torch.rand(len(batch), 1, 1, 1, generator=random) < 0.5
    return (
        torch.where(mirrored, batch.flip(3), batch),
        torch.where(mirrored, target.flip(3), target),
    )


def worst_rows(
    items: Sequence[Any], output: Tensor, target: Tensor, output_spec: Output
) -> Picture:
    """Return rows with the answers that are furthest from the originals, bytes."""
    made = image_generation.pixels(output, output_spec)
    error = (made - target / 255).square().mean(dim=(1, 2, 3))
    drawn = []
    for row in error.argsort(descending=True)[:SHOWN].tolist():
        answer, original = (
            Image.fromarray(one.permute(1, 2, 0).byte().numpy().squeeze())
            for one in (made[row] * 255, target[row])
        )
        drawn += [
            one.convert("RGB").resize((SIDE, SIDE), Image.Resampling.NEAREST)
            for one in (items[row], answer, original)
        ]
    return Picture(
        name="restored",
        png=png(image_grid(drawn, columns=6)),
        caption="{part} rows, each with the answer and the original, worst first.",
    )
