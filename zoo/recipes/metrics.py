"""The metrics of a kind of model on rows, and distances between samples."""

from zoo.runtime.anomaly_detection import area_under_roc
from zoo.runtime.anomaly_detection import evaluate as evaluate_anomalies
from zoo.runtime.anomaly_detection import metrics as anomaly_metrics
from zoo.runtime.box_metrics import evaluate as evaluate_detection
from zoo.runtime.box_metrics import metrics as detection_metrics
from zoo.runtime.classification import evaluate as evaluate_classification
from zoo.runtime.features import extract_features
from zoo.runtime.forecast_metrics import evaluate as evaluate_forecasts
from zoo.runtime.frechet_distance import (
    feature_diversity,
    frechet_distance,
    frechet_from_features,
)
from zoo.runtime.image_quality import color_quality
from zoo.runtime.image_quality import evaluate as evaluate_colorized
from zoo.runtime.image_quality import evaluate as evaluate_enlarged
from zoo.runtime.image_quality import quality as image_quality
from zoo.runtime.image_to_text import decode_labels, read_texts
from zoo.runtime.instance_metrics import evaluate as evaluate_instances
from zoo.runtime.instance_metrics import metrics as instance_metrics
from zoo.runtime.keypoint_metrics import errors as keypoint_errors
from zoo.runtime.keypoint_metrics import evaluate as evaluate_keypoints
from zoo.runtime.keypoint_metrics import of_points as keypoint_metrics
from zoo.runtime.mask_metrics import evaluate as evaluate_segmentation
from zoo.runtime.mask_metrics import overlap
from zoo.runtime.ocr_metrics import encode_texts, text_accuracy
from zoo.runtime.ocr_metrics import evaluate as evaluate_ocr
from zoo.runtime.regression import evaluate as evaluate_regression
from zoo.tasks.image_segmentation import TASK as SEGMENTATION
from zoo.tasks.image_to_text import TASK as OCR
from zoo.tasks.time_series_forecasting import TASK as FORECASTING

__all__ = [
    "FORECASTING",
    "OCR",
    "SEGMENTATION",
    "anomaly_metrics",
    "area_under_roc",
    "color_quality",
    "decode_labels",
    "detection_metrics",
    "encode_texts",
    "evaluate_anomalies",
    "evaluate_classification",
    "evaluate_colorized",
    "evaluate_detection",
    "evaluate_enlarged",
    "evaluate_forecasts",
    "evaluate_instances",
    "evaluate_keypoints",
    "evaluate_ocr",
    "evaluate_regression",
    "evaluate_segmentation",
    "extract_features",
    "feature_diversity",
    "frechet_distance",
    "frechet_from_features",
    "image_quality",
    "instance_metrics",
    "keypoint_errors",
    "keypoint_metrics",
    "overlap",
    "read_texts",
    "text_accuracy",
]
