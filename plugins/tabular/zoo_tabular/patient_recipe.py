"""Train an MLP to tell from a patient's facts whether something came about.

The recipe of the nuclei with another report: `zoo_tabular/cancer_recipe.py` holds the
settings, the loop and the cross-validation that every setting was chosen by. The first
label is that nothing came about. Here one cross-validation is not enough to tell the
network from logistic regression: they are compared in several.
"""

from math import comb
from statistics import mean

from torch import nn

from zoo import Run
from zoo.datasets.in_memory import Fold, TensorRows
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo_tabular import cancer_recipe
from zoo_tabular.cancer_recipe import SMOKE_SETTINGS, Settings, data, figures, fit
from zoo_tabular.folds import beside_logistic

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "chance",
    "data",
    "evaluate",
    "fit",
    "report",
    "train",
]

REPEATS = 10  # of the cross-validation beside logistic regression

evaluate = figures


def train(settings: Settings, run: Run) -> nn.Module:
    model = cancer_recipe.train(settings, run)
    repeats = 1 if run.smoke else REPEATS
    rows = data(run, "train")
    run.log_summary(
        repeats=repeats, **beside_logistic(fit, settings, run, rows, repeats=repeats)
    )
    return model


def report(model: nn.Module, run: Run) -> None:
    """Note what simple methods reach, and which mistakes are made; draw them."""
    training, test = data(run, "train"), data(run, "test")
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(training, test)
    )
    run.log_baseline("logistic regression", accuracy=baselines.logistic(training, test))
    run.log_summary(folds_logistic=_logistic(training, run.seed))
    logit = predict_batches(model, test.input)[:, 0]
    said, came = (logit > 0).long(), test.target == 1
    sensitivity = (said[came] == 1).float().mean().item()
    specificity = (said[~came] == 0).float().mean().item()
    theirs = baselines.logistic_labels(training, test) == test.target
    alone = int(((said == test.target) & ~theirs).sum())
    beaten = int(((said != test.target) & theirs).sum())
    run.log_summary(
        alone=alone,
        beaten=beaten,
        chance=chance(alone, beaten),
        sensitivity=sensitivity,
        specificity=specificity,
        balanced=(sensitivity + specificity) / 2,
        missed=(said[came] == 0).sum().item(),
        cases=came.sum().item(),
    )
    run.log_figure(
        "confusion",
        pictures.confusion(said, test.target, run.spec.labels),
        "How often each label of the test rows was read as what.",
    )


def chance(alone: int, beaten: int) -> float:
    """Return how probable it is that rows which only one of two gets right part so
    unevenly, or more, if both are equally good: McNemar's test, exactly."""
    count = alone + beaten
    tail = sum(comb(count, n) for n in range(min(alone, beaten) + 1))
    return min(1.0, tail * 0.5 ** (count - 1))


def _logistic(rows: TensorRows, seed: int) -> float:
    """Return what logistic regression reaches in the folds of the cross-validation."""
    count = Settings.folds
    folds = [Fold(number=n, count=count, stratified=True) for n in range(count)]
    parts = [fold.split(rows, seed=seed) for fold in folds]
    return mean(baselines.logistic(outside, inside) for outside, inside in parts)
