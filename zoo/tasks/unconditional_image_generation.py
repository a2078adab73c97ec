"""Nothing in, a picture out. The Hub's tag is unconditional-image-generation.

A model that also reads pictures, as an autoencoder does, answers a picture with what
its forward makes of it.
"""

from typing import Any

from PIL import Image
from torch import Tensor

from zoo.errors import InputError, SpecError
from zoo.results import Drawing, Result
from zoo.signatures import ImageOutput
from zoo.tasks import image_classification as reading

__all__ = ["batch", "items", "opened", "pixels", "results", "suspicion"]

items, opened, batch = reading.items, reading.opened, reading.batch
suspicion = reading.suspicion


def results(output: Tensor, opened: list[Any], meaning: ImageOutput) -> list[Result]:
    """Return a picture for each row, with a small copy of what it was made from."""
    made = pixels(output, meaning).mul(255).round().byte().permute(0, 2, 3, 1)
    return [
        Drawing(image=_image(one), picture=reading.thumbnail(item))
        for one, item in zip(made, opened, strict=True)
    ]


def pixels(output: Tensor, meaning: ImageOutput) -> Tensor:
    """Return a model's output as pixels in 0..1, (batch, channels, height, width)."""
    shape = (meaning.channels, meaning.height, meaning.width)
    if tuple(output.shape[1:]) != shape:
        wanted = f"that of the model's output, {tuple(output.shape)}"
        raise SpecError("ImageOutput", "shape", shape, wanted)
    output = output.float()
    if not output.isfinite().all():
        problem = (
            "The model's output is not finite: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    if meaning.function_to_apply == "sigmoid":
        output = output.sigmoid()
    return ((output - meaning.low) / (meaning.high - meaning.low)).clamp(0, 1)


def _image(made: Tensor) -> Image.Image:
    return Image.fromarray(made.squeeze(2).cpu().numpy())
