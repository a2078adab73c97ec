"""What can be taught to which model: refused before it is begun."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.custom.examples import DatasetSplits
from zoo.errors import OptionError, SettingsError
from zoo.finetuning.strategies import Settings
from zoo.models.eval_mode import eval_mode
from zoo.models.freeze import head_of
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.specs import (
    ClassOutput,
    ImageInput,
    MaskOutput,
    ModelSpec,
    OCROutput,
)
from zoo.tasks.image_to_text import numbered
from zoo.training.train import trains

__all__ = ["check", "check_target_lengths", "copy_known_rows"]


def check(spec: ModelSpec, chosen: Settings) -> None:
    """Refuse a model that has nothing to teach, and settings that are not for it."""
    if spec.head is None:
        problem = "it declares no head, so there is nothing to fine-tune on top of it."
        if trains(spec):
            problem += (
                f" 'zoo eject {spec.name} FOLDER' makes its recipe yours, to train it "
                "on other data."
            )
        raise OptionError(spec.name, problem, list(spec.options))
    if isinstance(spec.output, ClassOutput) and spec.output.multi_label:
        problem = (
            "it answers several questions of one input at once, and fine-tuning "
            "takes rows with one label each."
        )
        raise OptionError(spec.name, problem, list(spec.options))
    if chosen.augment != "none" and not isinstance(spec.input, ImageInput):
        raise SettingsError(
            f"augment={chosen.augment!r} changes pictures, and {spec.name!r} takes "
            f"{spec.input.plural}: leave it out."
        )
    if isinstance(spec.output, OCROutput):
        _check_reading(spec, chosen)
    if chosen.augmented_copies > 1 and isinstance(spec.output, MaskOutput):
        raise SettingsError(
            f"augmented_copies={chosen.augmented_copies} keeps the features of copies, and masks move with "
            "their pictures anew in every epoch: leave augmented_copies out."
        )


def _check_reading(spec: ModelSpec, chosen: Settings) -> None:
    """Refuse what spoils a text, and what is of classes alone."""
    if chosen.augment != "none":
        raise SettingsError(
            f"augment={chosen.augment!r} flips pictures, and {spec.name!r} reads what "
            "is written in them: leave it out."
        )
    if chosen.balance:
        raise SettingsError(
            f"balance=True weighs classes, and {spec.name!r} reads texts: leave it out."
        )


@torch.inference_mode()
def check_target_lengths(model: nn.Module, given: Tensor, found: DatasetSplits) -> None:
    """Refuse texts that take more steps than the model has. Raises DataError."""
    with eval_mode(model):
        steps = model(given[:1]).shape[1]
    output_spec: Any = model_metadata(model).spec.output
    for part, rows in found.parts().items():
        numbered(
            rows.targets,
            output_spec,
            source=f"{found.source_of(part)}/{part}",
            steps=steps,
        )


@torch.no_grad()
def copy_known_rows(old: nn.Module, model: nn.Module) -> None:
    """Let the new head know the characters, and the blank, that the old one knew."""
    before, after = model_metadata(old).labels, model_metadata(model).labels
    pairs = [(0, 0)]  # the blank
    pairs += [(before.index(c) + 1, n + 1) for n, c in enumerate(after) if c in before]
    ours, theirs = (
        dict(unwrap_model(one).get_submodule(head_of(one)).named_parameters())
        for one in (model, old)
    )
    for name, value in ours.items():
        for place, row in pairs:
            value[row] = theirs[name][place]
