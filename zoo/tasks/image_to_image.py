"""A picture in, a picture out. The Hub's tag is image-to-image."""

from zoo.specs import ImageInput
from zoo.tasks.unconditional_image_generation import UnconditionalImageGeneration

__all__ = ["TASK"]


class ImageToImage(UnconditionalImageGeneration):
    input_types = (ImageInput,)


TASK = ImageToImage()
