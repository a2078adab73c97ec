"""Pictures opened, and brought to a model's size."""

from zoo.preprocessing.image import image_to_tensor, open_image
from zoo.runtime.image import fit_image
from zoo.runtime.image_quality import shrink

__all__ = [
    "fit_image",
    "image_to_tensor",
    "open_image",
    "shrink",
]
