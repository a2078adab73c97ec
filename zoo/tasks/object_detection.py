"""A picture in, the objects that it shows out. The Hub's tag is object-detection.

`zoo.runtime.object_detection` says what a model gives, and makes objects of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from PIL import ImageDraw, ImageOps
from torch import Tensor, nn

from zoo.errors import OptionError, SettingsError
from zoo.models.metadata import model_metadata
from zoo.models.own_loss import has_own_loss
from zoo.runtime import box_metrics, object_detection
from zoo.runtime.augmentation import augment_with_boxes
from zoo.runtime.box_metrics import hits
from zoo.runtime.boxes import NO_BOX
from zoo.runtime.eval_mode import forward_on_device
from zoo.runtime.object_detection import find
from zoo.specs import BoxOutput, ImageInput, ModelSpec
from zoo.tasks._task import Figures, FinetuneSettings, Picture, RawRows, Task
from zoo.tasks.results.detection import Box, Detection, Detections
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.results.result import Result

__all__ = ["TASK"]


SURE = 10.0  # the logit of what a baseline says
SHOWN, SIDES = 8, (288, 216)  # pictures of the worst, and their pixels
MISSED = "white"  # the colour of a box that was not found


class ObjectDetection(Task[ImageInput, BoxOutput]):
    """A model gives boxes for a picture, and its losses where it is given the right
    ones too: `forward(image, target)`, with `target` as in `zoo.runtime.boxes`."""

    input_types = (ImageInput,)
    output_types = (BoxOutput,)
    options = object_detection.OPTIONS
    metric = "map_50"
    tie_breakers = ("map", "loss")
    head_check = 30, 0.03
    dense = True
    own_loss = True
    # Boxes ask more of what lies before the head than labels do, so all of it learns,
    # and for longer; a few rows decide little, so nothing ends it early.
    finetune_defaults: ClassVar[Mapping[str, Any]] = {
        "freeze": "none",
        "lr": 2e-3,
        "layer_lr_decay": 1.0,
        "augment": "flip-crop",
        "norm_statistics": True,
        "min_steps": 450,
        "patience": None,
        "clip": 10.0,
    }

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
        return [*_typed(results, opened, output_spec)]

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: BoxOutput
    ) -> list[Result]:
        """Return the objects in each picture, in its own pixels."""
        results = object_detection.results(output, opened, output_spec)
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

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        super().check_finetuning(spec, chosen)
        if chosen.augmented_copies > 1:
            raise SettingsError(
                f"augmented_copies={chosen.augmented_copies} keeps the features of "
                "copies, and boxes move with their pictures anew in every epoch: leave "
                "augmented_copies out."
            )
        if chosen.balance:
            raise SettingsError(
                f"balance=True weighs classes, and {spec.name!r} has a loss of its "
                "own: leave it out."
            )

    def check_targets(
        self, module: nn.Module, given: Tensor, targets: Mapping[str, Sequence[Any]]
    ) -> None:
        """Refuse a model that does not know its own loss."""
        if not has_own_loss(module):
            spec = model_metadata(module).spec
            problem = (
                "it can't be fine-tuned: its forward(image) should take a target too, "
                "forward(image, target), and return its losses then."
            )
            raise OptionError(spec.name, problem, list(spec.options))

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

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        """A box, and a number for each label, at every place."""
        _, output_spec = self.signature(spec)
        found = self.postprocess(output, list(given), output_spec)
        assert len(found) == len(given)

    def num_label_outputs(self, output: Tensor) -> int:
        return output.shape[2] - 5  # beside the box, and whether it is of an object


TASK = ObjectDetection()


def mean_boxes(target: Tensor, labels: int) -> Tensor:
    """Return an output, (labels, 5 + labels), that finds each label once, in the mean
    box that it has in a target, and is the surer the more often it has it."""
    real = target[target[..., 0] != NO_BOX]  # (objects, 5)
    output = torch.zeros(labels, 5 + labels)
    for label in range(labels):
        own = real[real[:, 0] == label][:, 1:]
        share = torch.tensor(len(own) / max(1, len(real))).clamp(0.01, 0.99)
        output[label, :4] = own.mean(dim=0) if len(own) else 0.0
        output[label, 4] = share.logit()
        output[label, 5 + label] = SURE
    return output


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
