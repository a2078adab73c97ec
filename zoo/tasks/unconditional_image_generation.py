"""Nothing in, a picture out. The Hub's tag is unconditional-image-generation.

What the model draws, `zoo.sample` asks it for. A model that also reads pictures, as an
autoencoder does, answers a picture with what its forward makes of it; one that turns
noise into pictures takes the noise as a float tensor.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from PIL import Image
from torch import Tensor

from zoo.errors import InputError, SpecError
from zoo.preprocessing.image import thumbnail
from zoo.specs import ImageInput, ImageOutput, Input, NoiseInput
from zoo.tasks._task import Task
from zoo.tasks.results.result import Result
from zoo.tasks.results.vision import GeneratedImage

__all__ = ["TASK", "pixels"]


class UnconditionalImageGeneration(Task[Input, ImageOutput]):
    inputs: ClassVar[tuple[type[Input], ...]] = (ImageInput, NoiseInput)
    outputs = (ImageOutput,)

    def results(
        self, output: Tensor, opened: Sequence[Any], output_spec: ImageOutput
    ) -> list[Result]:
        """Return a picture for each row, with a small copy of what it was made from."""
        made = pixels(output, output_spec).mul(255).round().byte().permute(0, 2, 3, 1)
        return [
            GeneratedImage(image=_image(one), picture=thumbnail(item))
            for one, item in zip(made, opened, strict=True)
        ]


TASK = UnconditionalImageGeneration()


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
