"""A picture in, a label for each of its pixels out. The Hub's tag is
image-segmentation.

The model sees the whole picture stretched to its frame, so each place in its answer is
a place in the picture: the mask comes back at the picture's own size.
"""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from zoo.errors import InputError, SettingsError, SpecError
from zoo.models.metadata import model_metadata
from zoo.runtime import mask_metrics
from zoo.specs import ImageInput, MaskOutput, ModelSpec
from zoo.tasks._task import Figures, FinetuneSettings, Picture, RawRows, Task
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.results.result import Result
from zoo.tasks.results.segmentation import Segmentation, coloured

__all__ = ["TASK", "certain", "constant_masks", "probabilities"]

MOST_LABELS = 256  # that the bytes of a mask can number
SHOWN, SIDE = 8, 96  # masks in a picture of the worst, and their pixels
MOST_NUMBERS = 32_000_000  # probabilities of a picture that are in memory at a time


class ImageSegmentation(Task[ImageInput, MaskOutput]):
    inputs = (ImageInput,)
    outputs = (MaskOutput,)
    metric = "iou"
    dense = True

    def results(
        self, output: Tensor, opened: Sequence[Any], output_spec: MaskOutput
    ) -> list[Result]:
        """Return masks of the pictures' own sizes; of prepared pixels, of the
        frame's."""
        found = probabilities(output, output_spec).cpu()
        if found.isnan().any():
            problem = (
                "The model's output holds NaN: its weights or this input are at fault."
            )
            raise InputError(problem, "numbers it can count with")
        return [
            _one(each, item, output_spec)
            for each, item in zip(found, opened, strict=True)
        ]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: MaskOutput,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean cross-entropy of pixels; `target` (batch, height, width)."""
        if output_spec.function_to_apply == "softmax":
            return functional.cross_entropy(output, target.long(), weight=weight)
        each = weight[target.long()] if weight is not None else None
        return functional.binary_cross_entropy_with_logits(
            output[:, 0], target.to(output.dtype), weight=each
        )

    def measure(
        self, output: Tensor, target: Tensor, output_spec: MaskOutput
    ) -> dict[str, float]:
        """Return how well masks of numbers, (batch, height, width), are found; see
        `zoo.runtime.mask_metrics`."""
        _check(output, output_spec)
        return mask_metrics.metrics(output, target, output_spec)

    def predicted_labels(self, output: Tensor, output_spec: MaskOutput) -> Tensor:
        return probabilities(output, output_spec).argmax(dim=1)

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        super().check_finetuning(spec, chosen)
        if chosen.augmented_copies > 1:
            raise SettingsError(
                f"augmented_copies={chosen.augmented_copies} keeps the features of "
                "copies, and masks move "
                "with their pictures anew in every epoch: leave augmented_copies out."
            )

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: ImageInput,
        output_spec: MaskOutput,
    ) -> dict[str, Figures]:
        seen, target = (
            self.target(r, input_spec, output_spec) for r in (training, rows)
        )
        flat = {
            name: certain(mask.expand(len(target), *mask.shape), output_spec)
            for name, mask in constant_masks(seen, len(output_spec.labels)).items()
        }
        return {
            name: self.measure(one, target, output_spec) for name, one in flat.items()
        }

    def draw_errors(
        self, module: nn.Module, rows: RawRows, output: Tensor, target: Tensor
    ) -> Picture:
        """Return the rows that were found worst: the picture, its mask, and what was
        found."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        said = self.predicted_labels(output, output_spec)
        wrong = (said != target).double().mean(dim=(1, 2))
        drawn = []
        for row in wrong.argsort(descending=True)[:SHOWN].tolist():
            picture = self.opened(rows.items[row], input_spec)
            masks = [
                coloured(Image.fromarray(one[row].byte().numpy()))
                for one in (target, said)
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


def probabilities(output: Tensor, output_spec: MaskOutput) -> Tensor:
    """Return the probability of each label, (batch, labels, height, width)."""
    _check(output, output_spec)
    return mask_metrics.probabilities(output, output_spec)


def _check(output: Tensor, output_spec: MaskOutput) -> None:
    single = output_spec.function_to_apply == "sigmoid"
    count = 1 if single else len(output_spec.labels)
    if output.ndim != 4 or output.shape[1] != count or count > MOST_LABELS:
        wanted = f"one for each number of the model's output, {tuple(output.shape)}"
        raise SpecError("MaskOutput", "labels", output_spec.labels, wanted)


def certain(said: Tensor, output_spec: MaskOutput) -> Tensor:
    """Return the output of a model that says these numbers (batch, height, width)."""
    if output_spec.function_to_apply == "sigmoid":
        return (2 * said.float() - 1)[:, None]
    marked = functional.one_hot(said.long(), len(output_spec.labels))
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


def _one(probability: Tensor, item: Any, output_spec: MaskOutput) -> Segmentation:
    picture = None if isinstance(item, Tensor) else item
    size = (probability.shape[2], probability.shape[1])
    if picture is not None:
        size = picture.size
        probability = _resized(probability, size)
    sure, number = probability.max(dim=0)
    scores, shares = {}, {}
    for place, label in enumerate(output_spec.labels):
        where = number == place
        shares[label] = where.double().mean().item()
        scores[label] = sure[where].mean().item() if where.any() else 0.0
    return Segmentation(
        mask=coloured(_as_large(Image.fromarray(number.byte().numpy()), size)),
        known=output_spec.labels,
        scores=scores,
        shares=shares,
        picture=picture,
    )


def _resized(probability: Tensor, size: tuple[int, int]) -> Tensor:
    """Return probabilities for a picture of this width and height, stretched as it was,
    the other way; of a huge one for less than every pixel."""
    numbers = len(probability) * size[0] * size[1]
    less = min(1.0, (MOST_NUMBERS / numbers) ** 0.5)
    height, width = (max(1, round(less * side)) for side in reversed(size))
    if tuple(probability.shape[1:]) == (height, width):
        return probability
    return functional.interpolate(
        probability[None], size=(height, width), mode="bilinear", antialias=True
    )[0]


def _as_large(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    if mask.size == size:
        return mask
    return mask.resize(size, Image.Resampling.NEAREST)
