"""How pix2pix learns from a user's own pairs: by its recipe's losses, both of them.

The generator starts from the trained weights. The discriminator of pairs is not part of
the checkpoint, and starts anew. L1 alone was tried on facades in other colors: it came
a little nearer to those held out, with softer edges, against which a discriminator is.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from zoo.recipes import Run, TensorRows, normalize, to_model_input
from zoo.recipes.finetuning import PictureLearning, PictureTrainer, TrainingPlan
from zoo_image2image.label_reader import labels_of
from zoo_image2image.patchgan import PatchGAN
from zoo_image2image.pix2pix_recipe import (
    Settings,
    discriminator_loss,
    moved,
    whole_loss,
)

__all__ = ["Pix2PixLearning"]


class Pix2PixLearning(PictureLearning):
    """Pairs; the metric is the mean absolute error of pixels in 0..1."""

    pairs = True
    metric = "mae"
    least_training = 4

    def trainer(self, model: nn.Module, run: Run, plan: TrainingPlan) -> PictureTrainer:
        return _Trainer(model, run, plan)

    def measure(
        self, module: nn.Module, made: Tensor, target: Tensor
    ) -> dict[str, float]:
        return {"mae": _error((made + 1) / 2, target)}

    def baselines(
        self, training: TensorRows, rows: TensorRows, input_spec: Any, output_spec: Any
    ) -> Mapping[str, Mapping[str, float]]:
        """Return what the mean color of each label reaches."""
        label, photo = _labels(training.input, input_spec), _pixels(training.target)
        seen = label.unique().tolist()
        colors = torch.full((len(input_spec.label_colors), 3), 0.5)
        for number in seen:
            colors[number] = photo[label == number].mean(0)
        made = colors[_labels(rows.input, input_spec)].permute(0, 3, 1, 2)
        return {"mean color of each label": {"mae": _error(made, rows.target)}}


class _Trainer(PictureTrainer):
    """A generator and a new discriminator of pairs."""

    def __init__(self, model: nn.Module, run: Run, plan: TrainingPlan) -> None:
        settings, self.spec = Settings(), run.spec.input
        self.kept, self.run, self.plan, self.settings = model, run, plan, settings
        self.generator = run.prepare(model)
        judge = PatchGAN(
            channels=6, width=settings.d_width, layers=settings.d_layers
        ).to(run.device)
        self.discriminator = run.prepare(judge)
        self.g_optimizer, self.d_optimizer = (
            plan.optimizer_of(one, beta1=settings.beta1)
            for one in (self.generator, self.discriminator)
        )

    def step(self, given: Tensor, target: Tensor) -> None:
        """Make one step of the discriminator, then one of the generator. With augment
        "flip" pairs are moved and mirrored as in the recipe."""
        label, real = given, normalize(to_model_input(target), self.spec)
        if self.plan.augment == "flip":
            most, random = self.settings.shift_pixels, self.run.generator
            label, real = moved(label, real, most, random)
        fake, judge = self.generator(label), self.discriminator
        d_loss = discriminator_loss(judge, label, real, fake.detach())
        clip = self.plan.clip
        self.run.step(d_loss, *self.d_optimizer, clip=clip, name="discriminator_loss")
        g_loss = whole_loss(judge, label, real, fake, self.settings.l1)
        self.run.step(g_loss, *self.g_optimizer, clip=clip, name="generator_loss")


def _pixels(photo: Tensor) -> Tensor:
    """Return pictures, bytes, as pixels in 0..1, (B, H, W, 3)."""
    return to_model_input(photo).permute(0, 2, 3, 1)


def _error(made: Tensor, target: Tensor) -> float:
    return l1_loss(made, to_model_input(target)).item()


def _labels(given: Tensor, input_spec: Any) -> Tensor:
    """Return label maps as the model takes them, (B, 3, H, W), as the numbers of the
    labels, (B, H, W)."""
    mean, std = (
        torch.tensor(one)[..., None, None] for one in (input_spec.mean, input_spec.std)
    )
    maps = ((given * std + mean) * 255).round().to(torch.uint8)
    return labels_of(maps, input_spec)
