"""A picture in, a label for each of its pixels out. The Hub's tag is
image-segmentation.

Models that tell single objects apart have the same tag, and an `InstanceOutput`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from zoo.errors import SettingsError
from zoo.models.metadata import model_metadata
from zoo.runtime import image_segmentation, mask_metrics
from zoo.runtime.augmentation import augment_with_mask
from zoo.runtime.image_segmentation import probabilities
from zoo.runtime.mask_metrics import IGNORED
from zoo.specs import ImageInput, MaskOutput, ModelSpec
from zoo.tasks._instance_segmentation import InstanceSegmentation
from zoo.tasks._task import Figures, FinetuneSettings, Picture, RawRows, Task
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.results.result import Result
from zoo.tasks.results.segmentation import Segmentation, coloured

__all__ = ["TASK", "certain", "constant_masks"]

SHOWN, SIDE = 8, 96  # masks in a picture of the worst, and their pixels


class ImageSegmentation(Task[ImageInput, MaskOutput]):
    input_types = (ImageInput,)
    output_types = (MaskOutput,)
    variants = (InstanceSegmentation(),)
    metric = "iou"
    dense = True
    # What comes before the head tells the pixels of the old classes apart, so all of it
    # learns; a few held-out rows decide little, so nothing ends it early.
    finetune_defaults: ClassVar[Mapping[str, Any]] = {
        "freeze": "none",
        "lr": 2e-3,
        "layer_lr_decay": 0.9,
        "norm_statistics": True,
        "min_steps": 80,
        "patience": None,
    }

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: MaskOutput
    ) -> list[Result]:
        """Return masks of the pictures' own sizes; of prepared pixels, of the
        frame's."""
        results = image_segmentation.results(output, opened, output_spec)
        return [
            Segmentation(
                **{**one, "mask": coloured(one["mask"])},
                picture=None if isinstance(item, Tensor) else item,
            )
            for one, item in zip(results, opened, strict=True)
        ]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: MaskOutput,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean cross-entropy of pixels; `target` (batch, height, width).

        Pixels of no label, 255, count nowhere.
        """
        known = target != IGNORED
        if not known.any():
            return output.sum() * 0
        if output_spec.function_to_apply == "softmax":
            return functional.cross_entropy(
                output, target.long(), weight=weight, ignore_index=IGNORED
            )
        logits = output[:, 0]
        if not known.all():
            logits, target = logits[known], target[known]
        each = weight[target.long()] if weight is not None else None
        return functional.binary_cross_entropy_with_logits(
            logits, target.to(output.dtype), weight=each
        )

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: MaskOutput
    ) -> dict[str, float]:
        """Return the metrics of predicted masks; see `zoo.runtime.mask_metrics`."""
        return mask_metrics.metrics(output, target, output_spec)

    def augment(
        self,
        batch: Tensor,
        target: Tensor,
        kind: str,
        random: torch.Generator,
        output_spec: MaskOutput,
    ) -> tuple[Tensor, Tensor]:
        return augment_with_mask(batch, target, kind, random)

    def predicted_labels(self, output: Tensor, output_spec: MaskOutput) -> Tensor:
        return probabilities(output, output_spec).argmax(dim=1)

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        super().check_finetuning(spec, chosen)
        if chosen.augmented_copies > 1:
            raise SettingsError(
                f"augmented_copies={chosen.augmented_copies} keeps the features of "
                "copies, and masks move with their pictures anew in every epoch: leave "
                "augmented_copies out."
            )

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: ImageInput,
        output_spec: MaskOutput,
    ) -> dict[str, Figures]:
        seen, target = (
            self.target_tensor(r, input_spec, output_spec) for r in (training, rows)
        )
        flat = {
            name: certain(mask.expand(len(target), *mask.shape), output_spec)
            for name, mask in constant_masks(seen, len(output_spec.labels)).items()
        }
        return {
            name: self.compute_metrics(one, target, output_spec)
            for name, one in flat.items()
        }

    def draw_errors(
        self, module: nn.Module, rows: RawRows, output: Tensor, target: Tensor
    ) -> Picture:
        """Return the rows with the worst predictions: picture, mask, predicted mask."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        predicted = self.predicted_labels(output, output_spec)
        wrong = ((predicted != target) & (target != IGNORED)).double().mean(dim=(1, 2))
        drawn = []
        for row in wrong.argsort(descending=True)[:SHOWN].tolist():
            picture = self.load_item(rows.items[row], input_spec)
            masks = [
                coloured(Image.fromarray(one[row].byte().numpy()))
                for one in (target, predicted)
            ]
            drawn += [
                seen.convert("RGB").resize((SIDE, SIDE)) for seen in (picture, *masks)
            ]
        return Picture(
            name="masks",
            png=png(image_grid(drawn, columns=6)),
            caption="{part} rows, each with its mask and what was found, worst first.",
        )


TASK = ImageSegmentation()


def certain(predicted: Tensor, output_spec: MaskOutput) -> Tensor:
    """Return the output that means these labels, (batch, height, width)."""
    if output_spec.function_to_apply == "sigmoid":
        return (2 * predicted.float() - 1)[:, None]
    marked = functional.one_hot(predicted.long(), len(output_spec.labels))
    return marked.permute(0, 3, 1, 2).float()


def constant_masks(target: Tensor, labels: int) -> dict[str, Tensor]:
    """Return masks that know nothing of a picture, from those of the training rows,
    (rows, height, width): the commonest label everywhere, and the commonest in each
    place."""
    often = torch.stack([(target == n).sum(dim=0) for n in range(labels)])
    everywhere = often.sum(dim=(1, 2)).argmax()
    return {
        "the commonest class": everywhere.expand(target.shape[1:]),
        "the mean of the masks": often.argmax(dim=0),
    }
