"""Train an MLP on 28x28 pictures.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The learning rate and the weight decay were chosen on the
validation rows, a tenth of the training split, and the epoch is; the rest is as it was
first tried. The test rows are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo.models.metadata import unwrap_model
from zoo.runtime.rows import normalize
from zoo.training import optim as practices

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Practices are named as in `zoo.training.optim`; None leaves a choice to the
    spec."""

    seed: int = 0
    epochs: int = 40
    batch: int = 128
    lr: float = 3e-3  # of one-cycle the peak, of other schedules the start
    optimizer: str = "adamw"
    weight_decay: float = 0.1
    schedule: str = "one-cycle"
    period: int | None = None  # in steps: see zoo.practices.schedule
    decay: float = 0.9  # the factor of each period, of "step" and "exponential"
    l1: float = 0.0  # times what the last hidden layer puts out, summed by picture
    l2: float = 0.0  # times the squared weights of the hidden layers
    max_norm: float | None = None  # of the weights that come into a hidden unit
    hidden: tuple[int, ...] | None = None
    dropout: float | None = None
    holding: float = 0.1  # share of the training rows kept for validation
    normalise: bool = False  # pixels less the fitting rows' mean, by their deviation

    def __post_init__(self) -> None:
        if self.optimizer == "l-bfgs":
            raise ValueError(
                "optimizer='l-bfgs' asks for the loss several times in a step, and "
                "this loop gives it once; zoo_mlp/comparison.py shows how to use it."
            )


SMOKE_SETTINGS = {"epochs": 1, "batch": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return pictures, 28x28 bytes, and their labels."""
    rows = run.load_rows(run.spec.trained_on[0], split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    fitting, holding = run.split(data(run, "train"), settings.holding)
    if settings.normalise:
        run.fit_normalization(fitting)
    options = {"hidden": settings.hidden, "dropout": settings.dropout}
    given = {name: value for name, value in options.items() if value is not None}
    model = run.prepare(run.build(**given))
    optimizer = run.prepare(
        practices.optimizer(
            settings.optimizer,
            model.parameters(),
            settings.lr,
            weight_decay=settings.weight_decay,
        )
    )
    schedule = run.prepare(
        practices.schedule(
            settings.schedule,
            optimizer,
            run.steps(fitting, settings.batch, settings.epochs),
            period=settings.period,
            decay=settings.decay,
        )
    )
    body = unwrap_model(model).get_submodule("body")
    hidden = [layer for layer in body.modules() if isinstance(layer, nn.Linear)]
    activity: list[Tensor] = []  # what the hidden layers put out for this batch

    def keep(_body: nn.Module, _given: object, output: Tensor) -> None:
        activity[:] = [output]

    with body.register_forward_hook(keep):
        for _ in run.epochs(settings.epochs):
            model.train()
            for image, label in run.batches(fitting, settings.batch):
                loss = cross_entropy(model(image), label)
                if settings.l1 or settings.l2:
                    loss = loss + _penalty(settings, activity, hidden)
                run.step(loss, optimizer, schedule)
                if settings.max_norm is not None:
                    for layer in hidden:
                        practices.max_norm_(layer, settings.max_norm)
            run.log(evaluate(model, holding), best="accuracy")
    return run.best(model)


def _penalty(
    settings: Settings, activity: list[Tensor], hidden: list[nn.Linear]
) -> Tensor:
    """Return what large weights, and units that are rarely silent, cost."""
    weights = [layer.weight for layer in hidden]
    quiet = practices.l1(activity) / len(activity[0])
    return settings.l1 * quiet + settings.l2 * practices.l2(weights)


def report(model: nn.Module, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    training, test = data(run, "train"), data(run, "test")
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(training, test)
    )
    image, expected = to_model_input(test.input), run.spec.input
    given = normalize(image, expected)
    score, said = predict_batches(model, given).softmax(dim=1).max(dim=1)
    labels = run.spec.labels
    run.log_figure(
        "confusion",
        pictures.confusion(said, test.target, labels),
        "How often each label of the test split was read as what.",
    )
    run.log_figure(
        "mistakes",
        pictures.mistakes(test.input, said, test.target, score, labels),
        "The wrong readings of the test split it was surest of.",
    )
    random = torch.Generator().manual_seed(0)
    noisy = (image + 0.5 * torch.randn(image.shape, generator=random)).clamp(0, 1)
    changed = {
        "moved": image.roll(3, dims=3),
        "noisy": noisy,
        "inverted": 1 - image,
    }
    for name, wrong in changed.items():
        said = predict_batches(model, normalize(wrong, expected)).argmax(dim=1)
        run.log_summary(**{name: (said == test.target).float().mean().item()})
