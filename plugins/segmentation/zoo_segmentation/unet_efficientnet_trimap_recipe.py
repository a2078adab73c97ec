"""Train a U-Net with an EfficientNet-Lite0 encoder on trimaps of pets.

Read it from top to bottom: settings, training; the loop is that of the same network for
two classes, in `zoo_segmentation/unet_efficientnet_recipe.py`, the data are in
`pets.py`, the augmentation and the loss in `augmentation.py` and `losses.py` beside it.
The outline is a class of its own here, as in the course, and the loss weighs its pixels
more, because they are few. The epoch is chosen on the validation rows, a fifth of the
training rows; the test rows are used once, at the end.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from zoo.recipes import Run
from zoo.recipes.metrics import evaluate_segmentation as evaluate
from zoo_segmentation.augmentation import Augmentation
from zoo_segmentation.losses import class_weights, pixel_cross_entropy
from zoo_segmentation.pets import trimaps as data
from zoo_segmentation.unet_efficientnet_recipe import fit

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

AUGMENTATION = Augmentation()


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 20
    frozen_epochs: int = 4  # of the encoder
    batch_size: int = 16
    lr: float = 2e-3  # the peak of the one-cycle schedule
    encoder_lr_factor: float = 0.1  # the encoder's learning rate, as a share of that
    weight_decay: float = 0.01
    weight_power: float = 0.5  # of a class's share of the pixels, in its weight
    val_fraction: float = 0.2  # of the training rows, held out for validation
    amp: bool = False  # bfloat16 where the hardware computes in it; may cost accuracy


# what the test suite runs
SMOKE_SETTINGS = {"epochs": 2, "frozen_epochs": 1, "batch_size": 8}


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    weight = class_weights(
        train_rows.target, len(run.spec.output.labels), power=settings.weight_power
    )

    def loss(logits: Tensor, mask: Tensor) -> Tensor:
        return pixel_cross_entropy(logits, mask, weight)

    return fit(settings, run, train_rows, val_rows, AUGMENTATION, loss)
