"""Boxes in pictures: their overlap, which of several stay, and as targets."""

from zoo.runtime.box_metrics import average_precision, hits, precisions
from zoo.runtime.boxes import (
    NO_BOX,
    areas,
    encode_boxes,
    iou,
    move_boxes,
    non_maximum_suppression,
)
from zoo.runtime.object_detection import Found, find

__all__ = [
    "NO_BOX",
    "Found",
    "areas",
    "average_precision",
    "encode_boxes",
    "find",
    "hits",
    "iou",
    "move_boxes",
    "non_maximum_suppression",
    "precisions",
]
