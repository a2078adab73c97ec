"""What the card of an MLP tells: baselines, figures, mistakes, changed images."""

import torch
from torch import nn

from zoo import Run
from zoo.recipes import baselines, normalize, plots, predict_batches, to_model_input
from zoo_mlp.recipe import data

__all__ = ["report"]


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
        plots.confusion_matrix(predicted, target, labels),
        "Confusion matrix of the test split.",
    )
    run.log_figure(
        "mistakes",
        plots.misclassified(test_rows.input, predicted, target, score, labels),
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
