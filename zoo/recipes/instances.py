"""Objects in pictures with their masks: as tensors, and which of them are right."""

from zoo.runtime.box_metrics import matched, ranked_precision
from zoo.runtime.instance_metrics import hits, mask_overlaps
from zoo.runtime.instance_segmentation import FoundInstances, find, mask_in_box

__all__ = [
    "FoundInstances",
    "find",
    "hits",
    "mask_in_box",
    "mask_overlaps",
    "matched",
    "ranked_precision",
]
