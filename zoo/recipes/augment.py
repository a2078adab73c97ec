"""Pictures changed a little, as a batch."""

from zoo.datasets.augmentation import augmented, shifted

__all__ = [
    "augmented",
    "shifted",
]
