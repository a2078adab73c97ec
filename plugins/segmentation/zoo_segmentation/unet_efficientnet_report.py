"""What the card of the U-Net on EfficientNet tells, and the input that is kept with its weights."""

from zoo_segmentation.photographs import example
from zoo_segmentation.report import report

__all__ = ["example", "report"]
