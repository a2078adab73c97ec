"""A picture in, the objects that it shows out. The Hub's tag is object-detection.

`zoo.runtime.object_detection` says what a model gives, and makes objects of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from zoo.errors import OptionError
from zoo.models.metadata import model_metadata
from zoo.runtime import box_metrics, object_detection
from zoo.runtime.eval_mode import forward_on_device
from zoo.specs import BoxOutput, ImageInput, ModelSpec
from zoo.tasks._task import FinetuneSettings, Task
from zoo.tasks.results.detection import Box, Detection, Detections
from zoo.tasks.results.result import Result

__all__ = ["TASK"]


class ObjectDetection(Task[ImageInput, BoxOutput]):
    input_types = (ImageInput,)
    output_types = (BoxOutput,)
    options = object_detection.OPTIONS
    dense = True

    def predict(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return the objects in each picture. Raises OptionError, InputError."""
        spec = model_metadata(module).spec
        _, output_spec = self.signature(spec)
        object_detection.check_options(spec.name, options)
        output = forward_on_device(module, given)
        results = object_detection.results(output, opened, output_spec, **options)
        return _typed(results, opened, output_spec)

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: BoxOutput
    ) -> list[Result]:
        """Return the objects in each picture, in its own pixels."""
        results = object_detection.results(output, opened, output_spec)
        return _typed(results, opened, output_spec)

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: BoxOutput
    ) -> dict[str, float]:
        """Return the mean average precision; see `zoo.runtime.box_metrics`."""
        return box_metrics.metrics(output, target, output_spec)

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        problem = "zoo.finetune does not teach models that find objects yet."
        raise OptionError(spec.name, problem, list(spec.options))

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        """A box, and a number for each label, at every place."""
        _, output_spec = self.signature(spec)
        found = self.postprocess(output, list(given), output_spec)
        assert len(found) == len(given)

    def num_label_outputs(self, output: Tensor) -> int:
        return output.shape[2] - 5  # beside the box, and whether it is of an object


TASK = ObjectDetection()


def _typed(
    results: Sequence[Mapping[str, Any]], opened: Sequence[Any], output_spec: BoxOutput
) -> list[Result]:
    return [
        Detections(
            objects=tuple(
                Detection(**{**thing, "box": Box(**thing["box"])})
                for thing in one["objects"]
            ),
            size=one["size"],
            known=output_spec.labels,
            picture=None if isinstance(item, Tensor) else item,
        )
        for one, item in zip(results, opened, strict=True)
    ]
