"""The recipe of `mlp-fashion-mnist`: the MLP's, and three comparisons for its card.

How wide the hidden layer should be, which optimizer gets how far, and what becomes of
gradients on their way down. All of them look at the validation rows alone.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo.models import loading as models
from zoo.training import optim as practices
from zoo.training.execution import ExecutionContext
from zoo.training.train import choose, seeded
from zoo_mlp import recipe
from zoo_mlp.recipe import SMOKE_SETTINGS, Settings, data, evaluate, train

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

WIDTHS = (32, 128, 256, 512)  # of 32 to 512 in the course
WIDTH_EPOCHS = 4

ROWS = 10_000  # of the fitting rows, for every optimizer
PASSES = 12  # how often it may compute the gradient of all of them
ALL = ROWS  # a batch of everything: gradient descent that is not stochastic
CONTENDERS: dict[str, tuple[int, Sequence[float]]] = {  # batch, learning rates
    "gd": (ALL, (0.03, 0.1, 0.3)),
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
DEEP = (64,) * 7  # and the layer that decides makes eight


def report(model: nn.Module, run: Run) -> None:
    """Measure and draw what every MLP's card shows, and the comparisons."""
    recipe.report(model, run)
    fitting, holding = run.split(data(run, "train"), Settings.holding)
    _widths(run)
    _optimizers(run, fitting[:ROWS], holding)
    _gradients(run, fitting[:1000])


def _widths(run: Run) -> None:
    """Train briefly with layers of several widths; keep what the validation says."""
    for width in WIDTHS:
        settings = choose(run.spec, None, smoke=run.smoke)[1]
        epochs = min(WIDTH_EPOCHS, settings.epochs)
        apart = Run(
            run.spec, seed=run.seed, smoke=run.smoke, place=ExecutionContext(run.device)
        )
        with seeded(run.seed):
            train(replace(settings, epochs=epochs, hidden=(width,)), apart)
        run.log_summary(
            **{f"width_{width}": max(row["accuracy"] for row in apart.history)}
        )


def _optimizers(run: Run, fitting: TensorRows, holding: TensorRows) -> None:
    """Let every optimizer compute equally many gradients, at several rates each."""
    courses = {}
    for name, (batch, rates) in CONTENDERS.items():
        tried = {
            rate: _course(run, name, rate, batch, fitting, holding) for rate in rates
        }
        rate = max(tried, key=lambda rate: max(tried[rate]))
        courses[f"{name}, {rate:g}"] = tried[rate]
        key = name.replace("-", "_")
        run.log_summary(**{key: max(tried[rate]), f"{key}_early": tried[rate][1]})
        run.log_summary(**{f"{key}_rate": rate})
    run.log_figure(
        "optimizers",
        pictures.lines(courses, "gradients of all rows", "validation accuracy"),
        "Optimizers at the best of their learning rates, by gradients computed.",
    )


def _course(
    run: Run,
    name: str,
    rate: float,
    batch: int,
    fitting: TensorRows,
    holding: TensorRows,
) -> list[float]:
    """Return the validation accuracy after each pass's worth of gradients."""
    with seeded(run.seed):
        model = models.build(run.spec.name, hidden=(64,), dropout=0.0).train()
    optimizer = practices.optimizer(
        name, model.parameters(), rate, **OPTIONS.get(name, {})
    )
    random = torch.Generator().manual_seed(run.seed)
    passes = 2 if run.smoke else PASSES
    seen = 0
    course: list[float] = []
    while len(course) < passes:
        for picked in torch.randperm(len(fitting), generator=random).split(batch):
            image = to_model_input(fitting.input[picked], run.spec.input)
            label = fitting.target[picked]
            asked = _Counted(model, image, label)
            optimizer.step(practices.again(optimizer, asked))
            seen += asked.rows
            while len(course) < min(passes, seen // len(fitting)):
                course.append(_right(model, holding, run))
            if len(course) == passes:
                break
    return course


class _Counted:
    """A loss that knows for how many rows it was asked."""

    def __init__(self, model: nn.Module, image: Tensor, label: Tensor) -> None:
        self.model, self.image, self.label = model, image, label
        self.rows = 0

    def __call__(self) -> Tensor:
        self.rows += len(self.label)
        return cross_entropy(self.model(self.image), self.label)


def _right(model: nn.Module, rows: TensorRows, run: Run) -> float:
    said = predict_batches(model, to_model_input(rows.input, run.spec.input)).argmax(
        dim=1
    )
    return (said == rows.target).float().mean().item()


def _gradients(run: Run, rows: TensorRows) -> None:
    """Send one gradient down eight fresh layers, by activation."""
    norms = {}
    for name in ("sigmoid", "tanh", "relu"):
        with seeded(run.seed):
            model = models.build(
                run.spec.name, hidden=DEEP, dropout=0.0, activation=name
            )
        weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
        image = to_model_input(rows.input, run.spec.input)
        loss = cross_entropy(model(image), rows.target)
        gradients = torch.autograd.grad(loss, weights)
        norms[name] = [gradient.norm().item() for gradient in gradients]
        run.log_summary(
            **{f"{name}_first": norms[name][0], f"{name}_last": norms[name][-1]}
        )
    run.log_figure(
        "gradients",
        pictures.lines(norms, "layer", "norm of the weights' gradient", log=True),
        "How large a gradient arrives at each of eight layers before any training.",
    )
