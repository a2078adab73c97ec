"""Train an MLP on 28x28 images.

Read it from top to bottom: settings, data, training, evaluation. To try something else,
copy this file and change it. The learning rate and the weight decay were chosen on the
validation rows, a tenth of the training split, and so is the epoch that is kept; the
rest is as it was first tried. The test rows are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run
from zoo.recipes import (
    TensorRows,
    baselines,
    evaluate,
    normalize,
    optim,
    predict_batches,
    to_model_input,
    unwrap_model,
)
from zoo.recipes import plots as pictures

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Optimizers and schedules are named as in `zoo.recipes.optim`; where a setting is
    None, the spec's options decide."""

    seed: int = 0
    epochs: int = 40
    batch_size: int = 128
    lr: float = 3e-3  # of one-cycle the peak, of other schedules the start
    optimizer: str = "adamw"
    weight_decay: float = 0.1
    schedule: str = "one-cycle"
    schedule_period: int | None = None  # steps: see zoo.recipes.optim.schedule
    schedule_decay: float = 0.9  # factor of each period, of "step" and "exponential"
    l1: float = 0.0  # times the absolute activations of the last hidden layer, summed
    l2: float = 0.0  # times the squared weights of the hidden layers
    max_norm: float | None = None  # of the weights that come into a hidden unit
    hidden: tuple[int, ...] | None = None
    dropout: float | None = None
    val_fraction: float = 0.1  # of the training rows, held out for validation
    normalize: bool = False  # pixels by the mean and deviation of the training rows

    def __post_init__(self) -> None:
        if self.optimizer == "l-bfgs":
            raise ValueError(
                "optimizer='l-bfgs' asks for the loss several times in a step, and "
                "this loop gives it once; zoo_mlp/comparison_recipe.py shows how to "
                "use it."
            )


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return images, 28x28 bytes, and their labels."""
    rows = run.load_rows(run.spec.trained_on[0], split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    if settings.normalize:
        run.fit_normalization(train_rows)
    options = {"hidden": settings.hidden, "dropout": settings.dropout}
    given = {name: value for name, value in options.items() if value is not None}
    model = run.prepare(run.build(**given))
    optimizer = run.prepare(
        optim.optimizer(
            settings.optimizer,
            model.parameters(),
            settings.lr,
            weight_decay=settings.weight_decay,
        )
    )
    scheduler = run.prepare(
        optim.schedule(
            settings.schedule,
            optimizer,
            run.steps(train_rows, settings.batch_size, settings.epochs),
            period=settings.schedule_period,
            decay=settings.schedule_decay,
        )
    )
    layers = unwrap_model(model).get_submodule("layers")
    linear = [layer for layer in layers.modules() if isinstance(layer, nn.Linear)]
    activations: list[Tensor] = []  # of the last hidden layer, for this batch

    def keep_activations(_layers: nn.Module, _input: object, output: Tensor) -> None:
        activations[:] = [output]

    with layers.register_forward_hook(keep_activations):
        for _ in run.epochs(settings.epochs):
            model.train()
            for image, label in run.batches(train_rows, settings.batch_size):
                loss = cross_entropy(model(image), label)
                if settings.l1 or settings.l2:
                    loss = loss + _penalty(settings, activations, linear)
                run.step(loss, optimizer, scheduler)
                if settings.max_norm is not None:
                    for layer in linear:
                        optim.max_norm_(layer, settings.max_norm)
            run.log(evaluate(model, val_rows), best="accuracy")
    return run.best(model)


def _penalty(
    settings: Settings, activations: list[Tensor], linear: list[nn.Linear]
) -> Tensor:
    """Return l1 * sum |a| / batch size + l2 * sum w^2, of activations and weights."""
    weights = [layer.weight for layer in linear]
    activity = optim.l1(activations) / len(activations[0])
    return settings.l1 * activity + settings.l2 * optim.l2(weights)


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and plots of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline(
        "majority class", accuracy=baselines.majority(train_rows, test_rows)
    )
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(train_rows, test_rows)
    )
    image, target = to_model_input(test_rows.input), test_rows.target
    expected, labels = run.spec.input, run.spec.labels
    logits = predict_batches(model, normalize(image, expected))
    score, predicted = logits.softmax(dim=1).max(dim=1)
    run.log_figure(
        "confusion",
        pictures.confusion(predicted, target, labels),
        "Confusion matrix of the test split.",
    )
    run.log_figure(
        "mistakes",
        pictures.mistakes(test_rows.input, predicted, target, score, labels),
        "The misclassified test images with the highest scores.",
    )
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(image.shape, generator=generator)
    changed = {
        "shifted": image.roll(3, dims=3),
        "noisy": (image + 0.5 * noise).clamp(0, 1),
        "inverted": 1 - image,
    }
    for name, other in changed.items():
        logits = predict_batches(model, normalize(other, expected))
        correct = logits.argmax(dim=1) == target
        run.log_summary(**{f"accuracy_{name}": correct.float().mean().item()})
