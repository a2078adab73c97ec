"""What the card of the U-Net on EfficientNet tells, and the input of its golden."""

from zoo_segmentation.photographs import example
from zoo_segmentation.report import report

__all__ = ["example", "report"]
