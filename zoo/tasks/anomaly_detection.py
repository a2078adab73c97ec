"""Rows in, how unusual each of them is out. The tag is anomaly-detection.

No loss fits all such models, so none is fine-tuned; recipes measure theirs by
`zoo.recipes.metrics.evaluate_anomalies`.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from zoo.runtime import anomaly_detection
from zoo.specs import AnomalyOutput, ImageInput, Input, SeriesInput, TabularInput
from zoo.tasks._task import Task
from zoo.tasks.results.result import Result
from zoo.tasks.results.vision import Anomaly

__all__ = ["TASK"]


class AnomalyDetection(Task[Input, AnomalyOutput]):
    input_types = (ImageInput, SeriesInput, TabularInput)
    output_types = (AnomalyOutput,)

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: AnomalyOutput
    ) -> list[Result]:
        """Return the score of each row, and whether it is above the threshold."""
        results = anomaly_detection.results(output, opened, output_spec)
        return [Anomaly(**one) for one in results]


TASK = AnomalyDetection()
