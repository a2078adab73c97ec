"""Pictures changed a little, as a batch."""

from zoo.runtime.augmentation import apply_augmentation, random_shift

__all__ = [
    "apply_augmentation",
    "random_shift",
]
