"""Train a U-Net on EfficientNet-Lite0, which knows ImageNet, on photographs of pets.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The epoch is chosen on the validation rows, a fifth of the
training rows; the test rows are used once, at the end.

The way up has a few epochs to itself, on features of ImageNet as they are; then the way
down learns too, ten times slower, so that what it knows is bent and not broken.
"""

from dataclasses import dataclass, replace

import torch
from torch import nn

import zoo
from zoo import Run
from zoo.evaluation.evaluate_tensors import evaluate
from zoo.models.metadata import attach, model_metadata
from zoo_segmentation.pets import Moves, data, example, loss, moved
from zoo_segmentation.telling import describe

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "example",
    "report",
    "train",
]

PARENT = "efficientnet-lite0"
MOVES = Moves()


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 24
    alone: int = 4  # epochs in which the way down stays as it is
    batch: int = 16
    lr: float = 2e-3  # the peak of the one-cycle schedule
    slower: float = 0.1  # the rate of the way down, as a share of that
    weight_decay: float = 0.01
    holding: float = 0.2  # share of the training rows kept for validation
    half: bool = True  # bfloat16 where torch allows it


SMOKE_SETTINGS = {"epochs": 2, "alone": 1, "batch": 8}  # what the test suite runs


def train(settings: Settings, run: Run) -> nn.Module:
    photos = data(run, "train")
    fitting, holding = run.split(photos, settings.holding)
    model = run.prepare(_taught(run.build()).to(memory_format=torch.channels_last))
    rates = [settings.lr, settings.slower * settings.lr]
    parts = _parts(model)
    optimizer = run.prepare(
        torch.optim.AdamW(
            [{"params": part, "lr": lr} for part, lr in zip(parts, rates, strict=True)],
            weight_decay=settings.weight_decay,
        )
    )
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=rates,
            total_steps=run.steps(fitting, settings.batch, settings.epochs),
        )
    )
    for epoch in run.epochs(settings.epochs):
        model.train()
        for parameter in parts[1]:
            parameter.requires_grad_(epoch > settings.alone)
        drawing = torch.Generator().manual_seed(
            settings.seed + epoch + 10_000 * run.context.rank
        )
        for image, mask in run.batches(fitting, settings.batch):
            image, mask = moved(image, mask, MOVES, drawing)
            with torch.autocast(run.device.type, torch.bfloat16, settings.half):
                logits = model(image.contiguous(memory_format=torch.channels_last))
            run.step(loss(logits, mask), optimizer, schedule)
        with torch.autocast(run.device.type, torch.bfloat16, settings.half):
            run.log(evaluate(model, holding), best="iou")
    return run.best(model).requires_grad_(True)


def _taught(model: nn.Module) -> nn.Module:
    """Return the model with what ImageNet taught its parent, and knowing its parent."""
    parent = zoo.load(PARENT)
    held, encoder = parent.state_dict(), model.get_submodule("encoder")
    encoder.load_state_dict({name: held[name] for name in encoder.state_dict()})
    report = model_metadata(parent).report
    assert report is not None, "a loaded model has a report"
    known = {"name": PARENT, "sha256": report.sha256}
    return attach(model, replace(model_metadata(model), parent=known))


def _parts(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the parameters of the way up, and of the way down."""
    rest: list[nn.Parameter] = []
    below: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (below if "encoder." in name else rest).append(parameter)
    return rest, below


def report(model: nn.Module, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    describe(model, run, data(run, "train"), data(run, "test"))
