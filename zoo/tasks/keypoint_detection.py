"""A picture in, the points of the object that it shows out. The Hub's tag is
keypoint-detection.

`zoo.runtime.keypoint_detection` says what a model gives, and makes points of it.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from zoo.errors import OptionError
from zoo.runtime import keypoint_detection, keypoint_metrics
from zoo.specs import ImageInput, KeypointOutput, ModelSpec
from zoo.tasks._task import FinetuneSettings, Task
from zoo.tasks.results.keypoints import Keypoint, Keypoints
from zoo.tasks.results.result import Result

__all__ = ["TASK"]


class KeypointDetection(Task[ImageInput, KeypointOutput]):
    input_types = (ImageInput,)
    output_types = (KeypointOutput,)
    dense = True

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: KeypointOutput
    ) -> list[Result]:
        """Return the points in each picture, in its own pixels."""
        results = keypoint_detection.results(output, opened, output_spec)
        return [
            Keypoints(
                keypoints=tuple(Keypoint(**point) for point in one["keypoints"]),
                size=one["size"],
                skeleton=output_spec.skeleton,
                picture=None if isinstance(item, Tensor) else item,
            )
            for one, item in zip(results, opened, strict=True)
        ]

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: KeypointOutput
    ) -> dict[str, float]:
        """Return the normalized mean error and the share of points that are near; see
        `zoo.runtime.keypoint_metrics`."""
        return keypoint_metrics.metrics(output, target, output_spec)

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        problem = "zoo.finetune does not teach models that find keypoints yet."
        raise OptionError(spec.name, problem, list(spec.options))

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        """A place for each point."""
        _, output_spec = self.signature(spec)
        found = self.postprocess(output, list(given), output_spec)
        assert len(found) == len(given)


TASK = KeypointDetection()
