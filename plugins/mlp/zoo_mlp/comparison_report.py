"""What the card of `mlp-fashion-mnist` tells: that of every MLP, and comparisons.

How wide the hidden layer should be, which optimizer reaches the best accuracy, and how
the gradient vanishes in deep networks. All of them use the validation rows alone.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import zoo
from zoo import Run
from zoo.recipes import (
    ExecutionContext,
    TensorRows,
    choose_settings,
    optim,
    plots,
    predict_batches,
    seeded,
    to_model_input,
)
from zoo_mlp.recipe import Settings, data, train
from zoo_mlp.report import report as report_every_mlp

__all__ = ["COMPARISON", "compare", "report"]

COMPARISON = "networks of other widths, and one by each optimizer at three rates"
WIDTHS = (32, 128, 256, 512)  # of 32 to 512 in the course
WIDTH_EPOCHS = 4

TRAIN_ROWS = 10_000  # for every optimizer
GRADIENT_PASSES = 12  # how often it may compute the gradient of all of them
FULL_BATCH = TRAIN_ROWS  # gradient descent that is not stochastic
OPTIMIZERS: dict[str, tuple[int, Sequence[float]]] = {  # batch size, learning rates
    "gd": (FULL_BATCH, (0.03, 0.1, 0.3)),
    "sgd": (128, (0.03, 0.1, 0.3)),
    "momentum": (128, (0.01, 0.03, 0.1)),
    "nag": (128, (0.01, 0.03, 0.1)),
    "adagrad": (128, (0.003, 0.01, 0.03)),
    "rmsprop": (128, (1e-4, 3e-4, 1e-3)),
    "adam": (128, (1e-3, 3e-3, 1e-2)),
    "adamw": (128, (3e-4, 1e-3, 3e-3)),
    "l-bfgs": (1000, (0.3, 1.0, 3.0)),  # a line search needs a loss with little noise
}
OPTIONS = {"l-bfgs": {"max_iter": 4}}  # so that a batch costs about half a pass at most
DEEP = (64,) * 7  # and the output layer makes eight


def report(model: nn.Module, run: Run) -> None:
    """Add the report of every MLP."""
    report_every_mlp(model, run)


def compare(model: nn.Module, run: Run) -> None:
    """Compare widths, optimizers and the gradients of deep networks."""
    train_rows, val_rows = run.split(data(run, "train"), Settings.val_fraction)
    _compare_widths(run)
    _compare_optimizers(run, train_rows[:TRAIN_ROWS], val_rows)
    _compare_gradients(run, train_rows[:1000])


def _compare_widths(run: Run) -> None:
    """Train for a few epochs with hidden layers of several widths."""
    for width in WIDTHS:
        settings = choose_settings(run.spec, None, smoke=run.smoke)[1]
        epochs = min(WIDTH_EPOCHS, settings.epochs)
        own = Run(
            run.spec, seed=run.seed, smoke=run.smoke, place=ExecutionContext(run.device)
        )
        with seeded(run.seed):
            train(replace(settings, epochs=epochs, hidden=(width,)), own)
        best = max(row["accuracy"] for row in own.history)
        run.log_summary(**{f"val_accuracy_width_{width}": best})


def _compare_optimizers(run: Run, train_rows: TensorRows, val_rows: TensorRows) -> None:
    """Let every optimizer compute equally many gradients, at several rates each."""
    curves = {}
    for name, (batch_size, rates) in OPTIMIZERS.items():
        by_rate = {
            lr: _accuracy_curve(run, name, lr, batch_size, train_rows, val_rows)
            for lr in rates
        }
        lr = max(by_rate, key=lambda lr: max(by_rate[lr]))
        curve = curves[f"{name}, {lr:g}"] = by_rate[lr]
        key = name.replace("-", "_")
        run.log_summary(
            **{
                f"val_accuracy_{key}": max(curve),
                f"early_val_accuracy_{key}": curve[1],
                f"lr_{key}": lr,
            }
        )
    run.log_figure(
        "optimizers",
        plots.lines(curves, "gradients of all rows", "validation accuracy"),
        "Optimizers at the best of their learning rates, by gradients computed.",
    )


def _accuracy_curve(
    run: Run,
    name: str,
    lr: float,
    batch_size: int,
    train_rows: TensorRows,
    val: TensorRows,
) -> list[float]:
    """Return the validation accuracy after each gradient of all rows."""
    with seeded(run.seed):
        model = zoo.build(run.spec.name, hidden=(64,), dropout=0.0).train()
    optimizer = optim.optimizer(name, model.parameters(), lr, **OPTIONS.get(name, {}))
    generator = torch.Generator().manual_seed(run.seed)
    passes = 2 if run.smoke else GRADIENT_PASSES
    rows_used = 0
    curve: list[float] = []
    while len(curve) < passes:
        order = torch.randperm(len(train_rows), generator=generator)
        for rows in order.split(batch_size):
            image = to_model_input(train_rows.input[rows], run.spec.input)
            closure = _CountingLoss(model, image, train_rows.target[rows])
            optimizer.step(optim.lbfgs_closure(optimizer, closure))
            rows_used += closure.rows
            while len(curve) < min(passes, rows_used // len(train_rows)):
                curve.append(_accuracy(model, val, run))
            if len(curve) == passes:
                break
    return curve


class _CountingLoss:
    """A closure for an optimizer that counts the rows it computed the loss of."""

    def __init__(self, model: nn.Module, image: Tensor, label: Tensor) -> None:
        self.model, self.image, self.label = model, image, label
        self.rows = 0

    def __call__(self) -> Tensor:
        self.rows += len(self.label)
        return cross_entropy(self.model(self.image), self.label)


def _accuracy(model: nn.Module, rows: TensorRows, run: Run) -> float:
    logits = predict_batches(model, to_model_input(rows.input, run.spec.input))
    return (logits.argmax(dim=1) == rows.target).float().mean().item()


def _compare_gradients(run: Run, rows: TensorRows) -> None:
    """Backpropagate one loss through eight fresh layers, for each activation."""
    norms = {}
    for name in ("sigmoid", "tanh", "relu"):
        with seeded(run.seed):
            model = zoo.build(run.spec.name, hidden=DEEP, dropout=0.0, activation=name)
        weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
        image = to_model_input(rows.input, run.spec.input)
        loss = cross_entropy(model(image), rows.target)
        gradients = torch.autograd.grad(loss, weights)
        norms[name] = [gradient.norm().item() for gradient in gradients]
        run.log_summary(
            **{
                f"grad_norm_first_{name}": norms[name][0],
                f"grad_norm_last_{name}": norms[name][-1],
            }
        )
    run.log_figure(
        "gradients",
        plots.lines(norms, "layer", "norm of the weights' gradient", log=True),
        "Norm of the gradient at each of eight layers before training.",
    )
