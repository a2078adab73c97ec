"""A picture in, one label out. The Hub's tag is image-classification."""

from zoo.specs import ImageInput
from zoo.tasks._classification import Classification

__all__ = ["TASK"]


class ImageClassification(Classification[ImageInput]):
    input_types = (ImageInput,)
    supports_windows = True


TASK = ImageClassification()
