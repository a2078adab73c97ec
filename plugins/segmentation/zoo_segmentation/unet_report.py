"""What the card of the slim U-Net tells, and the input of its golden."""

from zoo_segmentation.photographs import example
from zoo_segmentation.report import report

__all__ = ["example", "report"]
