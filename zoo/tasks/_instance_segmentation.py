"""A picture in, the objects that it shows out, each with its mask.

The Hub's tag is image-segmentation, as where each pixel has a label: the output tells.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import ImageDraw, ImageOps
from torch import Tensor, nn

from zoo.models.metadata import model_metadata
from zoo.runtime import instance_metrics, instance_segmentation
from zoo.runtime.augmentation import augment_with_mask
from zoo.runtime.boxes import NO_BOX
from zoo.specs import ImageInput, InstanceOutput
from zoo.tasks._detectors import SURE, DetectionTask, mean_boxes
from zoo.tasks._task import Figures, Picture, RawRows
from zoo.tasks.results.detection import Box
from zoo.tasks.results.instances import Instance, Instances
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.results.result import Result

__all__ = ["InstanceSegmentation", "object_boxes"]

SHOWN, SIDES = 8, (288, 216)  # pictures of the worst, and their pixels
MISSED = "white"  # the colour of the box around an object that was not found


class InstanceSegmentation(DetectionTask[InstanceOutput]):
    """A model gives boxes and masks for a picture, and its losses where it is given the
    right ones too: `forward(image, target)`, with `target` (B, 2, H, W) as in
    `zoo.runtime.instance_metrics`."""

    output_types = (InstanceOutput,)
    tie_breakers = ("map", "f1_50")
    moved = "masks"

    def typed(
        self,
        output: Tensor,
        opened: Sequence[Any],
        output_spec: InstanceOutput,
        **options: Any,
    ) -> list[Result]:
        results = instance_segmentation.results(output, opened, output_spec, **options)
        return [*_typed(results, opened, output_spec)]

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: InstanceOutput
    ) -> dict[str, float]:
        """Return the precision of masks; see `zoo.runtime.instance_metrics`."""
        return instance_metrics.metrics(output, target, output_spec)

    def augment(
        self,
        batch: Tensor,
        target: Tensor,
        kind: str,
        random: torch.Generator,
        output_spec: InstanceOutput,
    ) -> tuple[Tensor, Tensor]:
        return augment_with_mask(batch, target, kind, random)

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: ImageInput,
        output_spec: InstanceOutput,
    ) -> dict[str, Figures]:
        """Return what the mean box of each label is worth, whole, found in every
        picture: the surer, the more often it is seen."""
        seen, target = (
            self.target_tensor(r, input_spec, output_spec) for r in (training, rows)
        )
        mean = mean_boxes(object_boxes(seen), len(output_spec.labels))
        whole = torch.full((len(mean), output_spec.mask_size**2), SURE)
        output = torch.cat([mean, whole], dim=1).expand(len(target), -1, -1)
        measured = self.compute_metrics(output, target, output_spec)
        return {"the mean box of each label": measured}

    def draw_errors(
        self, module: nn.Module, rows: RawRows, output: Tensor, target: Tensor
    ) -> Picture:
        """Return the pictures with the most mistakes: what was found, and in white
        boxes what was not."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        found = instance_segmentation.find(output, output_spec)
        met = []
        for one, true in zip(found, target, strict=True):
            right, seen = instance_metrics.hits(one, true)
            met.append((int((~right).sum() + (~seen).sum()), seen))
        order = sorted(range(len(found)), key=lambda row: -met[row][0])
        drawn = []
        for row in order[:SHOWN]:
            picture = self.load_item(rows.items[row], input_spec).convert("RGB")
            shown = ImageOps.contain(picture, SIDES)
            answer = instance_segmentation.results(
                output[row : row + 1], [shown], output_spec
            )
            (result,) = _typed(answer, [shown], output_spec)
            marked = result.render()
            assert marked is not None, "the picture is there"
            pen = ImageDraw.Draw(marked)
            boxes = object_boxes(target[row : row + 1])[0, :, 1:]
            missed = boxes[: len(met[row][1])][~met[row][1]]
            ends = missed * torch.tensor([*shown.size] * 2)
            for box in ends.round().int().tolist():
                pen.rectangle(box, outline=MISSED, width=2)
            drawn.append(ImageOps.pad(marked, SIDES))
        return Picture(
            name="masks",
            png=png(image_grid(drawn, columns=2)),
            caption="The {part} rows with the most mistakes: what was found, and in "
            "white boxes what was not.",
        )

    def num_label_outputs(self, output: Tensor, output_spec: InstanceOutput) -> int:
        # Beside the box, whether it is of an object, and the mask.
        return output.shape[2] - 5 - output_spec.mask_size**2


def object_boxes(target: Tensor) -> Tensor:
    """Return the box around each object of maps (B, 2, H, W), as targets of boxes, (B,
    most, 5): the number of its label, and its ends as shares of the picture; see
    `zoo.runtime.boxes`."""
    height, width = target.shape[2:]
    most = max(1, int(target[:, 0].max()))
    boxes = torch.zeros(len(target), most, 5)
    boxes[..., 0] = NO_BOX
    for row, (numbers, labels) in enumerate(target):
        for number in numbers.unique().tolist():
            if not number:
                continue
            y, x = (numbers == number).nonzero().unbind(dim=1)
            label = labels[y[0], x[0]].item()
            low = x.min().item() / width, y.min().item() / height
            high = (x.max().item() + 1) / width, (y.max().item() + 1) / height
            boxes[row, number - 1] = torch.tensor([label, *low, *high])
    return boxes


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
                    mask=thing["mask"],
                )
                for thing in one["objects"]
            ),
            size=one["size"],
            known=output_spec.labels,
            picture=None if isinstance(item, Tensor) else item,
        )
        for one, item in zip(results, opened, strict=True)
    ]
