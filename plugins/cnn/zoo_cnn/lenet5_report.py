"""What the card of LeNet-5 tells: simple methods beside it, figures, mistakes."""

import torch
from torch import nn

from zoo import Run
from zoo.datasets.in_memory import to_model_input
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo_cnn.lenet5_recipe import data

__all__ = ["report"]


def report(model: nn.Module, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    training, test = data(run, "train"), data(run, "test")
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(training, test)
    )
    image = to_model_input(test.input)
    logits = predict_batches(model, image)
    score, said = logits.softmax(dim=1).max(dim=1)
    labels = run.spec.labels
    run.log_figure(
        "confusion",
        pictures.confusion(said, test.target, labels),
        "How often each digit of the test split was read as what.",
    )
    run.log_figure(
        "mistakes",
        pictures.mistakes(test.input, said, test.target, score, labels),
        "The wrong readings of the test split it was surest of.",
    )
    random = torch.Generator().manual_seed(0)
    noisy = (image + 0.5 * torch.randn(image.shape, generator=random)).clamp(0, 1)
    shown = {
        "turned": image.rot90(1, dims=(2, 3)),
        "moved": image.roll(5, dims=3),
        "noisy": noisy,
        "inverted": 1 - image,
    }
    for name, changed in shown.items():
        right = predict_batches(model, changed).argmax(dim=1) == test.target
        run.log_summary(**{name: right.float().mean().item()})
    nothing = torch.rand(1000, 1, 28, 28, generator=random)
    sure = predict_batches(model, nothing).softmax(dim=1).max(dim=1).values
    run.log_summary(surety_on_noise=sure.mean().item())
