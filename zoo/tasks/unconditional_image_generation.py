"""Nothing in, a picture out. The Hub's tag is unconditional-image-generation.

What the model draws, `zoo.sample` asks it for. A model that also reads pictures, as an
autoencoder does, answers a picture with what its forward makes of it; one that turns
noise into pictures takes the noise as a float tensor.
"""

from typing import Any

import torch
from PIL import Image
from torch import Tensor

from zoo.errors import InputError, SpecError
from zoo.specs import ImageInput, ImageOutput, NoiseInput
from zoo.tasks import image_classification as reading
from zoo.tasks.results.vision import GeneratedImage, Result

__all__ = ["batch", "items", "opened", "pixels", "results", "suspicion"]

Expected = ImageInput | NoiseInput


def items(raw: Any, input_spec: Expected) -> tuple[list[Any], bool]:
    """Take pictures as for classification, or noise: (numbers,) or (rows, numbers)."""
    if isinstance(input_spec, ImageInput):
        return reading.items(raw, input_spec)
    wanted = (
        f"a float tensor of noise, ({input_spec.latent_dim},) or (rows, the same), or"
    )
    wanted += " None: then it draws"
    if not isinstance(raw, Tensor) or not raw.is_floating_point():
        raise InputError(f"A {type(raw).__name__} is not noise.", wanted)
    if raw.ndim not in (1, 2) or raw.shape[-1] != input_spec.latent_dim or not len(raw):
        raise InputError(f"The tensor has shape {tuple(raw.shape)}.", wanted)
    return [raw] if raw.ndim == 1 else list(raw), raw.ndim == 1


def opened(item: Any, input_spec: Expected) -> Any:
    """Open a picture; noise is what it is."""
    if isinstance(input_spec, ImageInput):
        return reading.opened(item, input_spec)
    return item


def batch(opened: list[Any], input_spec: Expected, *, invert: bool = False) -> Tensor:
    """Return opened inputs as the model's; only pictures can be inverted."""
    if isinstance(input_spec, ImageInput):
        return reading.batch(opened, input_spec, invert=invert)
    return torch.stack(opened).detach().cpu().float()


def suspicion(batch: Tensor, input_spec: Expected) -> tuple[str, str] | None:
    """See `zoo.preprocessing.image.suspicion`; noise is never suspicious."""
    if isinstance(input_spec, ImageInput):
        return reading.suspicion(batch, input_spec)
    return None


def results(
    output: Tensor, opened: list[Any], output_spec: ImageOutput
) -> list[Result]:
    """Return a picture for each row, with a small copy of what it was made from."""
    made = pixels(output, output_spec).mul(255).round().byte().permute(0, 2, 3, 1)
    return [
        GeneratedImage(image=_image(one), picture=reading.thumbnail(item))
        for one, item in zip(made, opened, strict=True)
    ]


def pixels(output: Tensor, output_spec: ImageOutput) -> Tensor:
    """Return a model's output as pixels in 0..1, (batch, channels, height, width)."""
    shape = (output_spec.channels, output_spec.height, output_spec.width)
    if tuple(output.shape[1:]) != shape:
        wanted = f"that of the model's output, {tuple(output.shape)}"
        raise SpecError("ImageOutput", "shape", shape, wanted)
    output = output.float()
    if not output.isfinite().all():
        problem = (
            "The model's output is not finite: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    if output_spec.function_to_apply == "sigmoid":
        output = output.sigmoid()
    return ((output - output_spec.low) / (output_spec.high - output_spec.low)).clamp(
        0, 1
    )


def _image(made: Tensor) -> Image.Image:
    return Image.fromarray(made.squeeze(2).cpu().numpy())
