"""Nothing in, a picture out. The Hub's tag is unconditional-image-generation.

What the model draws, `zoo.sample` asks it for. A model that also reads pictures, as an
autoencoder does, answers a picture with what its forward makes of it; one that turns
noise into pictures takes the noise as a float tensor.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor

from zoo.preprocessing.image import thumbnail
from zoo.runtime import image_generation
from zoo.specs import ImageInput, ImageOutput, Input, NoiseInput, Output
from zoo.tasks._task import Task
from zoo.tasks.results.result import Result
from zoo.tasks.results.vision import GeneratedImage

__all__ = ["TASK"]


class UnconditionalImageGeneration(Task[Input, Output]):
    input_types: ClassVar[tuple[type[Input], ...]] = (ImageInput, NoiseInput)
    output_types: ClassVar[tuple[type[Output], ...]] = (ImageOutput,)
    by_family = True

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: Output
    ) -> list[Result]:
        """Return a picture for each row, with a small copy of what it was made from."""
        made = image_generation.results(output, output_spec)
        return [
            GeneratedImage(**one, picture=thumbnail(item))
            for one, item in zip(made, opened, strict=True)
        ]


TASK = UnconditionalImageGeneration()
