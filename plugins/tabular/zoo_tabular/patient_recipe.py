"""Train an MLP to tell from a patient's facts whether something came about.

The recipe of the nuclei with another report: `zoo_tabular/cancer_recipe.py` holds the
settings, the loop and the cross-validation that every setting was chosen by. The first
label is that nothing came about.
"""

from statistics import mean

from torch import nn

from zoo import Run, baselines, pictures
from zoo.measuring import outputs
from zoo.tensors import Fold, Tensors
from zoo_tabular.cancer_recipe import SMOKE, Settings, data, figures, fit, train

__all__ = ["SMOKE", "Settings", "data", "fit", "measure", "report", "train"]

measure = figures


def report(model: nn.Module, run: Run) -> None:
    """Note what simple methods reach, and which mistakes are made; draw them."""
    training, test = data(run, "train"), data(run, "test")
    run.baseline("majority class", accuracy=baselines.majority(training, test))
    run.baseline("nearest class mean", accuracy=baselines.nearest_mean(training, test))
    run.baseline("logistic regression", accuracy=baselines.logistic(training, test))
    run.note(folds_logistic=_logistic(training, run.seed))
    logit = outputs(model, test.input)[:, 0]
    said, came = (logit > 0).long(), test.target == 1
    sensitivity = (said[came] == 1).float().mean().item()
    specificity = (said[~came] == 0).float().mean().item()
    run.note(
        sensitivity=sensitivity,
        specificity=specificity,
        balanced=(sensitivity + specificity) / 2,
        missed=(said[came] == 0).sum().item(),
        cases=came.sum().item(),
    )
    run.picture(
        "confusion",
        pictures.confusion(said, test.target, run.spec.labels),
        "How often each label of the test rows was read as what.",
    )


def _logistic(rows: Tensors, seed: int) -> float:
    """Return what logistic regression reaches in the folds of the cross-validation."""
    count = Settings.folds
    folds = [Fold(number=n, count=count, stratified=True) for n in range(count)]
    parts = [rows.fold(fold, seed=seed) for fold in folds]
    return mean(baselines.logistic(outside, inside) for outside, inside in parts)
