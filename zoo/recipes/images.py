"""Pictures opened, and brought to a model's size."""

from zoo.preprocessing.image import fitted, open_image, pixels

__all__ = [
    "fitted",
    "open_image",
    "pixels",
]
