"""What the card of Faster R-CNN tells, and the input of its golden."""

from zoo_detection.yolo_report import example, report

__all__ = ["example", "report"]
