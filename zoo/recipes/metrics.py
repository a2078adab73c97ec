"""The metrics of a kind of model on rows, and distances between samples."""

from zoo.evaluation.frechet_distance import (
    extract_features,
    feature_diversity,
    frechet_distance,
    frechet_from_features,
)
from zoo.runtime.classification import evaluate as evaluate_classification
from zoo.runtime.image_to_text import spelled, texts
from zoo.tasks.image_segmentation import TASK as SEGMENTATION
from zoo.tasks.image_segmentation import overlap
from zoo.tasks.image_to_text import TASK as OCR
from zoo.tasks.image_to_text import compared, numbered
from zoo.tasks.time_series_forecasting import TASK as FORECASTING

__all__ = [
    "FORECASTING",
    "OCR",
    "SEGMENTATION",
    "compared",
    "evaluate_classification",
    "extract_features",
    "feature_diversity",
    "frechet_distance",
    "frechet_from_features",
    "numbered",
    "overlap",
    "spelled",
    "texts",
]
