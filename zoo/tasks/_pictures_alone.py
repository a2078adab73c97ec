"""What tasks share whose models learn from pictures alone, as a whole.

A model is shown what was made of a picture, and what it should give is the picture.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from zoo.errors import DataError, InputError
from zoo.models.metadata import model_metadata
from zoo.runtime import image_generation
from zoo.specs import Input, ModelSpec, Output
from zoo.tasks._task import FinetuneSettings, Picture, RawRows
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.unconditional_image_generation import UnconditionalImageGeneration

__all__ = ["PicturesAlone", "opened", "pixel_bytes"]

SHOWN, SIDE = 8, 96  # rows that are drawn, and pixels of each picture


class PicturesAlone(UnconditionalImageGeneration):
    """A task whose models may learn from pictures, with nothing beside them."""

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        super().check_finetuning(spec, chosen)
        also = {
            "invert=True exchanges dark and light": chosen.invert,
            "augment='flip-crop' resizes pictures": chosen.augment == "flip-crop",
        }
        self.refuse_head_settings(spec, chosen, "pictures as they are", also)

    def augment(
        self,
        batch: Tensor,
        target: Tensor,
        kind: str,
        random: torch.Generator,
        output_spec: Output,
    ) -> tuple[Tensor, Tensor]:
        """Return rows of which half are mirrored, with their originals."""
        if kind == "none":
            return batch, target
        mirrored = torch.rand(len(batch), 1, 1, 1, generator=random) < 0.5
        return (
            torch.where(mirrored, batch.flip(3), batch),
            torch.where(mirrored, target.flip(3), target),
        )

    def shown(self, item: Any, spec: ModelSpec) -> Any:
        """Return the picture that shows an input in `draw_errors`."""
        return item

    def draw_errors(
        self, module: nn.Module, rows: RawRows, output: Tensor, target: Tensor
    ) -> Picture:
        """Return rows with the answers that are furthest from the originals."""
        spec = model_metadata(module).spec
        made = image_generation.pixels(output, spec.output)
        error = (made - target / 255).square().mean(dim=(1, 2, 3))
        drawn = []
        for row in error.argsort(descending=True)[:SHOWN].tolist():
            answer, original = (
                Image.fromarray(one.permute(1, 2, 0).byte().numpy().squeeze())
                for one in (made[row] * 255, target[row])
            )
            drawn += [
                one.convert("RGB").resize((SIDE, SIDE), Image.Resampling.NEAREST)
                for one in (self.shown(rows.items[row], spec), answer, original)
            ]
        return Picture(
            name="restored",
            png=png(image_grid(drawn, columns=6)),
            caption="{part} rows, each with the answer and the original, worst first.",
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
