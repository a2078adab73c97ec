"""A picture in, the objects that it shows out, each with its mask.

The Hub's tag is image-segmentation, as where each pixel has a label: the output tells.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image
from torch import Tensor, nn

from zoo.models.metadata import model_metadata
from zoo.runtime import instance_metrics, instance_segmentation
from zoo.runtime.eval_mode import forward_on_device
from zoo.runtime.object_detection import OPTIONS, check_options
from zoo.specs import ImageInput, InstanceOutput, ModelSpec
from zoo.tasks._task import Task
from zoo.tasks.results.detection import Box
from zoo.tasks.results.instances import Instance, Instances
from zoo.tasks.results.result import Result

__all__ = ["InstanceSegmentation"]


class InstanceSegmentation(Task[ImageInput, InstanceOutput]):
    """A model gives boxes and masks for a picture, and its losses where it is given the
    right ones too: `forward(image, target)`, with `target` (B, 2, H, W) as in
    `zoo.runtime.instance_metrics`."""

    input_types = (ImageInput,)
    output_types = (InstanceOutput,)
    options = OPTIONS
    metric = "map_50"
    tie_breakers = ("map", "f1_50")
    dense = True
    own_loss = True

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
        check_options(spec.name, options)
        output = forward_on_device(module, given)
        results = instance_segmentation.results(output, opened, output_spec, **options)
        return [*_typed(results, opened, output_spec)]

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: InstanceOutput
    ) -> list[Result]:
        """Return the objects in each picture, in its own pixels."""
        results = instance_segmentation.results(output, opened, output_spec)
        return [*_typed(results, opened, output_spec)]

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: InstanceOutput
    ) -> dict[str, float]:
        """Return the precision of masks; see `zoo.runtime.instance_metrics`."""
        return instance_metrics.metrics(output, target, output_spec)

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        """A box, a number for each label and a mask, at every place."""
        _, output_spec = self.signature(spec)
        found = self.postprocess(output, list(given), output_spec)
        assert len(found) == len(given)

    def num_label_outputs(self, output: Tensor) -> int:
        raise NotImplementedError("no head of such a model is new")


def _typed(
    results: Sequence[Mapping[str, Any]],
    opened: Sequence[Any],
    output_spec: InstanceOutput,
) -> list[Instances]:
    return [
        Instances(
            objects=tuple(
                Instance(
                    label=thing["label"],
                    score=thing["score"],
                    box=Box(**thing["box"]),
                    mask=Image.fromarray(255 * thing["mask"].byte().numpy()),
                )
                for thing in one["objects"]
            ),
            size=one["size"],
            known=output_spec.labels,
            picture=None if isinstance(item, Tensor) else item,
        )
        for one, item in zip(results, opened, strict=True)
    ]
