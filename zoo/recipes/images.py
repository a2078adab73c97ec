"""Pictures opened, brought to a model's size, and their colours."""

from zoo.preprocessing.image import image_to_tensor, open_image
from zoo.runtime.image import fit_image
from zoo.runtime.image_quality import shrink
from zoo.runtime.lab import rgb_to_lab

__all__ = [
    "fit_image",
    "image_to_tensor",
    "open_image",
    "rgb_to_lab",
    "shrink",
]
