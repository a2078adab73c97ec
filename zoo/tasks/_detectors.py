"""What tasks share whose models find objects and have a loss of their own."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn

from zoo.errors import OptionError, SettingsError
from zoo.models.metadata import model_metadata
from zoo.models.own_loss import has_own_loss
from zoo.runtime.boxes import NO_BOX
from zoo.runtime.eval_mode import forward_on_device
from zoo.runtime.object_detection import OPTIONS, check_options
from zoo.specs import BoxOutput, ImageInput, InstanceOutput, ModelSpec
from zoo.tasks._task import FinetuneSettings, Task
from zoo.tasks.results.result import Result

__all__ = ["SURE", "DetectionTask", "mean_boxes"]

OutputT = TypeVar("OutputT", BoxOutput, InstanceOutput)

SURE = 10.0  # the logit of what a baseline says

# Places ask more of what lies before the head than labels do, so all of it learns, and
# for longer; a few rows decide little, so nothing ends it early.
FINETUNE_DEFAULTS: Mapping[str, Any] = {
    "freeze": "none",
    "lr": 2e-3,
    "layer_lr_decay": 1.0,
    "augment": "flip-crop",
    "norm_statistics": True,
    "min_steps": 450,
    "patience": None,
    "clip": 10.0,
}


class DetectionTask(Task[ImageInput, OutputT]):
    """A model gives objects for a picture, and its losses where it is given the right
    ones too: `forward(image, target)`.

    A subclass says what `moved` with its pictures, and makes typed results of an
    output.
    """

    input_types = (ImageInput,)
    options = OPTIONS
    metric = "map_50"
    head_check = 30, 0.03
    dense = True
    own_loss = True
    finetune_defaults = FINETUNE_DEFAULTS
    moved: ClassVar[str]

    def typed(
        self,
        output: Tensor,
        opened: Sequence[Any],
        output_spec: OutputT,
        **options: Any,
    ) -> list[Result]:
        """Return the objects in each picture, in its own pixels; the `options` are a
        threshold and an overlap, by default those of the output."""
        raise NotImplementedError

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
        return self.typed(output, opened, output_spec, **options)

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: OutputT
    ) -> list[Result]:
        """Return the objects in each picture, in its own pixels."""
        return self.typed(output, opened, output_spec)

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        super().check_finetuning(spec, chosen)
        _check_settings(spec, chosen, self.moved)

    def check_targets(
        self, module: nn.Module, given: Tensor, targets: Mapping[str, Sequence[Any]]
    ) -> None:
        """Refuse a model that does not know its own loss."""
        _check_own_loss(module)

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        """A box, and a number for each label, at every place; and a mask, if any."""
        _, output_spec = self.signature(spec)
        found = self.postprocess(output, list(given), output_spec)
        assert len(found) == len(given)


def _check_settings(spec: ModelSpec, chosen: FinetuneSettings, moved: str) -> None:
    """Refuse settings that are not for such a model; `moved` is what moves with its
    pictures, "boxes". Raises SettingsError."""
    if chosen.augmented_copies > 1:
        raise SettingsError(
            f"augmented_copies={chosen.augmented_copies} keeps the features of "
            f"copies, and {moved} move with their pictures anew in every epoch: leave "
            "augmented_copies out."
        )
    if chosen.balance:
        raise SettingsError(
            f"balance=True weighs classes, and {spec.name!r} has a loss of its "
            "own: leave it out."
        )


def _check_own_loss(module: nn.Module) -> None:
    """Refuse a model that does not know its own loss. Raises OptionError."""
    if not has_own_loss(module):
        spec = model_metadata(module).spec
        problem = (
            "it can't be fine-tuned: its forward(image) should take a target too, "
            "forward(image, target), and return its losses then."
        )
        raise OptionError(spec.name, problem, list(spec.options))


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
