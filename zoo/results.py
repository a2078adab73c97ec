"""The typed answers of models, for plugins that make or draw them."""

from zoo.tasks.results.detection import Box, Detection, Detections
from zoo.tasks.results.instances import Instance, Instances
from zoo.tasks.results.keypoints import Keypoint, Keypoints
from zoo.tasks.results.ocr import OCRCandidate, OCRResult
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.results.text_generation import GeneratedText
from zoo.tasks.results.vision import (
    Anomaly,
    Classification,
    Forecast,
    GeneratedImage,
    MultiLabel,
    Regression,
)

__all__ = [
    "Anomaly",
    "Box",
    "Classification",
    "Detection",
    "Detections",
    "Forecast",
    "GeneratedImage",
    "GeneratedText",
    "Instance",
    "Instances",
    "Keypoint",
    "Keypoints",
    "MultiLabel",
    "OCRCandidate",
    "OCRResult",
    "Regression",
    "image_grid",
    "png",
]
