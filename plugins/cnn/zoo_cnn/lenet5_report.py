"""What the card of LeNet-5 tells: simple methods beside it, figures, mistakes."""

import torch

from zoo import Run
from zoo.recipes import baselines, plots, predict_batches, to_model_input
from zoo_cnn.lenet5_recipe import data

__all__ = ["report"]


def report(model: torch.nn.Module, run: Run) -> None:
    """Add the baselines, measurements and plots of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline(
        "majority class", accuracy=baselines.majority(train_rows, test_rows)
    )
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(train_rows, test_rows)
    )
    image, target = to_model_input(test_rows.input), test_rows.target
    score, predicted = predict_batches(model, image).softmax(dim=1).max(dim=1)
    labels = run.spec.labels
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, target, labels),
        "Confusion matrix of the test split.",
    )
    run.log_figure(
        "mistakes",
        plots.misclassified(test_rows.input, predicted, target, score, labels),
        "The misclassified test digits with the highest scores.",
    )
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(image.shape, generator=generator)
    changed = {
        "rotated": image.rot90(1, dims=(2, 3)),
        "shifted": image.roll(5, dims=3),
        "noisy": (image + 0.5 * noise).clamp(0, 1),
        "inverted": 1 - image,
    }
    for name, other in changed.items():
        correct = predict_batches(model, other).argmax(dim=1) == target
        run.log_summary(**{f"accuracy_{name}": correct.float().mean().item()})
    uniform_noise = torch.rand(1000, 1, 28, 28, generator=generator)
    confidence = predict_batches(model, uniform_noise).softmax(dim=1).max(dim=1).values
    run.log_summary(mean_confidence_on_noise=confidence.mean().item())
