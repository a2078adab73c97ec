"""Train a slim U-Net from scratch on 367 pictures of streets, for eleven classes.

Read it from top to bottom: settings, training; the loop is that of the U-Net of pets,
in `zoo_segmentation/unet_recipe.py`, the data are in `streets.py`, the augmentation and
the loss in `augmentation.py` and `losses.py` beside it. Half of the classes have less
than 2 % of the pixels, so the loss weighs pixels by the class that they are of. The
epoch is chosen on the validation rows; the test rows, of other drives, are used once,
at the end.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from zoo.recipes import Run, fit_normalization
from zoo.recipes.metrics import evaluate_segmentation as evaluate
from zoo_segmentation.augmentation import Augmentation
from zoo_segmentation.losses import class_weights, pixel_cross_entropy
from zoo_segmentation.streets import data
from zoo_segmentation.unet_recipe import fit

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

# Crops of less than the whole picture, so that a step costs less.
AUGMENTATION = Augmentation(
    min_area=0.35,
    max_area=1.0,
    max_aspect_ratio=5 / 4,
    rotation_degrees=5.0,
    size=(144, 192),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 40
    batch_size: int = 8
    lr: float = 3e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    weight_power: float = 0.5  # of a class's share of the pixels, in its weight
    amp: bool = False  # bfloat16 where the hardware computes in it; may cost accuracy


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 4}  # what the test suite runs


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = data(run, "train"), data(run, "validation")
    fit_normalization(run, train_rows)
    weight = class_weights(
        train_rows.target, len(run.spec.output.labels), power=settings.weight_power
    )

    def loss(logits: Tensor, mask: Tensor) -> Tensor:
        return pixel_cross_entropy(logits, mask, weight)

    return fit(settings, run, train_rows, val_rows, AUGMENTATION, loss)
