"""Pictures changed a little, as a batch."""

from zoo.runtime.augmentation import augmented, shifted

__all__ = [
    "augmented",
    "shifted",
]
