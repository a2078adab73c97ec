"""Train an MLP on 28x28 images.

Read it from top to bottom: settings, data, training, evaluation. The learning rate and
the weight decay were chosen on the validation rows, a tenth of the training split, and
so is the epoch that is kept; the rest is as it was first tried. The test rows are used
once, at the end.
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import Run, TensorRows, fit_normalization, unwrap_model
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo.recipes.optim import l1, l2, max_norm_
from zoo.recipes.optim import optimizer as make_optimizer
from zoo.recipes.optim import schedule as make_schedule

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Optimizers and schedules are named as in the module of `make_optimizer`; where a
    setting is None, the spec's options decide."""

    seed: int = 0
    epochs: int = 40
    batch_size: int = 128
    lr: float = 3e-3  # of one-cycle the peak, of other schedules the start
    optimizer: str = "adamw"
    weight_decay: float = 0.1
    schedule: str = "one-cycle"
    schedule_period: int | None = None  # steps: see `make_schedule`
    schedule_decay: float = 0.9  # factor of each period, of "step" and "exponential"
    l1: float = 0.0  # times the absolute activations of the last hidden layer, summed
    l2: float = 0.0  # times the squared weights of the hidden layers
    max_norm: float | None = None  # of the weights that come into a hidden unit
    hidden: tuple[int, ...] | None = None
    dropout: float | None = None
    val_fraction: float = 0.1  # of the training rows, held out for validation
    normalize: bool = False  # pixels by the mean and deviation of the training rows
    amp: bool = False  # bfloat16 where the hardware computes in it

    def __post_init__(self) -> None:
        if self.optimizer == "l-bfgs":
            raise ValueError(
                "optimizer='l-bfgs' asks for the loss several times in a step, and "
                "this loop gives it once; zoo_mlp/comparison_report.py shows how to "
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
        fit_normalization(run, train_rows)
    options = {"hidden": settings.hidden, "dropout": settings.dropout}
    given = {name: value for name, value in options.items() if value is not None}
    model = run.prepare(run.build(**given))
    optimizer = run.prepare(
        make_optimizer(
            settings.optimizer,
            model.parameters(),
            settings.lr,
            weight_decay=settings.weight_decay,
        )
    )
    scheduler = run.prepare(
        make_schedule(
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
                        max_norm_(layer, settings.max_norm)
            run.log(evaluate(model, val_rows), best="accuracy")
    return run.best(model)


def _penalty(
    settings: Settings, activations: list[Tensor], linear: list[nn.Linear]
) -> Tensor:
    """Return l1 * sum |a| / batch size + l2 * sum w^2, of activations and weights."""
    weights = [layer.weight for layer in linear]
    activity = l1(activations) / len(activations[0])
    return settings.l1 * activity + settings.l2 * l2(weights)
