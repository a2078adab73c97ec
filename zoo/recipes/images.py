"""Pictures opened, and brought to a model's size."""

from zoo.preprocessing.image import open_image, pixels
from zoo.runtime.image import fitted

__all__ = [
    "fitted",
    "open_image",
    "pixels",
]
