"""Train a U-Net with an EfficientNet-Lite0 encoder, pretrained on ImageNet, on pets.

Read it from top to bottom: settings, training; the data are in
`zoo_segmentation/pets.py`, the augmentation and the loss in `augmentation.py` and
`losses.py` beside it. The epoch is chosen on the validation rows, a fifth
of the training rows; the test rows are used once, at the end.

For a few epochs the encoder is frozen and only the decoder is trained; then the encoder
is trained too, at a tenth of the learning rate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_segmentation as evaluate
from zoo_segmentation.augmentation import Augmentation, augment
from zoo_segmentation.losses import bce_dice_loss
from zoo_segmentation.pets import data

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "fit", "train"]

PARENT = "efficientnet-lite0"  # its weights have the names that timm gives them
AUGMENTATION = Augmentation()


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 24
    frozen_epochs: int = 4  # of the encoder
    batch_size: int = 16
    lr: float = 2e-3  # the peak of the one-cycle schedule
    encoder_lr_factor: float = 0.1  # the encoder's learning rate, as a share of that
    weight_decay: float = 0.01
    val_fraction: float = 0.2  # of the training rows, held out for validation
    amp: bool = False  # bfloat16 where the hardware computes in it; may cost accuracy


# what the test suite runs
SMOKE_SETTINGS = {"epochs": 2, "frozen_epochs": 1, "batch_size": 8}


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    return fit(settings, run, train_rows, val_rows, AUGMENTATION, bce_dice_loss)


def fit(
    settings: Any,
    run: Run,
    train_rows: TensorRows,
    val_rows: TensorRows,
    augmentation: Augmentation,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> nn.Module:
    """Return the model of the best epoch; `loss` is of logits and masks."""
    unwrapped = run.build()
    weights = run.load_model(PARENT, parent=True).state_dict()
    encoder = unwrapped.encoder
    encoder.load_state_dict({name: weights[name] for name in encoder.state_dict()})
    model = run.prepare(unwrapped)
    rates = [settings.lr, settings.encoder_lr_factor * settings.lr]
    decoder, encoder = decoder_and_encoder(model)
    optimizer = run.prepare(
        torch.optim.AdamW(
            [
                {"params": part, "lr": lr}
                for part, lr in zip((decoder, encoder), rates, strict=True)
            ],
            weight_decay=settings.weight_decay,
        )
    )
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=rates,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
        )
    )
    for epoch in run.epochs(settings.epochs):
        model.train()
        for parameter in encoder:
            parameter.requires_grad_(epoch > settings.frozen_epochs)
        generator = torch.Generator().manual_seed(
            settings.seed + epoch + 10_000 * run.rank
        )
        for image, mask in run.batches(train_rows, settings.batch_size):
            image, mask = augment(image, mask, augmentation, generator)
            run.step(loss(model(image), mask), optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="iou")
    return run.best(model).requires_grad_(True)


def decoder_and_encoder(
    model: nn.Module,
) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the parameters of the decoder with the head, and of the encoder."""
    decoder: list[nn.Parameter] = []
    encoder: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (encoder if "encoder." in name else decoder).append(parameter)
    return decoder, encoder
