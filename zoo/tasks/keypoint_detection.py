"""A picture in, the points of the object that it shows out. The Hub's tag is
keypoint-detection.

`zoo.runtime.keypoint_detection` says what a model gives, and makes points of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from PIL import Image, ImageOps
from torch import Tensor, nn

from zoo.errors import SettingsError
from zoo.models.metadata import model_metadata
from zoo.runtime import keypoint_detection, keypoint_metrics
from zoo.runtime.augmentation import augment_with_points
from zoo.runtime.keypoint_detection import cell_centers, keypoint_loss
from zoo.specs import ImageInput, KeypointOutput, ModelSpec
from zoo.tasks._task import Figures, FinetuneSettings, Picture, RawRows, Task
from zoo.tasks.results.keypoints import Keypoint, Keypoints
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.results.result import Result
from zoo.tasks.targets.keypoints import mirrored

__all__ = ["TASK", "mean_points"]

SHOWN, SIDES = 8, (216, 216)  # pictures of the worst, and their pixels


class KeypointDetection(Task[ImageInput, KeypointOutput]):
    """A model gives maps of a picture, as in `zoo.runtime.keypoint_detection`."""

    input_types = (ImageInput,)
    output_types = (KeypointOutput,)
    metric = "nme"
    tie_breakers = ("pck_10", "validation_loss")
    head_check = 60, 0.03
    dense = True
    # As of detectors: places ask more of what lies before the head than labels do.
    finetune_defaults: ClassVar[Mapping[str, Any]] = {
        "freeze": "none",
        "lr": 2e-3,
        "layer_lr_decay": 1.0,
        "augment": "flip-crop",
        "norm_statistics": True,
        "min_steps": 600,
        "patience": None,
        "clip": 10.0,
    }

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: KeypointOutput
    ) -> list[Result]:
        """Return the points in each picture, in its own pixels."""
        return [*_typed(output, opened, output_spec)]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: KeypointOutput,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the loss of the maps; see `zoo.runtime.keypoint_detection`."""
        return keypoint_loss(output, target)

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: KeypointOutput
    ) -> dict[str, float]:
        """Return the normalized mean error and the share of points that are near; see
        `zoo.runtime.keypoint_metrics`."""
        return keypoint_metrics.metrics(output, target, output_spec)

    def augment(
        self,
        batch: Tensor,
        target: Tensor,
        kind: str,
        random: torch.Generator,
        output_spec: KeypointOutput,
    ) -> tuple[Tensor, Tensor]:
        """Pictures are mirrored where the names of the points say which are left and
        right."""
        sides = mirrored(output_spec.labels)
        return augment_with_points(batch, target, kind, random, sides)

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        super().check_finetuning(spec, chosen)
        if chosen.augmented_copies > 1:
            raise SettingsError(
                f"augmented_copies={chosen.augmented_copies} keeps the features of "
                "copies, and points move with their pictures anew in every epoch: "
                "leave augmented_copies out."
            )
        if chosen.balance:
            raise SettingsError(
                f"balance=True weighs classes, and {spec.name!r} finds points: leave "
                "it out."
            )

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: ImageInput,
        output_spec: KeypointOutput,
    ) -> dict[str, Figures]:
        """Return what the mean of each point is worth, given for every picture."""
        seen, target = (
            self.target_tensor(r, input_spec, output_spec) for r in (training, rows)
        )
        mean = mean_points(seen).expand_as(target)
        measured = keypoint_metrics.of_points(mean, target, output_spec)
        return {"the mean points": measured}

    def draw_errors(
        self, module: nn.Module, rows: RawRows, output: Tensor, target: Tensor
    ) -> Picture:
        """Return the pictures with the largest mean errors: what was found, and in
        white the true points."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        points, _ = keypoint_detection.decode(output, output_spec)
        error = keypoint_metrics.errors(points, target, output_spec).nanmean(dim=1)
        order = error.nan_to_num(-1).argsort(descending=True).tolist()
        drawn = []
        for row in order[:SHOWN]:
            picture = self.load_item(rows.items[row], input_spec).convert("RGB")
            shown = ImageOps.contain(picture, SIDES)
            (found,) = _typed(output[row : row + 1], [shown], output_spec)
            marked = _with_truth(found, target[row])
            drawn.append(ImageOps.pad(marked, SIDES))
        return Picture(
            name="points",
            png=png(image_grid(drawn, columns=4)),
            caption="The {part} rows with the largest errors: what was found, and in "
            "white the true points.",
        )

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        """A place for each point."""
        _, output_spec = self.signature(spec)
        found = self.postprocess(output, list(given), output_spec)
        assert len(found) == len(given)

    def num_label_outputs(self, output: Tensor, output_spec: KeypointOutput) -> int:
        return output.shape[1] // 3  # a map of logits, and two of offsets

    def constant_loss(
        self, output: Tensor, target: Tensor, output_spec: KeypointOutput
    ) -> float:
        """Return the loss of one logit in all cells, that of a cell being near a point,
        and of no offset."""
        rows, columns = output.shape[2:]
        away = (target[:, :, None, None] - cell_centers(rows, columns)) * columns
        near = (away.norm(dim=-1) < keypoint_detection.RADIUS).double().mean()
        flat = torch.zeros_like(output)
        flat[:, : len(output_spec.labels)] = near.logit()
        return self.loss(flat, target, output_spec).item()


TASK = KeypointDetection()


def mean_points(target: Tensor) -> Tensor:
    """Return the mean of each point, (points, 2), over rows (rows, points, 2) that have
    it; the middle of the picture for one that none has."""
    return target.nanmean(dim=0).nan_to_num(0.5)


def _typed(
    output: Tensor, opened: Sequence[Any], output_spec: KeypointOutput
) -> list[Keypoints]:
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


def _with_truth(found: Keypoints, target: Tensor) -> Image.Image:
    """Return the picture with the true points, (points, 2) in shares, in white beneath
    those that were found."""
    width, height = found.size
    there = [n for n, (x, _) in enumerate(target.tolist()) if x == x]
    number = {point: place for place, point in enumerate(there)}
    true = replace(
        found,
        keypoints=tuple(
            replace(
                found.keypoints[n],
                x=target[n, 0].item() * width,
                y=target[n, 1].item() * height,
            )
            for n in there
        ),
        skeleton=tuple(
            (number[a], number[b])
            for a, b in found.skeleton
            if a in number and b in number
        ),
    )
    return replace(found, picture=true.render(color="white")).render()
