"""Train ResNet-20 on CIFAR-10.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. What is done to the pictures, the batch and the 5,000
validation rows are the paper's; there are far fewer epochs, so the learning rate
follows one cycle. Its peak, the momentum and the weight decay are those that are common
for such networks, and nothing was searched. The validation rows choose the epoch that
is kept; the test rows are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from zoo import Run
from zoo.datasets.augmentation import augmented, shifted
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation.evaluate_tensors import evaluate
from zoo_resnet import telling

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 20
    batch: int = 128
    lr: float = 0.2  # the peak of the one-cycle schedule
    momentum: float = 0.9  # Nesterov's
    weight_decay: float = 5e-4
    smoothing: float = 0.0  # share of the answer that goes to all labels alike
    shift: int = 4  # pixels a picture is moved by, at most, black coming in
    holding: float = 0.1  # share of the training rows kept for validation
    half: bool = True  # bfloat16 in the convolutions: processors with it are faster


SMOKE_SETTINGS = {"epochs": 1, "batch": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return pictures, 3x32x32 bytes, and their labels."""
    rows = run.load_rows("cifar10", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> torch.nn.Module:
    fitting, holding = run.split(data(run, "train"), settings.holding)
    run.fit_normalization(fitting)
    model = run.prepare(run.build().to(memory_format=torch.channels_last))
    optimizer = run.prepare(
        torch.optim.SGD(
            model.parameters(),
            lr=settings.lr,
            momentum=settings.momentum,
            nesterov=True,
            weight_decay=settings.weight_decay,
            fused=True,
        )
    )
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(fitting, settings.batch, settings.epochs),
            pct_start=0.2,
            cycle_momentum=False,
        )
    )
    narrow = torch.autocast(run.device.type, torch.bfloat16, enabled=settings.half)

    def changed(image: Tensor, random: torch.Generator) -> Tensor:
        return shifted(augmented(image, "flip", random), settings.shift, random)

    for _ in run.epochs(settings.epochs):
        model.train()
        for image, label in run.batches(fitting, settings.batch, augment=changed):
            with narrow:
                logits = model(image)
            loss = cross_entropy(
                logits.float(), label, label_smoothing=settings.smoothing
            )
            run.step(loss, optimizer, schedule)
        run.log(evaluate(model, holding), best="accuracy")
    return run.best(model)


def report(model: torch.nn.Module, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    telling.report(model, run, data(run, "train"), data(run, "test"))
