"""Train a 2-3-1 network on a formula: the score of an exam by study and sleep.

Read it from top to bottom. The formula is linear and has no noise, so the bottom is an
error of zero and least squares reaches it; the network is here to show how near two
sigmoid layers come. The epoch is chosen on the validation rows, an eighth of the
training split; the settings are the first that were tried. The test rows are used once.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import mse_loss

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo_tabular.mlp import TabularMLP
from zoo_tabular.tables import rows

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 200
    batch: int = 32
    lr: float = 0.03  # the peak of the one-cycle schedule
    holding: float = 0.125  # share of the training rows kept for validation


SMOKE_SETTINGS = {"epochs": 2}


def data(run: Run, split: str) -> TensorRows:
    """Return hours of study and sleep, and the score they make."""
    return rows(run, split, "score")


def train(settings: Settings, run: Run) -> nn.Module:
    fitting, holding = run.split(data(run, "train"), settings.holding)
    bare: TabularMLP = run.build()
    bare.scale.learn(fitting.input)
    model = run.prepare(bare)
    optimizer = run.prepare(torch.optim.Adam(model.parameters(), lr=settings.lr))
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(fitting, settings.batch, settings.epochs),
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for row, score in run.batches(fitting, settings.batch):
            loss = mse_loss(model(row)[:, 0], score.float())
            run.step(loss, optimizer, schedule)
        run.log(evaluate(model, holding), best="rmse")
    return run.best(model)


def report(model: nn.Module, run: Run) -> None:
    """Note the squared error beside what least squares reaches; draw the test rows."""
    training, test = data(run, "train"), data(run, "test")
    run.log_baseline("mean", **baselines.mean(training, test))
    said = predict_batches(model, test.input)[:, 0]
    # The formula is linear: a network can only come near, so this is no baseline.
    exact = baselines.least_squares(training, test)
    run.log_summary(
        mse=(said - test.target).square().mean().item(),
        worst=(said - test.target).abs().max().item(),
        rmse_of_least_squares=exact["rmse"],
        idle=predict_batches(model, torch.tensor([[0.0, 0.0]])).item(),
    )
    run.log_figure(
        "predicted",
        pictures.predicted(said, test.target, "score"),
        "The score of the test rows, as predicted and as the formula has it.",
    )
