"""A picture in, the objects that it shows out. The Hub's tag is object-detection.

`zoo.runtime.object_detection` says what a model gives, and makes objects of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import ImageDraw, ImageOps
from torch import Tensor, nn

from zoo.models.metadata import model_metadata
from zoo.runtime import box_metrics, object_detection
from zoo.runtime.augmentation import augment_with_boxes
from zoo.runtime.box_metrics import hits
from zoo.runtime.boxes import NO_BOX
from zoo.runtime.object_detection import find
from zoo.specs import BoxOutput, ImageInput
from zoo.tasks._detectors import DetectionTask, mean_boxes
from zoo.tasks._task import Figures, Picture, RawRows
from zoo.tasks.results.detection import Box, Detection, Detections
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.results.result import Result

__all__ = ["TASK"]


SHOWN, SIDES = 8, (288, 216)  # pictures of the worst, and their pixels
MISSED = "white"  # the colour of a box that was not found


class ObjectDetection(DetectionTask[BoxOutput]):
    """A model gives boxes for a picture, and its losses where it is given the right
    ones too: `forward(image, target)`, with `target` as in `zoo.runtime.boxes`."""

    output_types = (BoxOutput,)
    tie_breakers = ("map", "loss")
    moved = "boxes"

    def typed(
        self,
        output: Tensor,
        opened: Sequence[Any],
        output_spec: BoxOutput,
        **options: Any,
    ) -> list[Result]:
        results = object_detection.results(output, opened, output_spec, **options)
        return [*_typed(results, opened, output_spec)]

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: BoxOutput
    ) -> dict[str, float]:
        """Return the mean average precision; see `zoo.runtime.box_metrics`."""
        return box_metrics.metrics(output, target, output_spec)

    def augment(
        self,
        batch: Tensor,
        target: Tensor,
        kind: str,
        random: torch.Generator,
        output_spec: BoxOutput,
    ) -> tuple[Tensor, Tensor]:
        return augment_with_boxes(batch, target, kind, random)

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: ImageInput,
        output_spec: BoxOutput,
    ) -> dict[str, Figures]:
        """Return what the mean box of each label is worth, found in every picture: the
        surer, the more often it is seen."""
        seen, target = (
            self.target_tensor(r, input_spec, output_spec) for r in (training, rows)
        )
        mean = mean_boxes(seen, len(output_spec.labels))
        output = mean.expand(len(target), *mean.shape)
        measured = self.compute_metrics(output, target, output_spec)
        return {"the mean box of each label": measured}

    def draw_errors(
        self, module: nn.Module, rows: RawRows, output: Tensor, target: Tensor
    ) -> Picture:
        """Return the pictures with the most mistakes: what was found, and in white what
        was not."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        found = find(output, output_spec)
        met = []
        for one, padded in zip(found, target, strict=True):
            right, seen = hits(one, padded[padded[:, 0] != NO_BOX])
            met.append((int((~right).sum() + (~seen).sum()), seen))
        order = sorted(range(len(found)), key=lambda row: -met[row][0])
        drawn = []
        for row in order[:SHOWN]:
            picture = self.load_item(rows.items[row], input_spec).convert("RGB")
            shown = ImageOps.contain(picture, SIDES)
            answer = object_detection.results(
                output[row : row + 1], [shown], output_spec
            )
            (result,) = _typed(answer, [shown], output_spec)
            marked = result.render()
            assert marked is not None, "the picture is there"
            pen = ImageDraw.Draw(marked)
            true = target[row][target[row, :, 0] != NO_BOX][~met[row][1]][:, 1:]
            for box in (true * torch.tensor([*shown.size] * 2)).round().int().tolist():
                pen.rectangle(box, outline=MISSED, width=2)
            drawn.append(ImageOps.pad(marked, SIDES))
        return Picture(
            name="boxes",
            png=png(image_grid(drawn, columns=2)),
            caption="The {part} rows with the most mistakes: what was found, and in "
            "white what was not.",
        )

    def num_label_outputs(self, output: Tensor, output_spec: BoxOutput) -> int:
        return output.shape[2] - 5  # beside the box, and whether it is of an object


TASK = ObjectDetection()


def _typed(
    results: Sequence[Mapping[str, Any]], opened: Sequence[Any], output_spec: BoxOutput
) -> list[Detections]:
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
