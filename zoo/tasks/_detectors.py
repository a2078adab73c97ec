"""What tasks share whose models find objects and have a loss of their own."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from zoo.errors import OptionError, SettingsError
from zoo.models.metadata import model_metadata
from zoo.models.own_loss import has_own_loss
from zoo.runtime.boxes import NO_BOX
from zoo.specs import ModelSpec
from zoo.tasks._task import FinetuneSettings

__all__ = [
    "FINETUNE_DEFAULTS",
    "SURE",
    "check_own_loss",
    "check_settings",
    "mean_boxes",
]

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


def check_settings(spec: ModelSpec, chosen: FinetuneSettings, moved: str) -> None:
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


def check_own_loss(module: nn.Module) -> None:
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
