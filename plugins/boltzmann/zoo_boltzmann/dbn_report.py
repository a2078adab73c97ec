"""What the card of the deep belief network tells: the same perceptron without it,
images that it completes, and samples of what else there is to know.

The perceptron that starts from random weights is trained as the model was, for as many
epochs of backpropagation, and keeps its best epoch by the same validation rows.
"""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from zoo import Run
from zoo.recipes import (
    ExecutionContext,
    TensorRows,
    baselines,
    choose_settings,
    plots,
    predict_batches,
    seeded,
    to_model_input,
)
from zoo_boltzmann.dbn import DeepBeliefNetwork
from zoo_boltzmann.dbn_recipe import data, train
from zoo_boltzmann.rbm_report import COLUMNS, image_png

__all__ = ["completed_from_half", "least_squares_half", "report"]

CLASSIFIER = "lenet5-mnist"  # of completed images
COMPLETED = 1000  # test images
PENALTY = 100.0  # of the least squares, on the squared weights
ROWS = 14  # of an image that are known: the upper half


def report(model: DeepBeliefNetwork, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline(
        "majority class", accuracy=baselines.majority(train_rows, test_rows)
    )
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(train_rows, test_rows)
    )
    alone, history = _without_belief(run)
    image, target = to_model_input(test_rows.input), test_rows.target
    scores = predict_batches(model, image).softmax(dim=1)
    score, predicted = scores.max(dim=1)
    answer = predict_batches(alone, image).argmax(dim=1)
    correct, correct_alone = predicted == target, answer == target
    run.log_baseline("without pre-training", accuracy=_fraction(correct_alone))
    run.log_summary(
        validation_accuracy=_best(run.history),
        validation_accuracy_alone=_best(history),
        only_pretrained_right=(correct & ~correct_alone).sum().item(),
        only_alone_right=(correct_alone & ~correct).sum().item(),
        **{
            f"first_accuracy{name}": _first(rows)
            for name, rows in (("", run.history), ("_alone", history))
        },
    )
    run.log_figure(
        "mistakes",
        plots.misclassified(test_rows.input, predicted, target, score, run.spec.labels),
        "The misclassified test images with the highest scores.",
    )
    _add_completed(model, run, train_rows, test_rows)


def _without_belief(run: Run) -> tuple[nn.Module, list[dict[str, float]]]:
    """Return the perceptron trained from random weights, and its history."""
    settings = run.settings or choose_settings(run.spec, None, smoke=run.smoke)[1]
    own = Run(
        run.spec,
        seed=settings.seed,
        smoke=run.smoke,
        place=ExecutionContext(run.device),
    )
    with seeded(settings.seed):
        model = train(replace(settings, layer_epochs=0), own)
    return model, own.history


def _best(history: list[dict[str, float]]) -> float:
    return max(row["accuracy"] for row in history)


def _first(history: list[dict[str, float]]) -> float:
    """Return the accuracy after the first epoch with labels."""
    return next(row["accuracy"] for row in history if "loss" in row)


def _add_completed(
    model: DeepBeliefNetwork, run: Run, train_rows: TensorRows, test_rows: TensorRows
) -> None:
    """Add how the lower halves of test images come out, and the first of them."""
    image = to_model_input(test_rows.input)[:COMPLETED]
    target = test_rows.target[:COMPLETED]
    everything = to_model_input(train_rows.input)
    mean = everything.mean(dim=0).expand_as(image)
    found = {
        "model": completed_from_half(model, image),
        "mean": mean,
        "linear": least_squares_half(everything, image),
        "original": image,
    }
    classifier = run.load_model(CLASSIFIER)
    for name, other in found.items():
        whole = torch.cat([image[:, :, :ROWS], other[:, :, ROWS:]], dim=2)
        found[name] = whole
        error = (whole - image)[:, :, ROWS:].square().mean().item()
        label = predict_batches(classifier, whole).argmax(dim=1)
        run.log_summary(
            **{
                f"completed_mse_{name}": error,
                f"completed_readable_{name}": _fraction(label == target),
            }
        )
    known = image.clone()
    known[:, :, ROWS:] = 0
    shown = (image, known, found["linear"], found["model"])
    run.log_figure(
        "completed",
        image_png(torch.cat([one[:COLUMNS] for one in shown])),
        "The first digits of the test split; below each its upper half, how least "
        "squares completes that, and how the belief network does.",
    )


def completed_from_half(model: Any, image: Tensor) -> Tensor:
    """Return images whose lower halves the belief network made, by seed zero."""
    known = torch.zeros(image.shape[-2:], dtype=torch.bool)
    known[:ROWS] = True
    completed: Tensor = model.complete(image, known, torch.Generator().manual_seed(0))
    return completed


def least_squares_half(fit: Tensor, image: Tensor) -> Tensor:
    """Return images whose lower halves are the best linear guess from their upper
    halves, with a penalty on the squared weights; pixels are cut to 0..1."""
    above, below = fit[:, 0, :ROWS].flatten(1), fit[:, 0, ROWS:].flatten(1)
    mean, mean_below = above.mean(dim=0), below.mean(dim=0)
    centered = above - mean
    gram = (centered.T @ centered).double() + PENALTY * torch.eye(len(mean)).double()
    cross = (centered.T @ (below - mean_below)).double()
    weight = torch.linalg.solve(gram, cross).float()
    guess = (image[:, 0, :ROWS].flatten(1) - mean) @ weight + mean_below
    lower = guess.clamp(0, 1).view(len(image), 1, -1, image.shape[-1])
    return torch.cat([image[:, :, :ROWS], lower], dim=2)


def _fraction(true: Tensor) -> float:
    return true.float().mean().item()
