"""Train a deep belief network on MNIST layer by layer, then a classifier from it.

Read it from top to bottom: settings, data, training, evaluation. The first epochs train
the layers, one after the other, without labels: each by contrastive divergence on the
probabilities of the layer below. The rest train the perceptron, which starts from their
weights, by backpropagation. The settings were chosen on the 6,000 validation rows in a
few short trials; the test rows are used once, at the end.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import Run, TensorRows, predict_batches, to_model_input
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo_boltzmann.dbn import BinaryLayer, DeepBeliefNetwork

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    layer_epochs: int = 6  # of each layer of the belief network; 0 trains none
    epochs: int = 16  # of the perceptron
    layer_lr: float = 0.1  # falls to zero linearly over a layer's epochs
    layer_batch_size: int = 64
    batch_size: int = 128
    lr: float = 2e-3  # of the perceptron: the peak of the one-cycle schedule
    val_fraction: float = 0.1  # of the training rows, held out for validation


SMOKE_SETTINGS = {"layer_epochs": 1, "epochs": 1, "layer_batch_size": 32}


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes, and labels, which the perceptron alone needs."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    model: DeepBeliefNetwork = run.prepare(run.build())
    layers: Any = model.belief
    pretraining = settings.layer_epochs * len(layers)
    perceptron = [*model.layers.parameters(), *model.head.parameters()]
    optimizer = run.prepare(torch.optim.Adam(perceptron, lr=settings.lr, fused=True))
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
        )
    )
    for epoch in run.epochs(pretraining + settings.epochs):
        model.train()
        if epoch <= pretraining:
            number, done = divmod(epoch - 1, settings.layer_epochs)
            below, layer = layers[:number], layers[number]
            if number == done == 0:
                start_at_base_rate(layer, train_rows)
            steps = run.steps(train_rows, settings.layer_batch_size, 1)
            batches = run.batches(train_rows, settings.layer_batch_size)
            for step, (image, _) in enumerate(batches):
                trained = (done + step / steps) / settings.layer_epochs
                contrastive_divergence(
                    layer,
                    up(below, image.flatten(start_dim=1)),
                    rate=settings.layer_lr * (1 - trained),
                    run=run,
                )
            # the perceptron has its first weights still: it guesses
            run.log(_measured(model, layers[: number + 1], val_rows))
            continue
        if epoch == pretraining + 1 and pretraining:
            model.start_from_belief()
        for image, label in run.batches(train_rows, settings.batch_size):
            run.step(cross_entropy(model(image), label), optimizer, scheduler)
        run.log(_measured(model, layers, val_rows), best="accuracy")
    return run.best(model)


@torch.no_grad()
def start_at_base_rate(layer: BinaryLayer, rows: TensorRows) -> None:
    """Set the bias of pixels to the log-odds with which each is white."""
    rate = to_model_input(rows.input).flatten(start_dim=1).mean(dim=0)
    layer.visible_bias.copy_(rate.clamp(1e-3, 1 - 1e-3).logit())


@torch.no_grad()
def up(layers: Any, visible: Tensor) -> Tensor:
    """Return the probabilities of the hidden units of the last of `layers`."""
    for layer in layers:
        visible = layer(visible)
    return visible


@torch.no_grad()
def contrastive_divergence(
    layer: BinaryLayer, data: Tensor, *, rate: float, run: Run
) -> None:
    """Change a layer by one step of contrastive divergence, for v = `data`, (B, V).

        W += rate * (<h v> of the data - <h v> of its reconstruction)

    Hinton, "A practical guide to training restricted Boltzmann machines", 2012: hidden
    units are sampled where they drive the reconstruction, and are probabilities in the
    statistics; the visible units are sampled at the start alone.
    """
    visible = torch.bernoulli(data)
    hidden = layer(visible)
    again = layer.down(torch.bernoulli(hidden))
    hidden_again = layer(again)
    count = len(data)
    weight = (hidden.T @ visible - hidden_again.T @ again) / count
    for parameter, change in (
        (layer.W, weight),
        (layer.visible_bias, (visible - again).mean(dim=0)),
        (layer.hidden_bias, (hidden - hidden_again).mean(dim=0)),
    ):
        parameter.add_(rate * run.mean(change))


def _measured(
    model: nn.Module, layers: nn.ModuleList, rows: TensorRows
) -> dict[str, float]:
    """Return the perceptron's metrics, and how well some layers reconstruct pixels."""
    return {**evaluate(model, rows), "mse": reconstruction_error(layers, rows)}


def reconstruction_error(layers: nn.ModuleList, rows: TensorRows) -> float:
    """Return the mean squared error of pixels that went up some layers and down."""
    image = to_model_input(rows.input)
    found = predict_batches(_UpAndDown(layers), image)
    return (found - image.flatten(start_dim=1)).square().mean().item()


class _UpAndDown(nn.Module):
    """The reconstruction as a module, to be run in batches."""

    def __init__(self, layers: Any) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, image: Tensor) -> Tensor:
        """Return pixels, from the probabilities of all layers, (B, pixels)."""
        state = up(self.layers, image.flatten(start_dim=1))
        for layer in reversed(self.layers):
            state = layer.down(state)
        return state
